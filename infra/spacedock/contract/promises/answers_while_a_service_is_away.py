"""A Space comes up and answers though a service of it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import httpx

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.services.faults.fault import NetworkFault
from spacedock.space import Space

if TYPE_CHECKING:
    from spacedock.services.faults.network import (
        NetworkFaults,  # needs testcontainers, which is slow to import
    )

# The default limits of drivers and HTTP clients are either up to 10 s or minutes, if there are any (libpq:
# none); who asks for the state of a Space, from monitors to a page that wakes it, gives up after 10 to 30 s.
_BUDGET = 10.0  # seconds
_PAUSE = 0.05  # seconds between two questions


class AnswersWhileAServiceIsAway(Promise):
    """Each service hangs in turn under a Space that runs; a second boot meets services that refuse."""

    title = "its ready path answers while a service hangs, and it boots while services refuse"
    reason = "Databases nap, move and hang; the path that tells whether a Space lives is asked all the same."
    consequence = (
        "Monitors count a Space as down whose state waits for a service; 137 s were seen. A Space "
        "that exits because its database naps stays in RUNTIME_ERROR until somebody restarts it."
    )
    remedy = (
        "let the ready path ask no service, or ask with a limit of a second or two; give each client a "
        "timeout; connect when a service is first needed, and try again, instead of once at start"
    )
    source = (
        "incidents health-endpoint-hangs-on-dependency, neon-cold-start-timeout, db-idle-connection-closed"
    )
    since = "0.2"
    level = Level.SHOULD
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """Without a service there is none that could be away."""
        return "" if space.manifest.services else "the manifest names no service"

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """None: where the proxies are is not known ahead."""
        return ()

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Boot behind proxies and break what is behind them; then boot while they refuse."""
        with instances.dock.faults() as faults:
            running = BootSpec("with services that can be broken", environment=faults.environment)
            with closing(instances.ready(running)) as instance:
                for service in space.manifest.services:
                    yield from self._hang(space, instance, faults, service)
            for service in space.manifest.services:
                faults.break_(service, NetworkFault("refuse"))
            started = BootSpec("while every service refuses", environment=faults.environment)
            with closing(instances.attempt(started)) as instance:
                if not instance.boot.ready:
                    seen = f"while every service refuses connections it does not boot: {instance.boot}"
                    yield self.problem(seen, instance=instance)

    def _hang(
        self, space: Space, instance: FullInstance, faults: NetworkFaults, service: str
    ) -> Iterator[Problem]:
        """Compare the answers before, while and after a service hangs."""
        path = space.manifest.space.ready
        before = _status(instance, path)
        with faults.broken(service, NetworkFault("hang")):
            meanwhile = _status(instance, path)
        if meanwhile is None:
            yield self.problem(
                f"GET {path} is not answered within {_BUDGET:.0f} s while {service} hangs", instance=instance
            )
        if before is not None and not _answers(instance, path, before):
            seen = (
                f"GET {path} answered {before} before {service} hung; {_BUDGET:.0f} s after it was mended it "
            )
            yield self.problem(seen + _told(_status(instance, path)), instance=instance)


def _status(instance: FullInstance, path: str) -> int | None:
    """Return the status of a GET; None where none comes in time."""
    try:
        with httpx.stream("GET", instance.url + path, timeout=_BUDGET, trust_env=False) as answer:
            return answer.status_code
    except httpx.HTTPError:
        return None


def _answers(instance: FullInstance, path: str, status: int) -> bool:
    """Whether it comes to that status within the budget."""
    patience_ends = time.monotonic() + _BUDGET
    while _status(instance, path) != status:
        if time.monotonic() > patience_ends or not instance.alive():
            return False
        time.sleep(_PAUSE)
    return True


def _told(status: int | None) -> str:
    return "does not answer" if status is None else f"answers {status}"
