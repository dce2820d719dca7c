"""A Space answers the first request after its database has napped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from spacedock.contract.evidence.answered import Unanswered, require_answers
from spacedock.contract.evidence.asking import send, send_at_once
from spacedock.contract.evidence.quiet import quiet
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

_DATABASES = ("postgres", "pgbouncer")
# Neon wakes within a second as a rule; the page of the Space, its own start and retries come on top of it.
_WAKING = 5.0  # seconds


class OutlivesANapOfItsDatabase(Promise):
    """Its connections are closed while it is idle; then new ones take seconds. Each request is answered."""

    title = "it answers the first request after its database has napped"
    reason = (
        "Neon puts a database to sleep after five minutes without a query: what a pool holds is closed, and "
        "the next connection waits until it is awake."
    )
    consequence = (
        "Whoever comes first after a pause gets an error and the next one an answer: who looks for it never "
        "sees it."
    )
    remedy = (
        "test a connection before it leaves the pool (SQLAlchemy: `pool_pre_ping=True`; psycopg_pool: "
        "`check=ConnectionPool.check_connection`), and give a new one 10 s or more to come about"
    )
    source = (
        "Neon documentation, Scale to Zero and Connection latency and timeouts; incidents "
        "db-idle-connection-closed, neon-cold-start-timeout"
    )
    since = "0.3"
    level = Level.SHOULD  # not every Postgres naps, and which one is meant the manifest does not know
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """A nap shows in the requests that need the database."""
        if not _databases(space):
            return "the manifest names no database"
        return "" if space.manifest.requests else "the manifest names no [[requests]]"

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Boot behind a proxy, so that there are connections; close them, then let new ones wait.

        What stumbles over closed connections would do so again while it waits for new ones.
        """
        require_answers(space, instances)
        with instances.dock.faults() as faults:
            spec = BootSpec("on a database that naps", environment=faults.environment)
            with closing(instances.ready(spec)) as instance:
                for request in space.manifest.requests:
                    if (answer := send(instance, request)).failed:
                        raise Unanswered(instance, str(answer))
                for database in _databases(space):
                    lost = tuple(self._asleep(space, instance, faults, database))
                    yield from lost or self._waking(space, instance, faults, database)

    def _asleep(
        self, space: Space, instance: FullInstance, faults: NetworkFaults, database: str
    ) -> Iterator[Problem]:
        """Let each request be the first one after a pause, until one fails."""
        for request in space.manifest.requests:
            faults.break_(database, NetworkFault("close"))
            if (answer := send(instance, request)).failed:
                seen = f"as the first one after a pause, in which {database} closed its connections, {answer}"
                yield self.problem(seen, instance=quiet(instance))
                return

    def _waking(
        self, space: Space, instance: FullInstance, faults: NetworkFaults, database: str
    ) -> Iterator[Problem]:
        """Send the requests side by side, so that they wait for it together."""
        faults.break_(database, NetworkFault("close"))
        with faults.broken(database, NetworkFault("cold", _WAKING)):
            for answer in send_at_once(instance, space.manifest.requests, 1):
                if answer.failed:
                    seen = f"while {database} takes {_WAKING:.0f} s to accept a connection, {answer}"
                    yield self.problem(seen, instance=quiet(instance))
                    return


def _databases(space: Space) -> tuple[str, ...]:
    return tuple(service for service in space.manifest.services if service in _DATABASES)
