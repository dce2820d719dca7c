"""A Space takes for its client whom the edge saw, not whom the client says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.edge.base import VISITOR
from spacedock.evidence.asking import Headers
from spacedock.evidence.clients import AskedUntilLimited, ClaimedToBeOthers
from spacedock.space import Space

_COUNTERS = ("x-ratelimit-remaining", "ratelimit-remaining", "ratelimit")


class TrustsOnlyTheEdgeForClientAddress(Promise):
    """Seen where a Space shows it: a line of its log, how many requests it says are left, whom it turns away.

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
    evidence: ClassVar = (AskedUntilLimited, ClaimedToBeOthers)

    def wants(self, _space: Space) -> tuple[ClaimedToBeOthers, ...]:
        """Visits as somebody else."""
        return (ClaimedToBeOthers(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look for who was made up where a client's address is written down."""
        path, came = space.manifest.space.ready, seen(ClaimedToBeOthers())
        for line in came.written.splitlines():
            named = next((who for who in came.claimed if who in line), "")
            if named and VISITOR not in line:
                yield self.problem(
                    f"the log names {named} as the client, which the client had "
                    f"made up, and not {VISITOR}, which the edge appended: {line.strip()}"
                )
                break
        left = [_left(reply.headers) for reply in came.replies]
        beside = _left(came.beside.headers)
        if _counts_by_what_is_made_up(left):
            yield self.problem(
                f"the rate limit of {path} begins anew with another X-Forwarded-For: two requests of one "
                f"left {left[0]} and {left[1]}, then one of another {left[2]}"
            )
        if _counts_all_as_one(left, beside):
            yield self.problem(
                f"the rate limit of {path} is one for all visitors: two requests of one left {left[0]} and "
                f"{left[1]}, and the first one of another {beside}"
            )
        if space.manifest.requests and (limited := seen(AskedUntilLimited())) and limited.lifted:
            yield self.problem(
                f"{limited.request} turns a visitor away (429) after {limited.after} requests, and serves "
                "the same one again with another X-Forwarded-For"
            )


def _left(headers: Headers) -> int | None:
    """Return how many requests the client has left, where an answer says so."""
    said = next((headers.get(name) for name in _COUNTERS if name in headers), "")
    found = re.search(r"\b(?:remaining|r)=(\d{1,18})\b", said) or re.match(r"(\d{1,18})\b", said)
    return int(found[1]) if found else None


def _counts_all_as_one(left: list[int | None], beside: int | None) -> bool:
    one, two, _ = left
    return one is not None and two is not None and beside is not None and beside < two < one


def _counts_by_what_is_made_up(left: list[int | None]) -> bool:
    one, two, other = left
    return one is not None and two is not None and other is not None and two < one and other > two
