"""What callers and browsers are told of an instance, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus

from spacedock.browser.base import Visit
from spacedock.browser.visit import consoles
from spacedock.docks.instance import FullInstance
from spacedock.errors import UsageError
from spacedock.evidence.asking import Asker, Reply, through
from spacedock.evidence.boots import here
from spacedock.failures.base import Ask

_BODY = 400  # characters of an answer that are shown
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def told(instance: FullInstance, ask: Ask) -> str:
    """Return a request and its answer as curl shows them."""
    with _asker(instance, ask) as asker:
        reply = asker.send(ask)
    if reply.status is None:
        return f"> {ask.method} {ask.path}\n{reply.failure.replace(' ', ': ', 1)}"
    return "\n".join(_lines(ask, reply, reply.status))


def _asker(instance: FullInstance, ask: Ask) -> Asker:
    """Whoever asks is no member of a private Space."""
    if ask.through == "edge":
        return through(instance.edge(), ask.manner, ask.host, member=False)
    return here(instance)


def _lines(ask: Ask, reply: Reply, status: int) -> Iterator[str]:
    yield f"> {ask.method} {ask.path}"
    yield from (f"> {name}: {value}" for name, value in ask.headers.items())
    yield f"< HTTP/1.1 {status} {_PHRASES.get(status, '')}".rstrip()
    yield from (f"< {name}: {value}" for name, value in reply.headers.items())
    if reply.text:
        yield reply.text[:_BODY]


def seen(instance: FullInstance, visits: Iterable[Visit], *, credentials: bool) -> Iterator[str]:
    """Yield what consoles say; where there is no browser, which is an extra, how to come by one."""
    try:
        yield from consoles(instance.edge(), visits, credentials=credentials)
    except UsageError as error:
        yield f"(no console: {error.what}; {error.remedy})"
