"""The `pip install` commands of a RUN, as `uv pip install` is to be given them."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile, islice
from pathlib import Path, PurePosixPath

from spacedock.docks.process.tree import inside
from spacedock.errors import NoTextFileError, UsageError
from spacedock.space.files import files_below, opened, read_bytes

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
_LARGEST = 4 * 2**20  # bytes of the requirements files of an install, all together
_MOST = 1000  # files that they may include
_CHUNK = 2**20
_INCLUDED = re.compile(r"^[ \t]*+(?:-r|-c|--requirement|--constraint)[ =][ \t]*+(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Install:
    """One `uv pip install`: its arguments, and the requirement files among them.

    What is asked of the files raises UsageError where they cannot be read, and OSError for a loop of links.
    """

    arguments: tuple[str, ...]
    files: tuple[Path, ...]
    around: tuple[Path, ...] = ()  # the folders that its own packages lie in, if it has such
    workdir: Path | None = None  # from which the names of those lead to them

    @cached_property
    def texts(self) -> tuple[bytes, ...]:
        """The files' contents and those of what they include, each once."""
        return tuple(_texts(self.files, self.around))

    @property
    def local(self) -> bool:
        """Whether packages of the Space itself are among what is installed."""
        lines = (line for text in self.texts for line in text.decode(errors="replace").splitlines())
        return any(map(_is_local, lines))

    @property
    def hashed(self) -> bool:
        """Whether its files name the hashes that packages must have."""
        return any(b"--hash=" in text for text in self.texts)

    def digest(self) -> str:
        """Return what changes when anything that is installed does; where files lie does not matter."""
        names = {str(path) for path in self.files}
        content = hashlib.sha256(repr([word for word in self.arguments if word not in names]).encode())
        for text in self.texts:
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
    words = list(dropwhile(_ASSIGNMENT.fullmatch, command))
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


def _texts(files: tuple[Path, ...], around: tuple[Path, ...]) -> Iterator[bytes]:
    waiting, seen, left = list(files), set[Path](), _LARGEST
    for path in waiting:  # which grows meanwhile
        if path in seen:
            continue
        seen.add(path)
        try:
            text = read_bytes(path, left)
        except NoTextFileError:  # whoever installs it says that it is not there
            continue
        left -= len(text)
        yield text
        root = next((root for root in around if path.is_relative_to(root)), path.parent)
        waiting += _included(root, path, text)
        if len(waiting) > _MOST:
            raise UsageError(
                f"it includes more than {_MOST} files", path=path, remedy="put requirements together"
            )


def _included(root: Path, path: Path, text: bytes) -> Iterator[Path]:
    """Yield where the files lie that one includes: a container's paths, which lead nowhere out of it."""
    names = (found[1] for found in _INCLUDED.finditer(text.decode(errors="replace")))
    for name in islice(names, _MOST + 1):
        if "\0" not in name:
            yield inside(root, path.relative_to(root).parent / name)


def _is_local(line: str) -> bool:
    """Whether a line of a requirements file names a place below the Space; for what is not sure, it does."""
    line = line.partition("#")[0].strip()
    if not line or _INCLUDED.match(line):
        return False
    return "file:" in line or ("://" not in line and ("/" in line or line.startswith(_NAMES_A_PLACE)))


def _add(content: hashlib._Hash, folder: Path) -> None:
    """Add names and contents of all files below a folder."""
    for path in sorted(files_below(folder)):
        name = os.fsencode(path.relative_to(folder))
        if path.is_symlink():
            content.update(b"%b\0-> %b\0" % (name, os.fsencode(path.readlink())))
            continue
        with opened(path) as file:
            content.update(b"%b\0%d\0" % (name, os.fstat(file.fileno()).st_size))
            while chunk := file.read(_CHUNK):
                content.update(chunk)
