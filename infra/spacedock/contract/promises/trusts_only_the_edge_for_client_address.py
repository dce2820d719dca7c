"""A Space takes for its client whom the edge saw, not whom the client says it is."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping

import httpx

from spacedock.contract.base import Level, LookPromise, Problem
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import COMES_AS, VISITOR, Manner
from spacedock.space import Space

_NAMES = 254  # addresses in the block that is forged from (RFC 5737, for documentation)
_PATIENCE = 1.0  # seconds that a line gets to be in the log, where nothing was written yet
_PAUSE = 0.02
_COUNTERS = ("x-ratelimit-remaining", "ratelimit-remaining", "ratelimit")


class TrustsOnlyTheEdgeForClientAddress(LookPromise):
    """Seen where a Space shows it: a line of its log, or how many requests it says are left.

    One that takes the edge itself for its client gives all visitors one limit, as one does that means to.
    """

    title = "the right-most X-Forwarded-For is the client, not the left-most"
    reason = "The edge keeps what the client sent as X-Forwarded-For, and appends the address that it saw."
    consequence = (
        "Whoever sends the header has a rate limit for each address that they make up, and puts any address "
        "into the log. Where the header is not read at all, all visitors are the edge and share one limit."
    )
    remedy = (
        "take the right-most address: uvicorn `--forwarded-allow-ips=10.0.0.0/8` (with `'*'` it takes the "
        "left-most; then read the right-most yourself), Express `app.set('trust proxy', 1)`, "
        "nginx `set_real_ip_from 10.0.0.0/8`, Werkzeug `ProxyFix(x_for=1)`"
    )
    source = "platform fact EDGE_FORWARDED_FOR; incidents spoofed-xff, rate-limit-one-ip"
    since = "0.2"
    level = Level.SHOULD
    needs = frozenset({Capability.EDGE})

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Come as somebody else, and look for them where a client's address is written down."""
        path = space.manifest.space.ready
        first, second = made_up(2)
        before = len(instance.logs())
        with instance.edge().client(Manner.OBSERVED) as client:
            answers = [_come(client, path, {"X-Forwarded-For": who}) for who in (first, first, second)]
            beside = _come(client, path, {COMES_AS: _somebody_else()})
        for line in _written_since(instance, before).splitlines():
            if (first in line or second in line) and VISITOR not in line:
                yield self.problem(
                    f"the log names {first if first in line else second} as the client, which the client had "
                    f"made up, and not {VISITOR}, which the edge appended: {line.strip()}"
                )
                break
        left = [_left(answer) for answer in answers]
        if _counts_by_what_is_made_up(left):
            yield self.problem(
                f"the rate limit of {path} begins anew with another X-Forwarded-For: two requests of one "
                f"left {left[0]} and {left[1]}, then one of another {left[2]}"
            )
        if _counts_all_as_one(left, _left(beside)):
            yield self.problem(
                f"the rate limit of {path} is one for all visitors: two requests of one left {left[0]} and "
                f"{left[1]}, and the first one of another {_left(beside)}"
            )


def made_up(count: int) -> list[str]:
    """Return different addresses that belong to nobody (RFC 5737)."""
    numbers = secrets.SystemRandom().sample(range(1, _NAMES + 1), count)
    return [f"203.0.113.{number}" for number in numbers]


def _somebody_else() -> str:
    """Return the address of another visitor than `VISITOR`, whom nobody has been so far."""
    return f"{VISITOR.rpartition('.')[0]}.{secrets.SystemRandom().randint(2, _NAMES)}"


def _come(client: httpx.Client, path: str, headers: dict[str, str]) -> Mapping[str, str]:
    """Return the headers of the answer."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer.headers


def _written_since(instance: FullInstance, before: int) -> str:
    """Return what the log has gained; a server may write a request down a moment after it has answered."""
    patience_ends = time.monotonic() + _PATIENCE
    while len(log := instance.logs()) <= before and time.monotonic() < patience_ends:
        time.sleep(_PAUSE)
    return log[before:]


def _left(headers: Mapping[str, str]) -> int | None:
    """Return how many requests the client has left, where an answer says so."""
    said = next((headers[name] for name in _COUNTERS if name in headers), "")
    found = re.search(r"\b(?:remaining|r)=(\d+)", said) or re.match(r"(\d+)\b", said)
    return int(found[1]) if found else None


def _counts_all_as_one(left: list[int | None], beside: int | None) -> bool:
    one, two, _ = left
    return one is not None and two is not None and beside is not None and beside < two < one


def _counts_by_what_is_made_up(left: list[int | None]) -> bool:
    one, two, other = left
    return one is not None and two is not None and other is not None and two < one and other > two
