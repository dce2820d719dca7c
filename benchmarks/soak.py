"""Gates without end: whether they always say the same, what stays behind, and what grows.

    python -m benchmarks.soak [--gates 200] [--minutes 60] [--ledger FILE] [--dock image] [--kind KIND ...]

Our Space and the baselines are held to their promises in turn. Each gate is left alone, ended by SIGTERM or
SIGKILL, robbed of a container, held beside a second one of the same Space, given a TMPDIR without room (where
root may mount one), or is one of three in the same process. The ledger has a line for each gate, and the same
command goes on behind the last one until there are as many as `--gates` says. Ends with 1 where a gate ended
otherwise than it may, or left something. Others may use the engine meanwhile: only what is labelled as ours
and belongs to no run that goes on is a leftover.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import docker
import psutil
from docker.errors import DockerException

from benchmarks.ledger import KINDS, Due, Gate, due, read, summary, write
from benchmarks.watching import LOOK, MB, Filters, Watched, files_in, layers, left_by, size_of, started, wait
from spacedock.contract.registry import all_promises
from spacedock.failures.baselines import baseline, baselines
from spacedock.progress import silent
from spacedock.runs import RUN_LABEL, cache_folder
from spacedock.verdict.hold import hold

ROOT = Path(__file__).parents[1]
OURS = "ours"
LIMIT = 900.0  # seconds that a gate may take before it counts as hung
TYPICAL = 20.0  # seconds that a gate takes, as long as none of its Space is known
TAIL = 20_000  # characters of what a gate printed that are kept
_SMALL = 64 * 1024  # bytes of a TMPDIR without room
_SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGKILL": signal.SIGKILL}


def main() -> int:
    """Hold gates until there are enough, or time is up, and print the report."""
    options = _options()
    spaces = (OURS, *baselines())
    until = time.monotonic() + options.minutes * 60
    try:
        gates = read(options.ledger)
    except ValueError as error:
        sys.exit(f"{options.ledger}: {error}")
    while len(gates) < options.gates and time.monotonic() < until:
        gate = held(due(len(gates), spaces, options.kind or tuple(KINDS)), options.dock, gates)
        write(options.ledger, gate)
        gates.append(gate)
        told = gate.skipped or gate.flake or "as it may"
        codes = ", ".join(map(str, gate.codes))
        line = f"{gate.number}: {gate.space}, {gate.kind}, {gate.seconds:.1f} s, exit {codes}: {told}"
        print(f"{line}; left: {', '.join(gate.leftovers) or 'nothing'}", flush=True)  # noqa: T201
    print("\n".join(summary(gates)))  # noqa: T201
    return int(any(gate.flake or gate.leftovers for gate in gates))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--gates", type=int, default=200, help="how many the ledger shall have")
    parser.add_argument("--minutes", type=float, default=60.0, help="after which no further gate begins")
    parser.add_argument("--ledger", type=Path, default=Path("soak.jsonl"))
    parser.add_argument("--dock", choices=("image", "process"), default="image")
    parser.add_argument(
        "--kind", choices=tuple(KINDS), action="append", help="only this one; may be repeated"
    )
    return parser.parse_args()


def held(wanted: Due, dock: str, before: Sequence[Gate]) -> Gate:
    """Hold a gate, disturb it, and look at what it left."""
    full = wanted.kind == "TMPDIR full"
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        scratch = Path(folder, "tmp")
        scratch.mkdir()
        scratch.chmod(0o1777)
        with _room(scratch, full=full) as refused:
            if refused:
                return Gate(wanted.number, wanted.space, wanted.kind, (), 0.0, skipped=refused)
            times, began = 2 if wanted.kind == "two at once" else 1, time.monotonic()
            with started(_command(wanted, dock), ROOT, scratch, times) as watched:
                struck = _disturbed(watched, wanted, _moment(wanted, before))
                wait(watched, LIMIT)
                codes, seconds = tuple(one.code() for one in watched), time.monotonic() - began
            left = (*left_by(watched, dock), *files_in(scratch, known={"ballast"} if full else set()))
        said = "\n".join(one.said() for one in watched)
    gate = Gate(
        wanted.number,
        wanted.space,
        wanted.kind,
        codes,
        round(seconds, 1),
        said=said[-TAIL:],
        struck=struck,
        leftovers=left,
        memory=round(max(one.memory for one in watched), 1),
        descriptors=max(one.descriptors for one in watched),
        cache=size_of(cache_folder("runs").parent),
        engine=layers() if dock == "image" else None,
        within=_within(said),
    )
    return gate if gate.flake else replace(gate, said="")


def _command(wanted: Due, dock: str) -> list[str]:
    place = str(ROOT if wanted.space == OURS else baseline(wanted.space))
    if wanted.kind == "three in one process":
        return [sys.executable, "-c", _AGAIN, place, dock]
    return [sys.executable, "-m", "spacedock", "check", place, f"--dock={dock}"]


def _moment(wanted: Due, before: Sequence[Gate]) -> float:
    """After how many seconds a gate is disturbed: anywhere in the time that one of its Space takes."""
    calm = [gate.seconds for gate in before if (gate.space, gate.kind) == (wanted.space, "calm")]
    return random.Random(wanted.number).uniform(0.3, median(calm or [TYPICAL]))  # noqa: S311


def _disturbed(watched: Sequence[Watched], wanted: Due, moment: float) -> str:
    """Do to the gate what is due, so many seconds after its start; return what was struck."""
    number = _SIGNALS.get(wanted.kind)
    if number and wait(watched, moment):
        watched[0].process.send_signal(number)
        return f"after {moment:.1f} s"
    if wanted.kind == "container killed" and wait(watched, moment):
        return _robbed(watched, random.Random(wanted.number))  # noqa: S311
    return ""


def _robbed(watched: Sequence[Watched], chance: random.Random) -> str:
    """Kill one container of the gate's run, as soon as there is one; return its name, none if it was over."""
    client = docker.from_env()
    try:
        while wait(watched, LOOK):
            runs = (run for one in watched for run in one.runs)
            mine: list[Filters] = [{"label": f"{RUN_LABEL}={run}"} for run in runs]
            found = [
                item for label in mine for item in client.containers.list(filters=label, ignore_removed=True)
            ]
            with suppress(DockerException, IndexError):  # there is none yet, or it ended by itself meanwhile
                struck = chance.choice(found)
                struck.kill()
                return str(struck.name)
    finally:
        client.close()
    return ""


@contextmanager
def _room(scratch: Path, *, full: bool) -> Iterator[str]:
    """Leave the folder no room if that is wanted; yield why it cannot be."""
    if not full:
        yield ""
        return
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield "only root may mount a small TMPDIR"
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL},mode=1777", "tmpfs", str(scratch)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        yield f"a small TMPDIR cannot be mounted: {mounted.stderr.strip()}"
        return
    try:
        with suppress(OSError), (scratch / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"\0" * 4096):
                pass
        yield ""
    finally:
        subprocess.run(["umount", "--lazy", str(scratch)], check=True)


_AGAIN = "import sys; from benchmarks.soak import again; sys.exit(again(*sys.argv[1:]))"
_MARK = "after a gate: "


def again(place: str, dock: str) -> int:
    """Hold a Space three times in this process; print what it has then, and return the worst exit code."""
    itself, codes = psutil.Process(), []
    for _ in range(3):
        verdict = hold(Path(place), dock, all_promises(), silent)
        codes.append(verdict.exit_code())
        gc.collect()  # what refers to itself keeps its sockets until some collection, and is no leak
        figures = round(itself.memory_info().rss / MB, 1), itself.num_fds()
        print(f"{_MARK}{json.dumps(figures)}", flush=True)  # noqa: T201
    return max(codes)


def _within(printed: str) -> tuple[tuple[float, int], ...]:
    lines = (line.removeprefix(_MARK) for line in printed.splitlines() if line.startswith(_MARK))
    return tuple((memory, descriptors) for memory, descriptors in map(json.loads, lines))


if __name__ == "__main__":
    sys.exit(main())
