"""A Space boots while another one of it still serves."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.base import Problem, Promise
from spacedock.contract.evidence.lives import TO_BE_STOPPED, ending
from spacedock.contract.instances import RESTARTED, Instances
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0
_NOTHING = "gives no answer"
_ERROR = "answers with a server error"
_BAD = frozenset({_NOTHING, _ERROR})


class OverlapsOnRedeploy(Promise):
    """Old and new run side by side on the same services, both answer, and the end of one leaves the other."""

    title = "a new instance boots while the old one serves"
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

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that serves, and the one whose end must not disturb it."""
        return (AS_DEPLOYED, TO_BE_STOPPED)

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Let one end beside the one that serves, boot a new one, and ask both."""
        instances.ready(AS_DEPLOYED)
        if not instances.crowded:
            yield from self._side_by_side(space, instances)
        if instances.crowded:
            yield self.problem(
                f"beside another instance of the same Space it {instances.crowded.boot}; alone it boots",
                instance=instances.crowded,
            )

    def _side_by_side(self, space: Space, instances: Instances) -> Iterator[Problem]:
        serves = instances.ready(AS_DEPLOYED)
        at_first = _answer(space, serves)
        ending(space, instances)
        if instances.crowded:
            return
        after_an_end = _answer(space, serves)
        new = instances.ready(RESTARTED)
        if instances.crowded:
            return
        seen = {
            "once another one was stopped, the one that serves": (serves, after_an_end),
            "once a new one has booted, the one that serves": (serves, _answer(space, serves)),
            "beside the one that serves, the new one": (new, _answer(space, new)),
        }
        for which, (instance, answer) in seen.items():
            if answer != at_first and answer in _BAD:
                yield self.problem(f"{which} {answer}", instance=instance)
                return


def _answer(space: Space, instance: FullInstance) -> str:
    """Return what an instance does when it is asked whether it is ready."""
    try:
        answer = httpx.get(
            f"{instance.url}{space.manifest.space.ready}", timeout=_TIMEOUT_SECONDS, trust_env=False
        )
    except httpx.HTTPError:
        return _NOTHING
    return _ERROR if answer.is_server_error else "answers"
