"""Where a Space's own code sizes itself by the processors that it sees, which are the host's.

`os.cpu_count()` and its likes tell how many processors the kernel has; a container is held to its share by
a quota that they do not look at. What does (Java, .NET, Rust's `available_parallelism`, GOMAXPROCS of Go from
1.25 on, joblib) is left alone, and so is code that only tells the number.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from spacedock.errors import UsageError
from spacedock.space import Space
from spacedock.space.files import read_bytes

CORES = "CPU_CORES"  # what the platform says of it, in the environment

_LARGEST = 256 * 1024  # bytes of a file that somebody wrote
_LOOKED_AT = 20  # places of a file
_BEGINNING = 10_000  # characters of a command
_LONGEST = 2000  # characters of a line that somebody wrote
_NOT_OURS = frozenset({
    "node_modules", "site-packages", "vendor", "third_party", "venv", ".venv", "dist", "build",
    "test", "tests", "docs", "examples", "benchmarks",
})  # fmt: skip
_SIZES = re.compile(
    r"worker|thread|process(?!or)|pool|executor|concurren|parallel|jobs|num_proc", re.IGNORECASE
)
_TELLS = frozenset({"print", "debug", "info", "warning", "error", "log"})
_COUNTS = frozenset({"cpu_count", "process_cpu_count", "sched_getaffinity"})
_COUNT_THE_SHARE = frozenset({"joblib", "loky"})

_SHELL = re.compile(r"\$\(\s*nproc[^)]*\)|`\s*nproc[^`]*`|\$\(\s*getconf _NPROCESSORS_ONLN\s*\)")
_SHELL_SIZES = re.compile(rf"{_SIZES.pattern}|gunicorn|uvicorn|hypercorn|\s-w\s", re.IGNORECASE)
_COMPILES = re.compile(r"\b(make|cmake|ninja|cargo|pip|gcc)\b|\s-j")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SCRIPT = re.compile(r"\bcpus\(\)\.length|\bnavigator\.hardwareConcurrency")
_SCRIPT_SIZES = re.compile(rf"{_SIZES.pattern}|cluster|\bfork\(", re.IGNORECASE)
_IN_NODE = re.compile(r"\brequire\(|\bprocess\.(env|argv)|['\"]node:")
_IN_A_BROWSER = re.compile(r"\b(window|document)\.")
_GO = re.compile(r"\bruntime\.NumCPU\(\)")
_GO_SIZES = re.compile(rf"{_SIZES.pattern}|GOMAXPROCS|SetLimit|make\(chan", re.IGNORECASE)
_ASSIGNED = re.compile(r"(\w+)\s*:?=")
_WORKERS = re.compile(r"(?:--workers[ =]|\b(?:gunicorn|hypercorn)\b.*?\s-w\s*|WEB_CONCURRENCY=)(\d{1,9})\b")


@dataclass(frozen=True)
class Sizing:
    """A place in a Space's files that fixes how many workers run."""

    place: str  # file:line
    text: str

    def __str__(self) -> str:
        return f"{self.place} `{self.text}`"


def sizings(space: Space, most: int) -> tuple[Sizing, ...]:
    """Return where a Space counts processors to size itself, and never reads what the platform tells of them.

    A place that takes `most` at most is none.
    """
    files = {name: text for name in space.files() if (text := _written(space, name))}
    started = _started(space)
    if any(CORES in text for text in (*files.values(), *(text for _, text in started))):
        return ()
    name = space.dockerfile.path.name
    found = [
        Sizing(f"{name}:{line}", match[0])
        for line, text in started
        for match in _SHELL.finditer(text[:_BEGINNING])
        if _SHELL_SIZES.search(text)
    ]
    for path, text in files.items():
        reader = _READERS.get(PurePosixPath(path).suffix)
        found += [Sizing(f"{path}:{line}", what) for line, what in (reader(text, most) if reader else ())]
    return tuple(found)


def fixed_workers(space: Space, most: int) -> tuple[Sizing, ...]:
    """Return where the Dockerfile starts more than `most` workers, whatever the hardware."""
    name = space.dockerfile.path.name
    return tuple(
        Sizing(f"{name}:{line}", match[0].strip())
        for line, text in _started(space, environment=True)
        for match in _WORKERS.finditer(text[:_BEGINNING])
        if int(match[1]) > most
    )


def _started(space: Space, *, environment: bool = False) -> list[tuple[int, str]]:
    """Return line and text of what the image starts; a RUN is over by then."""
    wanted = {"CMD", "ENTRYPOINT"} | ({"ENV"} if environment else set())
    return [
        (step.line, " ".join(f"{name}={value}" for name, value in step.pairs) if step.cmd == "ENV" else text)
        for step in space.dockerfile.final_stage
        if step.cmd in wanted and (text := " ".join(step.value))
    ]


def _written(space: Space, name: str) -> str:
    """Return the text of a file that somebody wrote for this Space; empty for any other one."""
    path = PurePosixPath(name)
    if path.suffix not in _READERS or _NOT_OURS & set(path.parts) or ".min." in path.name:
        return ""
    if (space.root / name).is_symlink():  # what it leads to is read where it lies, or not pushed
        return ""
    try:
        text = read_bytes(space.root / name, _LARGEST).decode("utf-8", "replace")
    except UsageError:  # too large, no file, or not for us to read
        return ""
    return "" if any(len(line) > _LONGEST for line in text.splitlines()) else text


def _in_python(text: str, most: int) -> Iterator[tuple[int, str]]:
    if not any(name in text for name in _COUNTS):
        return
    with suppress(
        SyntaxError, ValueError, RecursionError, MemoryError
    ):  # no Python, or too deep for its parser
        tree = ast.parse(text)
        parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
        lines = [line for line in ast.unparse(tree).splitlines() if _SIZES.search(line)]  # without comments
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _counts(node))
        for call in islice(calls, _LOOKED_AT):
            if _sizes(call, parents, lines, most):
                yield call.lineno, ast.unparse(call)


def _counts(call: ast.Call) -> bool:
    if _name(call) not in _COUNTS:
        return False
    return not isinstance(call.func, ast.Attribute) or ast.unparse(call.func.value) not in _COUNT_THE_SHARE


def _sizes(call: ast.Call, parents: dict[ast.AST, ast.AST], lines: list[str], most: int) -> bool:
    """Whether the number goes to workers: in its own statement, or by a name that goes there."""
    node: ast.AST = call
    while not isinstance(node, ast.stmt):
        node = parents[node]
        if isinstance(node, ast.Call) and (_is_capped(node, most) or _name(node) in _TELLS):
            return False
    if isinstance(node, ast.Return):
        while node in parents and not isinstance(node, ast.FunctionDef):
            node = parents[node]
        return isinstance(node, ast.FunctionDef) and bool(_SIZES.search(node.name))
    if _SIZES.search(_statement(node).replace(ast.unparse(call), "")):
        return True
    names = _targets(node)
    return any(re.search(rf"\b{re.escape(name)}\b", line) for name in names for line in lines)


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Assign):
        return [ast.unparse(target) for target in node.targets]
    return [ast.unparse(node.target)] if isinstance(node, ast.AnnAssign) else []


def _statement(node: ast.stmt) -> str:
    """Return a statement in one line; of one that holds others only how it begins."""
    held = {"body", "orelse", "finalbody", "handlers", "cases"} & set(node._fields)
    if not held:
        return ast.unparse(node)
    head = copy(node)
    for field in held:
        setattr(head, field, [])
    return ast.unparse(head).splitlines()[0]


def _is_capped(call: ast.Call, most: int) -> bool:
    """Whether it is `min(..., few)`."""
    numbers = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    return _name(call) == "min" and any(isinstance(number, int) and number <= most for number in numbers)


def _name(call: ast.Call) -> str:
    """Return what is called, without whose it is."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _in_shell(text: str, _most: int) -> Iterator[tuple[int, str]]:
    lines = [re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines()]
    found = ((at, line, match) for at, line in enumerate(lines, start=1) for match in _SHELL.finditer(line))
    for number, line, match in islice(found, _LOOKED_AT):
        rest = line.replace(match[0], "")
        name = _ASSIGNED.search(rest)
        used = [other for other in lines if name and re.search(rf"\$\{{?{name[1]}\b", other)]
        if not _COMPILES.search(line) and any(_SHELL_SIZES.search(other) for other in (rest, *used)):
            yield number, match[0]


def _in_script(text: str, _most: int) -> Iterator[tuple[int, str]]:
    closed = text.rfind("*/") + 2  # what begins a comment below that has no end, and takes long to look for
    code = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text[:closed]) + text[closed:]
    lines = [re.sub(r"(^|\s)//.*", "", line) for line in code.splitlines()]
    here = _IN_NODE.search(code) and not _IN_A_BROWSER.search(code)  # elsewhere it is the visitor's machine
    if here and _SCRIPT_SIZES.search("\n".join(lines)):
        yield from _found(_SCRIPT, lines)


def _in_go(text: str, _most: int) -> Iterator[tuple[int, str]]:
    lines = [re.sub(r"(^|\s)//.*", "", line) for line in text.splitlines()]
    if _GO_SIZES.search("\n".join(lines)):
        yield from _found(_GO, lines)


def _found(pattern: re.Pattern[str], lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        yield from ((number, match[0]) for match in pattern.finditer(line))


_READERS: dict[str, Callable[[str, int], Iterator[tuple[int, str]]]] = {
    ".py": _in_python,
    ".sh": _in_shell,
    ".bash": _in_shell,
    **dict.fromkeys((".js", ".mjs", ".cjs", ".ts"), _in_script),
    ".go": _in_go,
}
