"""A Space lets the browsers of its own front ends in, and nobody else's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.preflights import Preflights
from spacedock.space import Space
from spacedock.space.manifest import Origins

_DISALLOWED = re.compile(r"Disallowed CORS (\w+(?:, ?\w+)*)")  # Starlette, middleware/cors.py


# Defects of an origin that is let in, with a method or headers that are not.
_NOT_THE_ORIGIN = re.compile(r"does not allow|allows the origin|but not for|without the header")
_BESIDE_ORIGINS = (
    "name the method and the headers that the front end sends in the CORS middleware, beside the origins: "
    '`allow_methods=["POST"]`, `allow_headers=["authorization", "content-type"]`; or correct `method` and '
    "`headers` of the manifest's [origins], where it sends others"
)


class AnswersCorsPreflight(Promise):
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
    evidence: ClassVar = (Preflights,)

    def nothing_to_check(self, space: Space) -> str:
        """Without origins in the manifest nobody is expected to call from a browser."""
        origins = space.manifest.origins
        return "" if origins.allowed or origins.refused else "the manifest names no origins"

    def wants(self, space: Space) -> tuple[Preflights, ...]:
        """One preflight an origin."""
        return (Preflights(tuple(dict.fromkeys([*space.allowed_origins, *_refused(space)]))),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare what each origin gets with what it must get."""
        (asked,) = self.wants(space)
        defects = {
            origin: _allowed_defect(space, reply, origin)
            if origin in space.allowed_origins
            else _refused_defect(reply, origin)
            for origin, reply in seen(asked)
        }
        for defect, origins in _grouped(defects):
            other = _NOT_THE_ORIGIN.search(defect) and "the origin" not in defect.partition("does not")[2]
            yield self.problem(
                f"preflight from {', '.join(origins)}: {defect}", remedy=_BESIDE_ORIGINS if other else ""
            )


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


def _allowed_defect(space: Space, reply: Reply, origin: str) -> str:
    """Return what keeps a browser of an allowed origin out; empty when nothing does."""
    asked = space.manifest.origins
    given = _granted(reply)
    if not reply.ok:
        answered = "not answered" if reply.status is None else f"answered {reply.status}"
        why = _what_is_refused(asked, reply, origin)
        return f"{answered}, {why}" if why else f"{answered}, though the origin is allowed"
    methods = _words(reply.headers.get("access-control-allow-methods"))
    headers = _words(reply.headers.get("access-control-allow-headers"))
    if given != origin:
        return f"allowed, but `access-control-allow-origin` is {given!r} instead of the origin"
    if asked.credentials and reply.headers.get("access-control-allow-credentials") != "true":
        return "allowed, but without `access-control-allow-credentials: true`"
    if asked.method.lower() not in methods:
        return f"allowed, but not for {asked.method}"
    if absent := [name for name in asked.headers if name.lower() not in headers]:
        return f"allowed, but without the header {', '.join(absent)}"
    return ""


def _what_is_refused(asked: Origins, reply: Reply, origin: str) -> str:
    """Return what of a preflight was refused, where the answer tells it in words or by its headers."""
    headers = f"the header {', '.join(asked.headers)}"
    parts = {"origin": "the origin", "method": asked.method, "headers": headers}
    said = _DISALLOWED.search(reply.text)
    wrong = [parts[word] for word in re.findall(r"\w+", said[1]) if word in parts] if said else []
    if said and wrong:
        return f"`{said[0]}`: it does not allow {' nor '.join(wrong)}"
    if _granted(reply) == origin:
        return f"it allows the origin, and not {asked.method} or {headers}"
    return ""


def _refused_defect(reply: Reply, origin: str) -> str:
    given = _granted(reply)
    return (
        f"allowed by `access-control-allow-origin: {given}`, though it must be refused"
        if given in {origin, "*"}
        else ""
    )


def _granted(reply: Reply) -> str | None:
    name = "access-control-allow-origin"
    return reply.headers.get(name) if name in reply.headers else None


def _grouped(defects: dict[str, str]) -> Iterable[tuple[str, list[str]]]:
    """Return each defect with the origins that meet it, so that one cause reads as one problem."""
    origins = defaultdict(list)
    for origin, defect in defects.items():
        if defect:
            origins[defect.replace(origin, "the origin itself")].append(origin)
    return origins.items()


def _words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}
