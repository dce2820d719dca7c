"""A command that is not on PATH, or whose interpreter is not where its first line says."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause, head_of, pushed
from spacedock.contract.causes.places import environments, moved
from spacedock.space import Space

# What the engine says, and shells: dash, ash, bash.
_NOT_FOUND = re.compile(
    r'exec: \\?"(?P<engine>[^"/\s\\]+)\\?": executable file not found in \$PATH'
    r"|^(?:\S*sh|\S+\.\w+): (?:line )?(?:\d+: )?(?:exec: )?(?P<shell>[\w.+-]+): (?:command )?not found$",
    re.MULTILINE,
)
# Of a program that is there: what is not is its interpreter, or the loader of another C library.
_NO_INTERPRETER = re.compile(
    r"^(?:\S*\s)?exec (?P<exec>/\S+|\./\S+): no such file or directory"
    r"|(?P<shell>/\S+): bad interpreter|: exec: (?P<dash>/\S+): not found$",
    re.MULTILINE,
)


def commands(log: str, space: Space) -> Iterator[ToldCause]:
    """Say where a command lies that was not found, and what a script's interpreter is."""
    for found in _NOT_FOUND.finditer(log):
        yield _not_found(found.start(), found["engine"] or found["shell"], space)
    for found in _NO_INTERPRETER.finditer(log):
        path = found["exec"] or found["shell"] or found["dash"]
        yield _no_interpreter(found.start(), path.rstrip(":"), space)


def _not_found(at: int, name: str, space: Space) -> ToldCause:
    seen = f"there is no command `{name}` on PATH"
    made = [environment.path for environment in environments(space.dockerfile)]
    if made:
        seen += f"; the Dockerfile makes a virtual environment at {made[-1]}, which is not on it"
        remedy = f'`ENV PATH="{made[-1]}/bin:$PATH"` in the last stage, or start `{made[-1]}/bin/{name}`'
    else:
        remedy = (
            f"install what brings `{name}` in the last stage, as a user whose folder of programs is on PATH: "
            'what `pip install --user` installs lies in ~/.local/bin (`ENV PATH="$HOME/.local/bin:$PATH"`)'
        )
    return ToldCause(at, seen, remedy)


def _no_interpreter(at: int, path: str, space: Space) -> ToldCause:
    for before, now in moved(space.dockerfile):
        if path.startswith((f"{now}/", f"{before}/")):
            return ToldCause(
                at,
                f"{path} is there and its interpreter is not: it begins with `#!{before}/bin/python`, since "
                f"its virtual environment was made at {before} and copied to {now}",
                f"make the environment where it is to lie ({now}) in the build stage too, or start "
                f"`{now}/bin/python -m {posixpath.basename(path)}`",
            )
    script = next(
        (name for name in pushed(space) if posixpath.basename(name) == posixpath.basename(path)), ""
    )
    head = head_of(space, script)
    if head.startswith("#!") and head.splitlines(keepends=True)[0].endswith("\r\n"):
        return ToldCause(
            at,
            f"{script} ends its lines with CR LF: its interpreter is looked for under a name with a CR",
            f"`{posixpath.basename(script)} text eol=lf` in .gitattributes, then `git add --renormalize .`",
        )
    named = f" `{head.splitlines()[0]}`" if head.startswith("#!") else ""
    return ToldCause(
        at,
        f"{path} is there, and the interpreter that its first line{named} names is not in the image",
        "install that interpreter, name one that the image has, or build the program for the image's C "
        "library (musl in Alpine, glibc elsewhere)",
    )
