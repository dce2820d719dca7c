"""What lies in a service: enough of it to tell whether it is still there later."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from spacedock.services.base import Service

_TABLES = 30  # or collections, at most
_ROWS = 1000  # of one of them
_SECONDS = 5.0  # for one question
# What libraries keep of their own: it is there although nothing was left.
_VERSIONS = "%(migration|alembic|schema_version|flyway|knex)%"


@dataclass(frozen=True)
class Stock:
    """How many things lie in each table or collection, and marks by which some of them are known again."""

    counts: dict[str, int]
    marks: frozenset[tuple[str, str]]  # a table's name, and one of its rows

    def added_since(self, before: Stock) -> frozenset[tuple[str, str]]:
        """Return the marks of what was added: in tables that hold more, since rows are changed as well."""
        return frozenset(
            (table, row)
            for table, row in self.marks - before.marks
            if self.counts[table] > before.counts.get(table, 0)
        )

    def gone_from(self, later: Stock, added: frozenset[tuple[str, str]]) -> tuple[str, ...]:
        """Return the tables of which `later` has nothing left: of what was added, else of all that was there.

        A row that changes is another one. So what nobody is known to have added has to be fewer, too.
        """
        marks = added or self.marks
        if not marks or marks & later.marks:
            return ()
        tables = sorted({table for table, _ in marks})
        fewer = all(later.counts.get(table, 0) < self.counts[table] for table in tables)
        return tuple(tables) if added or fewer else ()


def stock_of(service: Service) -> Stock | None:
    """Look what lies in a service; None where it is of no kind that keeps anything, or does not say."""
    look = {"postgres": _in_postgres, "pgbouncer": _in_postgres, "qdrant": _in_qdrant}.get(service.name)
    try:
        return None if look is None else look(service)
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _in_postgres(service: Service) -> Stock:
    """Raises OSError where it does not answer."""
    import psycopg
    from psycopg import sql

    counts, marks = dict[str, int](), set[tuple[str, str]]()
    try:
        with psycopg.connect(service.local["url"], connect_timeout=int(_SECONDS)) as connection:
            connection.execute(f"SET statement_timeout = {int(_SECONDS * 1000)}")
            for schema, table in _tables(connection):
                name, place = f"{schema}.{table}", sql.Identifier(schema, table)
                count = sql.SQL("SELECT count(*) FROM {}").format(place)
                some = sql.SQL("SELECT md5(it::text) FROM {} AS it LIMIT {}").format(place, _ROWS)
                counts[name] = connection.execute(count).fetchall()[0][0]
                marks |= {(name, mark) for (mark,) in connection.execute(some)}
    except psycopg.Error as error:
        raise OSError(str(error)) from error
    return Stock(counts, frozenset(marks))


def _tables(connection: Any) -> Iterator[tuple[str, str]]:
    rows = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', "
        "'information_schema') AND tablename NOT SIMILAR TO %s ORDER BY 1, 2 LIMIT %s",
        (_VERSIONS, _TABLES),
    )
    yield from rows.fetchall()


def _in_qdrant(service: Service) -> Stock:
    counts, marks = dict[str, int](), set[tuple[str, str]]()
    found = _asked(service, "GET", "/collections")
    for name in [each["name"] for each in found["collections"]][:_TABLES]:
        path = f"/collections/{quote(name, safe='')}/points"
        counts[name] = _asked(service, "POST", f"{path}/count", {"exact": True})["count"]
        points = _asked(service, "POST", f"{path}/scroll", {"limit": _ROWS, "with_payload": False})
        marks |= {(name, str(point["id"])) for point in points["points"]}
    return Stock(counts, frozenset(marks))


def _asked(service: Service, method: str, path: str, body: object = None) -> Any:
    """Return the result. Raises ValueError for a refusal."""
    address = urlsplit(service.local["url"])
    headers = {"api-key": service.local["api_key"], "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(address.netloc, timeout=_SECONDS)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
    if answer.status != http.client.OK:
        raise ValueError(f"{method} {path}: {answer.status}")
    return json.loads(text)["result"]
