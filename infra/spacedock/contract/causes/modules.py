"""A module that cannot be imported: one's own, or one that nothing installs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause, head_of, pushed, unpushed
from spacedock.space import Space

_PYTHON = re.compile(
    r"^(?:ModuleNotFoundError: No module named '(?P<name>[\w.]+)'"
    r"|\S*python[\d.]*: No module named (?P<main>[\w.]+))",
    re.MULTILINE,
)
_NODE = re.compile(r"Cannot find (?:module|package) '(?P<name>[^'\n]+)'")
_REQUIREMENTS = re.compile(
    r"(^|/)(requirements[\w.-]*\.(txt|in)|pyproject\.toml|Pipfile|setup\.cfg|environment\.ya?ml)$"
)


def modules(log: str, space: Space) -> Iterator[ToldCause]:
    """Say where the module is, or that it is nowhere."""
    for found in _PYTHON.finditer(log):
        yield _of_python(found.start(), found["name"] or found["main"], space)
    for found in _NODE.finditer(log):
        yield _of_node(found.start(), found["name"], space)


def _of_python(at: int, module: str, space: Space) -> ToldCause:
    top = module.partition(".")[0]
    path = module.replace(".", "/")
    names = [f"{top}.py", f"{top}/__init__.py", f"{path}.py", f"{path}/__init__.py"]
    if here := unpushed(space, *names, top):
        return _unpushed(at, f"the module `{module}`", here)
    shipped = pushed(space)
    if own := _own(shipped, [f"{top}.py", f"{top}/"]):
        return ToldCause(
            at,
            f"the module `{module}` is {own}, which is pushed and is not where Python looks in the image",
            f"have the Dockerfile COPY {own} too, or start where it lies (WORKDIR, PYTHONPATH, `--app-dir`)",
        )
    if other := _own([name.lower() for name in shipped], [f"{top}.py".lower(), f"{top}/".lower()]):
        real = next(name for name in shipped if name.lower().startswith(other.rstrip("/")))
        return ToldCause(
            at,
            f"there is no module `{module}`; {real} differs in its case, which counts on Linux",
            f"`git mv` it to the name that is imported, or import `{real}` by its own",
        )
    files = [name for name in shipped if _REQUIREMENTS.search(name)]
    word = re.compile(rf"(?i)(?<![\w-]){re.escape(top).replace('_', '[-_.]')}(?![\w-])")
    if naming := [name for name in files if word.search(head_of(space, name))]:
        return ToldCause(
            at,
            f"the module `{module}` is not there for the Python that runs, although {naming[0]} names it",
            "install it for the same Python, in the last stage: `python -m pip install`, and start with that "
            "`python -m` too",
        )
    listed = f"; {', '.join(files[:3])} names none of that name" if files else ""
    return ToldCause(
        at,
        f"the module `{module}` is not in the image{listed}",
        f"add the package that brings `{top}` to what the Dockerfile installs; on a laptop it came with "
        "something else",
    )


def _of_node(at: int, name: str, space: Space) -> ToldCause:
    relative = name.startswith((".", "/"))
    base = posixpath.basename(name) if relative else name
    if relative and (here := unpushed(space, base, f"{base}.js", f"{base}.mjs", f"{base}/index.js")):
        return _unpushed(at, f"the module `{name}`", here)
    if relative:
        return ToldCause(
            at,
            f"the file `{name}` is not in the image",
            "have the Dockerfile COPY it, or build it (`npm run build`) before the server starts",
        )
    return ToldCause(
        at,
        f"the package `{name}` is not in the image",
        "name it under `dependencies` in package.json: `npm ci --omit=dev` leaves out what stands under "
        "`devDependencies`; and bring node_modules into the last stage",
    )


def _unpushed(at: int, what: str, path: str) -> ToldCause:
    return ToldCause(
        at,
        f"{what} is {path}, which is here and which git does not track: it is not pushed",
        f"`git add {path}`; where .gitignore names it, `git add -f {path}`, or change .gitignore",
    )


def _own(shipped: tuple[str, ...] | list[str], names: list[str]) -> str:
    """Return which of the names is among what is pushed: a file, or a folder with something in it."""
    for name in names:
        for path in shipped:
            at = f"/{path}".find(f"/{name}")
            if at >= 0 and (name.endswith("/") or f"/{path}"[at + 1 :] == name):
                return path[: at + len(name)].rstrip("/")
    return ""
