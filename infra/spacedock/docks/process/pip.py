"""The `pip install` commands of a RUN, as `uv pip install` is to be given them."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_SEPARATORS = frozenset({"&&", "||", ";", "|", "&"})
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
_PIP = re.compile(r"pip[\d.]*")
_PYTHON = re.compile(r"python[\d.]*")

_FILES = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_KEPT_WITH_VALUE = {
    "-i": "--index-url", "--index-url": "--index-url", "--extra-index-url": "--extra-index-url",
    "-f": "--find-links", "--find-links": "--find-links", "--trusted-host": "--allow-insecure-host",
    "--no-binary": "--no-binary", "--only-binary": "--only-binary",
}  # fmt: skip
_KEPT = {
    "--no-deps": "--no-deps", "--no-build-isolation": "--no-build-isolation", "--pre": "--prerelease=allow",
}  # fmt: skip
# These say where and how pip itself works, which is uv's business here.
_DROPPED_WITH_VALUE = {
    "--abi", "--cache-dir", "--cert", "--client-cert", "--exists-action", "--implementation", "--log",
    "--platform", "--prefix", "--progress-bar", "--proxy", "--python", "--python-version", "--report",
    "--retries", "--root", "--root-user-action", "--src", "--target", "--timeout", "--upgrade-strategy", "-t",
}  # fmt: skip
_NAMES_A_PLACE = ("-e", "--editable", "-f", "--find-links", ".")
_LARGEST = 2**20  # bytes that are read of a requirements file
_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Install:
    """One `uv pip install`: its arguments, and the requirement files among them."""

    arguments: tuple[str, ...]
    files: tuple[Path, ...]
    around: tuple[Path, ...] = ()  # the folders that its own packages lie in, if it has such
    workdir: Path | None = None  # from which the names of those lead to them

    @property
    def local(self) -> bool:
        """Whether packages of the Space itself are among what is installed."""
        return any(
            _is_local(line)
            for text in _texts(self.files)
            for line in text.decode(errors="replace").splitlines()
        )

    @property
    def hashed(self) -> bool:
        """Whether its files name the hashes that packages must have."""
        return any(b"--hash=" in text for text in _texts(self.files))

    def digest(self) -> str:
        """Return what changes when anything that is installed does; where files lie does not matter."""
        names = {str(path) for path in self.files}
        content = hashlib.sha256(repr([word for word in self.arguments if word not in names]).encode())
        for text in _texts(self.files):
            content.update(text)
        if self.local:
            for folder in self.around:
                _add(content, folder)
        return content.hexdigest()


def read_installs(script: str, find: Callable[[str], Path | None]) -> tuple[tuple[Install, ...], bool]:
    """Return the installs of a shell script, and whether the script does nothing else.

    `find` returns the file that a name stands for.
    """
    found: list[Install] = []
    complete = True
    for command in _commands(script):
        words = _after_pip_install(command)
        install = _Reading(find).read(words) if words is not None else None
        if install is None:
            complete = False
        elif install.arguments:
            found.append(install)
    return tuple(found), complete


def _commands(script: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    command: list[str] = []
    for word in [*_words(lexer), ";"]:
        if word not in _SEPARATORS:
            command.append(word)
        elif command:
            yield command
            command = []


def _words(lexer: shlex.shlex) -> list[str]:
    try:
        return list(lexer)
    except ValueError:  # an unclosed quotation, as in a heredoc's first line
        return ["?"]


def _after_pip_install(command: list[str]) -> list[str] | None:
    """Return the words behind `pip install`, or None for another command."""
    words = list(command)
    while words and _ASSIGNMENT.fullmatch(words[0]):
        del words[0]
    names = [PurePosixPath(words[0]).name, *words[1:]] if words else []
    if names[:1] == ["uv"] or (len(names) > 1 and _PYTHON.fullmatch(names[0]) and names[1] == "-m"):
        del names[: 1 if names[0] == "uv" else 2]
    if len(names) > 1 and _PIP.fullmatch(names[0]) and names[1] == "install":
        return names[2:]
    return None


class _Reading:
    """Translates the words behind `pip install`."""

    def __init__(self, find: Callable[[str], Path | None]) -> None:
        self._find = find
        self._arguments: list[str] = []
        self._files: list[Path] = []

    def read(self, words: list[str]) -> Install | None:
        """Return the install; None when it takes what only the image has, such as the Space's own package."""
        rest = iter(words)
        named = False
        for word in rest:
            name, given, value = word.partition("=") if word.startswith("--") else (word, "", "")
            if name in _FILES or name in _KEPT_WITH_VALUE or name in _DROPPED_WITH_VALUE:
                if not self._option(name, value if given else next(rest, "")):
                    return None
                named = named or _FILES.get(name) == "-r"
            elif name in _KEPT:
                self._arguments.append(_KEPT[name])
            elif name in {"-e", "--editable"} or word.startswith((".", "/")):
                return None
            elif not word.startswith("-") and word != "pip":
                self._arguments.append(word)
                named = True
        return Install(tuple(self._arguments), tuple(self._files)) if named else Install((), ())

    def _option(self, name: str, value: str) -> bool:
        if name in _KEPT_WITH_VALUE:
            self._arguments += [_KEPT_WITH_VALUE[name], value]
        if name in _FILES:
            path = self._find(value)
            if path is None:
                return False
            self._arguments += [_FILES[name], str(path)]
            self._files.append(path)
        return True


def _texts(files: tuple[Path, ...]) -> Iterator[bytes]:
    """Yield the files' contents and those of what they include, each once."""
    waiting, seen = list(files), set()
    while waiting:
        path = waiting.pop(0)
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        with path.open("rb") as file:
            text = file.read(_LARGEST)
        yield text
        waiting += [path.parent / name for name in _INCLUDED.findall(text.decode(errors="replace"))]


def _is_local(line: str) -> bool:
    """Whether a line of a requirements file names a place below the Space; for what is not sure, it does."""
    line = line.partition("#")[0].strip()
    if not line or _INCLUDED.match(line):
        return False
    return "file:" in line or ("://" not in line and ("/" in line or line.startswith(_NAMES_A_PLACE)))


def _add(content: hashlib._Hash, folder: Path) -> None:
    """Add names and contents of all files below a folder."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            text = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            content.update(os.fsencode(f"{path.relative_to(folder)}\0{len(text)}\0") + text)
