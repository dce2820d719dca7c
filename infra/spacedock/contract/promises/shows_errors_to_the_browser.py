"""A Space's front end can read what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence, NotSeen
from spacedock.evidence.errors import (
    ErrorsWhileRefused,
    ReadByBrowsers,
    SpoiltRequests,
    called_with_a_body,
)
from spacedock.evidence.examples import told
from spacedock.space import Space


class ShowsErrorsToTheBrowser(Promise):
    """Asked is what a browser may read when it goes well, in ways that it goes wrong.

    Bodies are broken, the headers of private requests are left out, and where there are services they refuse.
    """

    title = "an error carries the CORS header, so that the front end can read it"
    reason = (
        "A browser shows a page no answer without `Access-Control-Allow-Origin`, and what answers errors "
        "often stands outside of what adds it."
    )
    consequence = (
        "The browser reports `blocked by CORS policy`, and people mend CORS instead of the error. Hugging "
        "Face's edge was seen adding the header to every answer; it shows with a custom domain, or elsewhere."
    )
    remedy = (
        "let CORS be outermost: `app = CORSMiddleware(api, ...)` around the whole FastAPI or Starlette "
        "application instead of `add_middleware`, which stands inside of what answers an exception"
    )
    source = "Fetch standard, CORS check; Starlette's order of middleware; incident cors-missing-on-500"
    since = "0.3"
    level = Level.SHOULD  # the edge was seen to mend it
    evidence: ClassVar = (ErrorsWhileRefused, ReadByBrowsers, SpoiltRequests)

    def nothing_to_check(self, space: Space) -> str:
        """Without a page elsewhere that calls, no browser asks."""
        if not _front_ends(space):
            return "the manifest allows no other site's origin"
        known = space.manifest.requests or called_with_a_body(space)
        return "" if known else "the manifest names no [[requests]] that could go wrong"

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """What is broken in what it is asked; its services are broken where that went well."""
        return (SpoiltRequests(_front_ends(space)[0]),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at requests that were broken; then, where it needs services, at broken services."""
        origin = _front_ends(space)[0]
        spoilt = seen(SpoiltRequests(origin))
        errors = spoilt.errors
        if spoilt.seen:
            yield self.problem(told(spoilt.seen), log=spoilt.log)
        elif seen(ReadByBrowsers(origin)) and space.manifest.services and seen.can_show(ErrorsWhileRefused):
            refused = seen(ErrorsWhileRefused(origin))
            errors += refused.errors
            if refused.seen:
                yield self.problem(f"while every service refuses, {told(refused.seen)}", log=refused.log)
        if not errors:
            raise NotSeen("nothing that a browser may ask went wrong, whatever was broken")


def _front_ends(space: Space) -> tuple[str, ...]:
    own = f"https://{space.host}"
    return tuple(origin for origin in space.allowed_origins if origin != own)
