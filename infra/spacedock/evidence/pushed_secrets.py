"""What a push carries that nobody should read: keys, environment files, passwords in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from spacedock.evidence import keys
from spacedock.evidence.base import FILES, WHAT_IS_READ, Evidence, Input, Surroundings
from spacedock.evidence.leaks import assigned, is_env_file
from spacedock.evidence.pushed import past
from spacedock.space import Space

_LARGEST = 2**20  # bytes of a file that is searched: what is larger nobody wrote by hand
_MOST = 64 * 2**20  # bytes of all of them together
_ROOTS_OWN = ".env"  # which another promise tells
# Who writes tests, documentation or examples makes keys up.
_MADE_UP = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|specs|testdata|fixtures?|examples?|samples?|docs?)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*[._-](?:test|spec|example|sample|template)s?(?:\.[^/]*)?)$"
    r"|\.(?:md|rst|adoc|ipynb)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(?P<scheme>postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|clickhouse)(?:\+\w+)?://"
    r"(?P<user>[^\s:/@'\"<>]*):(?P<password>[^\s/@'\"<>]{6,200})@(?P<host>[\w.-]+)"
)
# Names of hosts that nobody else reaches, or that stand for any (RFC 2606, RFC 6762), or of compose services.
_NO_HOST = re.compile(
    r"[^.]*|.*\.(?:example|test|invalid|local|localhost|internal|lan)|(?:.*\.)?example\.(?:com|org|net)"
    r"|(?:127|10|0)\..*|192\.168\..*|(?:.*\.)?(?:host|hostname|domain|server)\.(?:com|org|net|tld)",
    re.IGNORECASE,
)
_NO_PASSWORD = re.compile(
    r"(?:my|your|the|db|super|some)?[_-]?(?:pass(?:word|wd)?|pwd|secret|postgres|user|root|admin|guest)\d*!?",
    re.IGNORECASE,
)
_PUT_IN = frozenset("${}%*[]")  # a value stands there that is put in later
_FEWEST_CHARACTERS = 5  # of a password, different ones
_FEWEST_OF_A_VALUE = 8  # characters of a value in an environment file: `dev` is no secret


@dataclass(frozen=True)
class Exposed:
    """What a file of the push tells: the value itself stays there."""

    path: str
    line: int | None
    what: str
    current: bool = True  # in what is pushed now, not only in its history


@dataclass(frozen=True)
class PushedSecrets(Evidence[tuple[Exposed, ...]]):
    """Where what is pushed holds what nobody should read: its files by their paths, then its history."""

    with_history: bool = True

    needs: ClassVar = FILES
    inputs: ClassVar = WHAT_IS_READ | {Input.REPOSITORY}

    def gather(self, around: Surroundings) -> tuple[Exposed, ...]:
        """Read each that is text, as far as there is not too much of it."""
        now = tuple(_of_the_files(around.space))
        if not self.with_history:
            return now
        told = {(each.path, each.what) for each in now}
        return now + tuple(old for old in _of_its_history(around.space) if (old.path, old.what) not in told)


def _of_the_files(space: Space) -> Iterator[Exposed]:
    paths = (path for path in space.files() if path != _ROOTS_OWN and not _MADE_UP.search(path))
    files = ((path, _read(space.root / path)) for path in paths)
    for path, content in _enough(files):
        yield from _exposed(path, content, space)


def _of_its_history(space: Space) -> Iterator[Exposed]:
    """Yield what files held that are no more as they were, of each path and kind the first that is found."""
    told: set[tuple[str, str]] = set()
    for path, content in _enough(past(space, lambda path: not _MADE_UP.search(path), _LARGEST)):
        for exposed in _exposed(path, _text(content), space):
            if (path, exposed.what) not in told:
                told.add((path, exposed.what))
                yield replace(exposed, line=None, current=False)


def _enough(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yield files until they have too many bytes together."""
    left = _MOST
    for path, content in files:
        left -= len(content)
        if left < 0:
            return
        yield path, content


def _exposed(path: str, content: bytes, space: Space) -> Iterator[Exposed]:
    names = frozenset(space.manifest.secrets)
    yield from (Exposed(path, keys.line_of(content), what) for what in keys.shapes_in(content))
    text = content.decode(errors="replace") if b"://" in content or is_env_file(path) else ""
    yield from _addresses(path, text)
    if is_env_file(path) and (given := sorted(_given(text, names))):
        yield Exposed(path, None, f"a value for {', '.join(given)}")


def _read(path: Path) -> bytes:
    """Return what a file holds; nothing of what is no text, is too large, or cannot be read."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return b""
        content = path.read_bytes()
    except OSError:  # another promise says so
        return b""
    return _text(content)


def _text(content: bytes) -> bytes:
    return b"" if b"\0" in content[:8192] else content


def _addresses(path: str, text: str) -> Iterator[Exposed]:
    """Yield the first address with a password in it that leads to a host of others."""
    for found in _ADDRESS.finditer(text):
        if _is_real(found["user"], found["password"], found["host"]):
            line = text.count("\n", 0, found.start()) + 1
            yield Exposed(path, line, f"the password of a {found['scheme']} address at {found['host']}")
            return


def _given(text: str, names: frozenset[str]) -> Iterator[str]:
    """Yield the names that an environment file gives a value that somebody may have been given."""
    for name, value in assigned(text, names):
        if "://" not in value and len(value) >= _FEWEST_OF_A_VALUE and _is_password(value):
            yield name


def _is_real(user: str, password: str, host: str) -> bool:
    filled_in = _PUT_IN & {*user, *host}
    return password != user and _is_password(password) and not (filled_in or _NO_HOST.fullmatch(host))


def _is_password(value: str) -> bool:
    """Whether a text may be a password, and nothing that only stands where one will be."""
    made_up = keys.is_filler(value) or _NO_PASSWORD.fullmatch(value) or _PUT_IN & {*value}
    return len(set(value)) >= _FEWEST_CHARACTERS and not made_up
