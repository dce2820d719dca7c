"""Which commands run a development server, or watch files to start a server anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from spacedock.space import Space

# What stands before the program that is meant: a shell, an interpreter, a runner, a minimal init.
_BEFORE = frozenset({
    "sh", "bash", "dash", "ash", "exec", "env", "nohup", "time", "sudo", "gosu", "su-exec", "tini",
    "dumb-init", "node", "npx", "bun", "bunx", "pnpm", "yarn", "poetry", "pdm", "pipenv", "uv", "run", "--",
})  # fmt: skip
_PYTHON = re.compile(r"python[\d.]*")
_ASSIGNED = re.compile(r"\w+=")
_NEXT_COMMAND = re.compile(r"&&|\|\||[;&|()]|\s-l?c\s")
_QUOTES = "'\""

# What a reloader that code switches on (`uvicorn.run(reload=True)`) writes of itself, at the start of a line.
_SAID = re.compile(
    r"^.{0,60}?(?:Started reloader process \[\d+\] using \w+"  # uvicorn
    r"|\* Restarting with (?:stat|watchdog)"  # Werkzeug, for Flask
    r"|Watching for file changes with \w*Reloader"  # Django
    r"|\[nodemon\] starting `.*)",
    re.MULTILINE,
)

Words = Sequence[str]


def _always(_words: Words) -> bool:
    return True


def _first(*names: str) -> Callable[[Words], bool]:
    return lambda words: bool(words) and words[0] in names


def _any(*options: str) -> Callable[[Words], bool]:
    return lambda words: any(word.partition("=")[0] in options for word in words)


def _flask(words: Words) -> bool:
    return "run" in words and _any("--debug", "--reload")(words)


def _django(words: Words) -> bool:
    return "runserver" in words and "--noreload" not in words


def _vite(words: Words) -> bool:
    return not _first("preview", "build", "optimize")(words) and not _any("--version", "--help")(words)


def _next(words: Words) -> bool:
    return not words or words[0] == "dev" or words[0].startswith("-")


# Each as its own documentation has it.
_RELOADERS: dict[str, Callable[[Words], bool]] = {
    **dict.fromkeys(("uvicorn", "gunicorn", "hypercorn", "granian", "litestar"), _any("--reload")),
    "sanic": _any("--dev", "--auto-reload"),
    "fastapi": _first("dev"),
    "flask": _flask,
    "manage": _django,
    "django-admin": _django,
    **dict.fromkeys(("watchfiles", "hupper", "nodemon", "ts-node-dev", "webpack-dev-server"), _always),
    "watchmedo": _first("auto-restart"),
    "tsx": _first("watch"),
    **dict.fromkeys(("nuxt", "nuxi", "astro"), _first("dev")),
    "next": _next,
    "vite": _vite,
    **dict.fromkeys(("ng", "webpack"), _first("serve")),
    "react-scripts": _first("start"),
}
_WATCHES = frozenset({"--watch", "--watch-path", "--hot"})  # of Node and Bun


def reloads(command: str) -> bool:
    """Whether a command line, as a shell or the process list has it, runs a reloader."""
    return any(_is_reloader(part.split()) for part in _NEXT_COMMAND.split(f" {command} "))


def said_by_a_reloader(log: str) -> str:
    """Return the line in which a reloader names itself; empty where none does."""
    found = _SAID.search(log)
    return found[0].strip() if found else ""


def started_reloaders(space: Space) -> Iterator[tuple[int, str]]:
    """Yield line and command of what the Dockerfile starts, where that runs a reloader."""
    last = {step.cmd: step for step in space.dockerfile.final_stage if step.cmd in {"ENTRYPOINT", "CMD"}}
    if not last:
        return
    command = " ".join(" ".join(last[cmd].value) for cmd in ("ENTRYPOINT", "CMD") if cmd in last)
    if reloads(command):
        yield max(step.line for step in last.values()), command


def _is_reloader(words: list[str]) -> bool:
    watched = False
    for number, quoted in enumerate(words):
        word = quoted.strip(_QUOTES)
        name = PurePosixPath(word).name
        if word.startswith("-") or _ASSIGNED.match(word) or _PYTHON.fullmatch(name) or name in _BEFORE:
            watched = watched or word.partition("=")[0] in _WATCHES
            continue
        if watched:
            return True
        rule = _RELOADERS.get(re.sub(r"\.(py|[cm]?js|cmd)$", "", name))
        return rule is not None and rule([other.strip(_QUOTES) for other in words[number + 1 :]])
    return False
