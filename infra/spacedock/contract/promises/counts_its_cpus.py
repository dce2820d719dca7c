"""A Space starts as many workers as its hardware has processors for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.docks.instance import Process
from spacedock.evidence.base import Evidence
from spacedock.evidence.boots import Booted, Processes
from spacedock.evidence.cores import CORES, fixed_workers
from spacedock.evidence.files import HostSizings
from spacedock.space import Space


class CountsItsCpus(Promise):
    """Looked for in the files that would be pushed, then among the processes that run."""

    title = "its workers are as many as its hardware has processors for"
    reason = (
        "`os.cpu_count()` and `nproc` tell the processors of the host, of which a Space has a share only."
    )
    consequence = (
        "On a host of 64 processors a Space with two of them starts 64 workers, each with its own copy of "
        "what it loads: slow, and out of memory."
    )
    remedy = (
        f'read the number from {CORES}, which Hugging Face sets: `int(os.environ.get("{CORES}", 2))`, '
        f"`${{{CORES}:-2}}`; one worker where each loads a model"
    )
    source = f"spaces-overview, {CORES}; incident cpu-count-mismatch (inferred from how control groups work)"
    since = "0.2"
    level = Level.SHOULD
    evidence: ClassVar = (HostSizings, Processes, Booted)

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """What runs tells nothing new where the Dockerfile fixes the number."""
        most = _most(space)
        running = () if fixed_workers(space, most) else (Processes(),)
        return (HostSizings(most), *running)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the files first, then at what runs."""
        cpus, most = _cpus(space), _most(space)
        if counted := seen(HostSizings(most)):
            yield self.problem(
                f"it sizes itself by the processors of the host: {', '.join(map(str, counted))}; "
                f"{CORES} is read nowhere"
            )
        fixed = fixed_workers(space, most)
        for sizing in fixed:
            yield self.problem(f"{sizing}: more than {most} workers for {cpus} vCPU")
        if not fixed:
            for command, number in _crowds(seen(Processes()), most):
                said = f"{number} processes of `{command}` run on {cpus} vCPU"
                yield self.problem(said, log=seen(Booted()).log)


def _cpus(space: Space) -> int:
    return platform.flavor(space.manifest.space.hardware).cpus


def _most(space: Space) -> int:
    """Twice the processors and one more is what servers recommend at most."""
    return 2 * _cpus(space) + 1


def _crowds(processes: Iterable[Process], most: int) -> Iterator[tuple[str, int]]:
    """Yield the commands of which one parent has more than `most` children, numbers in them aside."""
    alike = Counter((process.parent, re.sub(r"\d+", "N", process.command)) for process in processes)
    yield from ((command, number) for (_, command), number in alike.items() if number > most)
