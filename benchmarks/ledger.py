"""What a soak knows: which gate is due, how each one ended, and what grew over all of them.

The ledger is a file of JSON lines, one a gate, so that a soak that was ended goes on where it was.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

HUNG = 124  # the exit code of a gate that was ended since its time was over; as `timeout` has it
# A Space's own traceback is quoted, and so indented.
_DEFECT = re.compile(r"^Traceback .*|report it in the project's issues", re.MULTILINE)

# What may be done to a gate, and the exit codes with which it may end then. A gate that was over before that
# ends with 0; a container that somebody else kills may be told as the Space's end, or as what it is.
KINDS: dict[str, frozenset[int]] = {
    "calm": frozenset({0}),
    "SIGTERM": frozenset({0, 143}),
    "two at once": frozenset({0}),
    "SIGKILL": frozenset({0, -9}),
    "container killed": frozenset({0, 1, 4, 6}),
    "TMPDIR full": frozenset({0, 7}),
    "three in one process": frozenset({0}),
}


@dataclass(frozen=True)
class Due:
    """The gate that is next: its number, from 0, the Space, and what is done to it."""

    number: int
    space: str
    kind: str


def due(number: int, spaces: Sequence[str], kinds: Sequence[str] = tuple(KINDS)) -> Due:
    """Return the gate of this number: the kinds in turn, and each of them meets each Space in its turn."""
    turn, index = divmod(number, len(kinds))
    return Due(number, spaces[(turn + index) % len(spaces)], kinds[index])


@dataclass(frozen=True)
class Gate:
    """How one gate ended. Sizes are in MB; what was not measured is None."""

    number: int
    space: str
    kind: str
    codes: tuple[int, ...]  # of its processes
    seconds: float
    said: str = ""  # the end of what it printed, where it ended otherwise than it may
    struck: str = ""  # which container was killed, or when the signal came
    skipped: str = ""  # why it was not tried
    leftovers: tuple[str, ...] = ()  # of it, on the engine, on the disk and among the processes
    memory: float | None = None  # the most that a process of the harness had resident
    descriptors: int | None = None  # the most that one had open
    cache: float | None = None  # what the harness keeps on the disk, after the gate
    engine: float | None = None  # the engine's layers, after the gate
    within: tuple[tuple[float, int], ...] = field(default=())  # memory and descriptors after each of several

    @property
    def flake(self) -> str:
        """Why it did not end as it may; empty where it did."""
        if self.skipped:
            return ""
        if HUNG in self.codes:
            return "hung"
        if found := _DEFECT.search(self.said):
            return f"a defect: {found[0]}"
        if other := [code for code in self.codes if code not in KINDS[self.kind]]:
            return f"ended with {other[0]}"
        return ""


def read(path: Path) -> list[Gate]:
    """Return the gates of a ledger, none where there is no file.

    A last line that was cut, as by a full disk, counts as not written. Raises ValueError for any other that
    is no gate.
    """
    if not path.exists():
        return []
    *lines, cut = path.read_text().split("\n")
    gates = [_gate(line, number) for number, line in enumerate(lines, start=1)]
    if cut:
        path.write_text("".join(f"{line}\n" for line in lines))
    return gates


def _gate(line: str, number: int) -> Gate:
    try:
        said = json.loads(line)
        lists = {name: tuple(said[name]) for name in ("codes", "leftovers")}
        within = tuple((memory, descriptors) for memory, descriptors in said["within"])
        gate = Gate(**{**said, **lists, "within": within})
    except (ValueError, TypeError, KeyError):
        gate = None
    if gate is None or gate.kind not in KINDS:
        raise ValueError(f"line {number} of the ledger is no gate: name another file with --ledger")
    return gate


def write(path: Path, gate: Gate) -> None:
    """Add a gate to the ledger."""
    with path.open("a") as ledger:
        ledger.write(json.dumps(asdict(gate)) + "\n")


def summary(gates: Sequence[Gate]) -> Iterator[str]:
    """Yield the lines of a report: what was asked, what was unsound, what grew."""
    held = [gate for gate in gates if not gate.skipped]
    flakes = [gate for gate in held if gate.flake]
    left = [gate for gate in held if gate.leftovers]
    yield f"gates: {len(held)}, flakes: {len(flakes)}, with leftovers: {len(left)}"
    for kind in KINDS:
        of_kind = [gate for gate in held if gate.kind == kind]
        if of_kind:
            codes = Counter(code for gate in of_kind for code in gate.codes)
            seconds = median(gate.seconds for gate in of_kind)
            yield f"{kind}: {len(of_kind)}, {seconds:.1f} s, exit {_told(codes)}"
    yield from _robbed(held)
    for why, times in Counter(f"{gate.kind}: {gate.skipped}" for gate in gates if gate.skipped).items():
        yield f"skipped {times}: {why}"
    for gate in flakes:
        yield f"flake: gate {gate.number}, {gate.space}, {gate.kind}: {gate.flake}"
    for gate in left:
        yield f"left by gate {gate.number}, {gate.space}, {gate.kind}: {', '.join(gate.leftovers)}"
    yield from _growth(held)


def _robbed(held: Sequence[Gate]) -> Iterator[str]:
    """What a gate says depends on which of its containers was killed: spacedock-<run>-<what for>-<random>."""
    ends: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for gate in held:
        if gate.kind == "container killed" and gate.struck:
            ends["-".join(gate.struck.split("-")[2:-1]) or gate.struck].update(gate.codes)
    for purpose, codes in sorted(ends.items()):
        yield f"container killed, {purpose}: exit {_told(codes)}"


def _told(codes: Counter[int]) -> str:
    return ", ".join(f"{code} ({times})" for code, times in sorted(codes.items()))


def _growth(held: Sequence[Gate]) -> Iterator[str]:
    calm = [gate for gate in held if gate.kind == "calm"]
    series: dict[str, tuple[Sequence[Gate], Callable[[Gate], float | None]]] = {
        "memory of a gate, MB": (calm, lambda gate: gate.memory),
        "descriptors of a gate": (calm, lambda gate: gate.descriptors),
        "cache, MB": (held, lambda gate: gate.cache),
        "layers of the engine, MB": (held, lambda gate: gate.engine),
    }
    for name, (of, figure) in series.items():
        figures = [value for gate in of if (value := figure(gate)) is not None]
        if len(figures) > 1:
            early, late = quarters(figures)
            yield f"{name}: {early:.0f} at first, {late:.0f} at last"
    for name, column in (("memory, MB", 0), ("descriptors", 1)):
        grown = [gate.within[-1][column] - gate.within[1][column] for gate in held if len(gate.within) > 2]
        if grown:
            yield f"{name}, from the second to the third gate of a process: {median(grown):+.1f}"


def quarters(figures: Sequence[float]) -> tuple[float, float]:
    """Return the medians of the first and of the last quarter: one figure may be anything."""
    quarter = max(1, len(figures) // 4)
    return median(figures[:quarter]), median(figures[-quarter:])
