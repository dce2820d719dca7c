"""A Space's page can be shown in a frame of huggingface.co."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence
from spacedock.evidence.routes import RoutesAsked
from spacedock.evidence.visits import Followed, is_page
from spacedock.space import Space

_KEEPS_OUT = frozenset({"deny", "sameorigin"})  # browsers ignore every other value
_COOKIE_REMEDY = (
    "set it with `SameSite=None; Secure` (and `Partitioned`, where browsers block the cookies of frames), or "
    "let the page keep a token and send it in a header"
)


class FitsInAFrame(Promise):
    """A Space without a page, whose `/` is no HTML, gives nothing to show.

    COOP, COEP and CORP of the framed page itself keep nobody out as long as the framing page has no COEP.
    """

    title = "its page works inside the frame of huggingface.co"
    reason = "The Space page on huggingface.co shows the Space in an iframe, and so do pages that embed it."
    consequence = "The frame stays blank: `Refused to display ... in a frame`; only the direct URL works."
    remedy = (
        "leave X-Frame-Options out, and where frames must be limited say "
        "`Content-Security-Policy: frame-ancestors 'self' https://huggingface.co https://*.hf.space`"
    )
    source = "spaces-embed; spaces-cookie-limitations; incidents x-frame-options-deny, cookie-samesite-iframe"
    since = "0.2"
    evidence: ClassVar = (Followed, RoutesAsked)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """A visit to `/` through the edge; the rest only where that is a page."""
        return (Followed(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the headers of the page, then at the cookies of all answers that it may lead to."""
        replies = seen(Followed())
        if is_page(replies[-1]):
            for found in _keeps_out(replies[-1]):
                yield self.problem(f"the page at / has {found}")
            known = list(_lost(replies))
            yield from self._cookies("the page at /", known)
            others = {reply.path.partition("?")[0]: reply for reply in seen(RoutesAsked())}
            for path, reply in others.items():
                lost = [name for name in _lost((reply,)) if name not in known]
                known += lost
                yield from self._cookies(f"{reply.method} {path}", lost)

    def _cookies(self, what: str, lost: list[str]) -> Iterator[Problem]:
        if lost:
            yield self.problem(
                f"{what} sets {', '.join(dict.fromkeys(lost))} without "
                f"`{'; '.join(platform.FRAME_COOKIE.value)}`",
                consequence="Browsers neither keep nor send the cookie in the frame: a login begins anew, "
                "forms with a token in a cookie are refused.",
                remedy=_COOKIE_REMEDY,
            )


def _lost(replies: Iterable[Reply]) -> Iterator[str]:
    """Yield the names of the cookies that browsers neither keep nor send in the frame."""
    lines = (line for reply in replies for line in reply.headers.get_list("set-cookie"))
    yield from (cookie.key for line in lines if (cookie := _cookie(line)) and not _passes(cookie))


def _keeps_out(page: Reply) -> Iterator[str]:
    """Yield each header that keeps the page out of the frame."""
    policies = [
        policy for line in page.headers.get_list("content-security-policy") for policy in line.split(",")
    ]
    ancestors = [found for policy in policies if (found := _frame_ancestors(policy)) is not None]
    for allowed in ancestors:
        if not any(_covers(source) for source in allowed):
            yield f"`frame-ancestors {' '.join(allowed)}`, without {platform.FRAME_ANCESTOR.value}"
    options = page.headers.get("x-frame-options")
    # Where a policy names the ancestors, browsers ignore the older header (CSP 3, frame-ancestors).
    if not ancestors and _KEEPS_OUT & {word.strip().lower() for word in options.split(",")}:
        yield f"`X-Frame-Options: {options}`"


def _frame_ancestors(policy: str) -> list[str] | None:
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name.lower() == "frame-ancestors":
            return sources or ["'none'"]
    return None


def _covers(source: str) -> bool:
    """Whether a source of a policy is huggingface.co, by https."""
    scheme, _, host = platform.FRAME_ANCESTOR.value.partition("://")
    return source.lower().rstrip("/") in {
        "*",
        f"{scheme}:",
        host,
        f"{scheme}://{host}",
        f"{scheme}://{host}:443",
    }


def _cookie(line: str) -> Morsel[str] | None:
    """Return the cookie of a Set-Cookie line; None for one that deletes a cookie, and what is none."""
    try:
        morsels = list(SimpleCookie(line).values())
    except CookieError:
        return None
    return morsels[0] if morsels and morsels[0]["max-age"] != "0" and morsels[0].value else None


def _passes(cookie: Morsel[str]) -> bool:
    return bool(cookie["secure"]) and cookie["samesite"].lower() == "none"
