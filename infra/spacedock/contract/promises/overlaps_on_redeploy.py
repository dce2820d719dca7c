"""A Space boots while another one of it still serves."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.base import AS_DEPLOYED, Problem, Promise
from spacedock.contract.berths import RESTARTED, Berths
from spacedock.contract.evidence.lives import TO_BE_STOPPED, ending
from spacedock.docks.base import Berth, Capability, Order
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0
_NOTHING = "gives no answer"
_ERROR = "answers with a server error"
_BAD = frozenset({_NOTHING, _ERROR})


class OverlapsOnRedeploy(Promise):
    """Old and new run side by side on the same services, both answer, and the end of one leaves the other."""

    title = "a new berth boots while the old one serves"
    reason = "The platform starts the new container before it stops the old one; both want the same services."
    consequence = (
        "RUNNING_APP_STARTING ends in RUNTIME_ERROR: the new container fails as long as the old one serves, "
        "or breaks what the old one is doing."
    )
    remedy = (
        "take no lock and no name for the whole life of the server, count two pools against the database's "
        "limit, and wait for what is exclusive in the background, after the port is open"
    )
    source = "client, stages RUNNING_BUILDING and RUNNING_APP_STARTING; incident pool-exhausted"
    since = "0.2"
    needs = frozenset({Capability.OVERLAP, Capability.SIGNALS})

    def orders(self, _space: Space) -> tuple[Order, ...]:
        """The one that serves, and the one whose end must not disturb it."""
        return (AS_DEPLOYED, TO_BE_STOPPED)

    def check(self, space: Space, berths: Berths) -> Iterator[Problem]:
        """Let one end beside the one that serves, board a new one, and ask both."""
        berths.ready(AS_DEPLOYED)
        if not berths.crowded:
            yield from self._side_by_side(space, berths)
        if berths.crowded:
            yield self.problem(
                f"beside another berth of the same Space it {berths.crowded.boot}; alone it boots",
                berth=berths.crowded,
            )

    def _side_by_side(self, space: Space, berths: Berths) -> Iterator[Problem]:
        serves = berths.ready(AS_DEPLOYED)
        at_first = _answer(space, serves)
        ending(space, berths)
        if berths.crowded:
            return
        after_an_end = _answer(space, serves)
        new = berths.ready(RESTARTED)
        if berths.crowded:
            return
        seen = {
            "once another one was stopped, the one that serves": (serves, after_an_end),
            "once a new one has booted, the one that serves": (serves, _answer(space, serves)),
            "beside the one that serves, the new one": (new, _answer(space, new)),
        }
        for which, (berth, answer) in seen.items():
            if answer != at_first and answer in _BAD:
                yield self.problem(f"{which} {answer}", berth=berth)
                return


def _answer(space: Space, berth: Berth) -> str:
    """Return what a berth does when it is asked whether it is ready."""
    try:
        answer = httpx.get(
            f"{berth.url}{space.manifest.space.ready}", timeout=_TIMEOUT_SECONDS, trust_env=False
        )
    except httpx.HTTPError:
        return _NOTHING
    return _ERROR if answer.is_server_error else "answers"
