"""Whoever is to call a Space is not kept out by its visibility."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.space import Space

_TOKEN_HEADERS = frozenset(platform.PRIVATE_TOKEN_HEADERS.value)


class IsVisibleToItsCallers(Promise):
    """Read from the manifest alone: what Hugging Face keeps from strangers no Space can answer."""

    title = "it is not private where others than its members call it"
    reason = "A private Space is there for its members only, who show that with a token of Hugging Face."
    consequence = (
        f"{platform.PRIVATE_STATUS.value} to every visitor of the front end, as if there were no such Space; "
        "the Space itself never hears of it."
    )
    remedy = (
        "make it public, or protected, where the code stays private; or call it from a server that sends a "
        "token of a member, which must never reach a browser"
    )
    source = "platform fact PRIVATE_STATUS; spaces-overview, visibility; incident private-space-404"
    since = "0.3"
    evidence: ClassVar = ()  # the manifest was read

    def nothing_to_check(self, space: Space) -> str:
        """Only of a private Space is anybody kept out."""
        return "" if space.manifest.space.visibility == "private" else "the manifest does not make it private"

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look who is to call it without a token: pages elsewhere, and requests that show none."""
        own = f"https://{space.host}"
        if foreign := [origin for origin in space.allowed_origins if origin != own]:
            yield self.problem(f"it is private, and the pages at {', '.join(foreign)} are to call it")
        for request in space.manifest.requests:
            if not _TOKEN_HEADERS & {name.lower() for name in request.headers}:
                yield self.problem(
                    f"it is private, and {request.method} {request.path} is asked without an authorization"
                )
