"""A Space answers HEAD as it answers GET."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.requests import Unanswered
from spacedock.evidence.visits import FollowedDirectly, on_and_on
from spacedock.space import Space

_OK = 200
_METHODS = ("GET", "HEAD")


class AnswersHead(Promise):
    """HEAD is asked by uptime checks, of `/` and of the ready path, and once by something at start.

    A root that sends whoever asks to another host is left alone: what that one answers is not the Space's.
    """

    title = "GET and HEAD / answer 200, and HEAD the ready path"
    reason = "The Space page shows `/`; one Space that stayed `Starting` logged `HEAD / 405` (contested)."
    consequence = "The page shows an error where the application should be; monitors count the Space as down."
    remedy = 'answer both at the root: `@app.api_route("/", methods=["GET", "HEAD"])`'
    source = "incidents head-root-405 and root-404-misread (one report, contradicted by others)"
    since = "0.1"
    level = Level.SHOULD
    evidence: ClassVar = (FollowedDirectly,)

    def wants(self, _space: Space) -> tuple[FollowedDirectly, ...]:
        """The root, as the Space page and a monitor ask for it."""
        return tuple(FollowedDirectly(method=method) for method in _METHODS)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look what each comes to in the end, redirects within the Space followed."""
        if (root := seen(FollowedDirectly())[-1]).failed:
            raise Unanswered(str(root))
        for wanted in self.wants(space):
            if defect := _defect(seen(wanted)):
                yield self.problem(f"{wanted.method} / {defect}")
        ready = space.manifest.space.ready
        if ready == "/" or _defect(seen(FollowedDirectly(ready))):
            return
        if defect := _defect(seen(FollowedDirectly(ready, "HEAD"))):
            yield self.problem(
                f"HEAD {ready} {defect}; GET answers it",
                consequence="Monitors that ask for the state of the Space by HEAD count it as down.",
                remedy=f'answer both there: `@app.api_route("{ready}", methods=["GET", "HEAD"])`',
            )


def _defect(replies: tuple[Reply, ...]) -> str:
    """Return what is wrong with the last reply; empty where nothing is. An endless body is no defect."""
    last = replies[-1]
    if last.status is None:
        where = "" if len(replies) == 1 else f" redirects to {last.path}, which"
        return f"{where} is not answered: {last.failure}".strip()
    if on_and_on(replies):
        return f"redirects on and on, in the end to {last.location}"
    return "" if last.status == _OK or last.redirects else f"answers {last.status}"
