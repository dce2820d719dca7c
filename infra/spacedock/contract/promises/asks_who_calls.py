"""What a Space keeps private it answers to nobody who does not show that they may have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.privacy import PrivatelyAsked, PrivateReplies, is_refused, private_of
from spacedock.space import Space

_REFUSALS = frozenset({401, 403})  # RFC 9110: who are you, and: not you


class AsksWhoCalls(Promise):
    """Through the edge where there is one: there no list of origins keeps anybody out."""

    title = "its private requests are refused to whoever does not show who they are"
    reason = (
        "The edge answers preflights itself and reflects the origin of whoever calls: CORS protects nothing, "
        "and outside of browsers it never did."
    )
    consequence = (
        "Any page, and anybody with curl, calls it and reads the answer; nothing in the log says so."
    )
    remedy = (
        "ask for a token or a session in each private route and answer 401 or 403 without it; a list of "
        "allowed origins is no lock"
    )
    source = "platform fact EDGE_REFLECTS_ORIGIN; incident cors-allowlist-not-enforced"
    since = "0.3"
    evidence: ClassVar = (PrivatelyAsked,)

    def nothing_to_check(self, space: Space) -> str:
        """What is private only the manifest knows."""
        return "" if private_of(space) else "the manifest names no private request"

    def wants(self, _space: Space) -> tuple[PrivatelyAsked, ...]:
        """Each private request, called as somebody who may, as nobody, and as nobody from another origin."""
        return (PrivatelyAsked(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look who was answered."""
        answers = seen(PrivatelyAsked())
        for replies in answers.replies:
            yield from self._request(replies, answers.log)

    def _request(self, replies: PrivateReplies, log: str) -> Iterator[Problem]:
        if is_refused(replies.known):
            yield self.problem(
                f"{replies.known}, with the headers that the manifest gives it",
                log=log,
                remedy="let its [[requests]] entry have the headers with which it is answered; `$NAME` "
                "stands for a secret or variable",
            )
        whence = {"": replies.nobody, f", called from {replies.origin}": replies.from_origin}
        for where, reply in whence.items():
            if reply and reply.status not in _REFUSALS:
                yield self.problem(f"{_told(reply)} to somebody who does not say who they are{where}")


def _told(reply: Reply) -> str:
    """Return what happened, without the body: it is private."""
    return str(reply) if reply.status is None else f"{reply.method} {reply.path} answers {reply.status}"
