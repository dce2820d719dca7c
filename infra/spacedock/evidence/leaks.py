"""What a file of an image holds that nobody should read: canaries, keys, environment files with values.

Databases are noted by the way: who reads all files looks at each but once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from spacedock import canary
from spacedock.docks.image_facts import FileInspector
from spacedock.evidence import keys
from spacedock.space import Space

DATABASE = "an SQLite database"
_SQLITE = b"SQLite format 3\0"
_CANARY = "a secret that the build was given"
_ENV_FILE = "an environment file with a value for "
# Packages bring keys of their tests and their documentation; these are nobody's.
_PACKAGES = re.compile(
    r"^/(?:usr|lib|lib64|bin|sbin|opt/conda|root/\.cache|var/(?:lib|cache)|etc/ss[hl])/"
    r"|/(?:site-packages|dist-packages|node_modules|vendor|gems|\.cargo|\.m2|\.npm|go/pkg/mod|testdata)/"
)
_OWN_DESPITE = ("/usr/src/", "/usr/app/", "/usr/local/app/", "/usr/local/src/", "/usr/share/nginx/html/")
_SAMPLES = ("example", "sample", "template", "dist", "defaults")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:api_?key|key|token|secret|password|passwd|pwd|credentials?|dsn)(?:$|_)"
)
# What a front end's build writes into scripts that every visitor loads.
_PUBLIC = ("NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_")
_ASSIGNMENT = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)\s*$")
_LARGEST_ENV_FILE = 1 << 16


def inspector(space: Space) -> FileInspector:
    """Return what looks into one file."""
    names = frozenset(space.manifest.secrets)

    def look(path: str, chunks: Iterator[bytes]) -> Iterator[str]:
        packages = _is_of_a_package(path)
        if not packages and is_env_file(path):
            content = _beginning(chunks)
            if said := sorted(name for name, _ in assigned(content.decode(errors="replace"), names)):
                yield f"{_ENV_FILE}{', '.join(said)}"
            chunks = iter([content])
        first = next(chunks, b"")
        if not packages and first.startswith(_SQLITE):
            yield DATABASE
        yield from _seen(chain([first], chunks), shapes=not packages)

    return look


def _beginning(chunks: Iterator[bytes]) -> bytes:
    read = b""
    while len(read) < _LARGEST_ENV_FILE and (chunk := next(chunks, b"")):
        read += chunk
    return read[:_LARGEST_ENV_FILE]


def rules(space: Space) -> str:
    """Return what the answer depends on beside the files: this code, and the names of the secrets."""
    code = [Path(module).read_text(encoding="utf-8") for module in (__file__, keys.__file__, canary.__file__)]
    return "\n".join((*code, *sorted(space.manifest.secrets)))


def kinds(text: str) -> Iterator[str]:
    """Yield each kind of secret in a text."""
    return _kinds_in(text.encode(), shapes=True)


def _seen(chunks: Iterable[bytes], *, shapes: bool) -> Iterator[str]:
    """Yield each kind of secret in a file once; only text is searched for shapes."""
    found: dict[str, None] = {}
    end = b""
    for number, chunk in enumerate(chunks):
        text = end + chunk
        shapes = shapes and not (number == 0 and b"\0" in chunk[:8192])
        found |= dict.fromkeys(_kinds_in(text, shapes=shapes))
        end = text[-keys.LONGEST :]
    yield from found


def _kinds_in(text: bytes, *, shapes: bool) -> Iterator[str]:
    if canary.is_in(text):
        yield _CANARY
    elif shapes:  # the canary of some services has the shape of a key
        yield from keys.shapes_in(text)


def _is_of_a_package(path: str) -> bool:
    return _PACKAGES.search(path) is not None and not path.startswith(_OWN_DESPITE)


def is_env_file(path: str) -> bool:
    """Whether it is an environment file by its name, and no sample of one."""
    name = PurePosixPath(path).name
    return (name == ".env" or name.startswith(".env.")) and name.rpartition(".")[2] not in _SAMPLES


def assigned(text: str, secrets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what in an environment file is a secret's by name, or sounds like it, and its value."""
    for name, value in _ASSIGNMENT.findall(text):
        sounds = _SECRET_NAME.search(name) and not name.startswith(_PUBLIC)
        if (name in secrets or sounds) and not keys.is_filler(value):
            yield name, value.strip("\"'")
