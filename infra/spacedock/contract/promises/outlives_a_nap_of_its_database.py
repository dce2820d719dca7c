"""A Space answers the first request after its database has napped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.away import databases
from spacedock.evidence.base import Evidence
from spacedock.evidence.naps import Napped
from spacedock.space import Space


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
    evidence: ClassVar = (Napped,)

    def nothing_to_check(self, space: Space) -> str:
        """A nap shows in the requests that need the database."""
        if not databases(space):
            return "the manifest names no database"
        return "" if space.manifest.requests else "the manifest names no [[requests]]"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The nap."""
        return (Napped(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell each request that stumbled."""
        yield from (self.problem(stumble.seen, log=stumble.log) for stumble in seen(Napped()).stumbles)
