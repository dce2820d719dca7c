"""A Space lets the browsers of its own front ends in, and nobody else's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import httpx

from spacedock.contract.base import LookPromise
from spacedock.contract.evidence.preflights import preflight
from spacedock.contract.promise import Problem
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0


class AnswersCorsPreflight(LookPromise):
    """Allowed origins pass the preflight; refused ones, and look-alikes of the allowed, do not."""

    title = "the CORS preflight answers the allowed origins and nobody else"
    reason = (
        "A browser asks before it lets a page of another origin call; a wrong answer is a dead front end."
    )
    consequence = (
        "The browser reports `blocked by CORS policy`. Hugging Face's edge was seen answering preflights "
        "itself, without credentials; where it lets them through, or the Space runs elsewhere, this counts."
    )
    remedy = (
        "list the exact origins (scheme, host, no slash at the end) in the CORS middleware; no `*` with "
        "credentials; patterns only when they are anchored at both ends"
    )
    source = "Fetch standard, CORS protocol; incidents cors-wildcard-credentials, cors-origin-trailing-slash"
    since = "0.1"

    def nothing_to_check(self, space: Space) -> str:
        """Without origins in the manifest nobody is expected to call from a browser."""
        origins = space.manifest.origins
        return "" if origins.allowed or origins.refused else "the manifest names no origins"

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Send one preflight an origin and compare what it gets."""
        with httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            allowed = {origin: _allowed_defect(space, client, origin) for origin in space.allowed_origins}
            refused = {origin: _refused_defect(space, client, origin) for origin in _refused(space)}
        for defect, origins in _grouped({**allowed, **refused}):
            yield self.problem(f"preflight from {', '.join(origins)}: {defect}")


def look_alikes(origin: str) -> tuple[str, ...]:
    """Return origins that a careless comparison would take for `origin`."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host:
        return ()
    return (
        f"https://{host}.attacker.example",
        f"https://attacker-{host}",
        f"https://{host.replace('.', '-', 1)}",  # an unescaped dot in a pattern
        f"http://{parts.netloc}",
        f"https://{host}:8443",
    )


def _refused(space: Space) -> tuple[str, ...]:
    allowed = space.allowed_origins
    similar = (fake for origin in allowed for fake in look_alikes(origin))
    every = dict.fromkeys([*space.manifest.origins.refused, "null", *similar])
    return tuple(origin for origin in every if origin not in allowed)


def _allowed_defect(space: Space, client: httpx.Client, origin: str) -> str:
    """Return what keeps a browser of an allowed origin out; empty when nothing does."""
    asked = space.manifest.origins
    answer = preflight(space, client, origin)
    given = answer.headers.get("access-control-allow-origin")
    methods = _words(answer.headers.get("access-control-allow-methods", ""))
    headers = _words(answer.headers.get("access-control-allow-headers", ""))
    if not answer.is_success:
        return f"answered {answer.status_code}, though the origin is allowed"
    if given != origin:
        return f"allowed, but `access-control-allow-origin` is {given!r} instead of the origin"
    if asked.credentials and answer.headers.get("access-control-allow-credentials") != "true":
        return "allowed, but without `access-control-allow-credentials: true`"
    if asked.method.lower() not in methods:
        return f"allowed, but not for {asked.method}"
    if absent := [name for name in asked.headers if name.lower() not in headers]:
        return f"allowed, but without the header {', '.join(absent)}"
    return ""


def _refused_defect(space: Space, client: httpx.Client, origin: str) -> str:
    given = preflight(space, client, origin).headers.get("access-control-allow-origin")
    return (
        f"allowed by `access-control-allow-origin: {given}`, though it must be refused"
        if given in {origin, "*"}
        else ""
    )


def _grouped(defects: dict[str, str]) -> Iterable[tuple[str, list[str]]]:
    """Return each defect with the origins that meet it, so that one cause reads as one problem."""
    origins = defaultdict(list)
    for origin, defect in defects.items():
        if defect:
            origins[defect.replace(origin, "the origin itself")].append(origin)
    return origins.items()


def _words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}
