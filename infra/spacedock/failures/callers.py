"""What callers and browsers are told of an instance, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import httpx

from spacedock.browser.base import Visit
from spacedock.browser.visit import consoles
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import MEMBERS_TOKEN
from spacedock.errors import UsageError
from spacedock.failures.base import Ask

_PATIENCE = 30.0  # seconds that an answer may take
_BODY = 400  # characters of an answer that are shown


def told(instance: FullInstance, ask: Ask) -> str:
    """Return a request and its answer as curl shows them."""
    body = {"json": ask.body} if isinstance(ask.body, (dict, list)) else {"content": ask.body}
    with ExitStack() as stack:
        if ask.through == "edge":
            client = stack.enter_context(instance.edge().client(ask.manner, ask.host))
            client.headers.pop(MEMBERS_TOKEN, None)  # whoever asks is no member of a private Space
        else:
            client = stack.enter_context(httpx.Client(base_url=instance.url, trust_env=False))
        try:
            answer = client.request(ask.method, ask.path, headers=ask.headers, timeout=_PATIENCE, **body)
        except httpx.HTTPError as error:
            return f"> {ask.method} {ask.path}\n{type(error).__name__}: {error}"
    return "\n".join(_lines(ask, answer))


def _lines(ask: Ask, answer: httpx.Response) -> Iterator[str]:
    yield f"> {ask.method} {ask.path}"
    yield from (f"> {name}: {value}" for name, value in ask.headers.items())
    yield f"< HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
    yield from (f"< {name}: {value}" for name, value in answer.headers.multi_items())
    if answer.text:
        yield answer.text[:_BODY]


def seen(instance: FullInstance, visits: Iterable[Visit], *, credentials: bool) -> Iterator[str]:
    """Yield what consoles say; where there is no browser, which is an extra, how to come by one."""
    try:
        yield from consoles(instance.edge(), visits, credentials=credentials)
    except UsageError as error:
        yield f"(no console: {error.what}; {error.remedy})"
