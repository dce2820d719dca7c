"""How Postgres's errors read; what needs a server is in the integration tests."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from backend.services.base import AwayError
from backend.services.postgres import Postgres, away
from tests.unit.backend.conftest import Configure, reason_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'FATAL:  password authentication failed for user "owner"',
            "refused the user name or the password",
        ),
        ("failed to resolve host 'db.example': Name or service not known", "does not resolve"),
        ("Connection refused\n\tIs the server running?", "refuses connections"),
        ("Network is unreachable", "has no IPv6"),
        ('FATAL:  database "textbook" does not exist', "does not exist"),
        ("connection is insecure (try using `sslmode=require`)", "it wants TLS"),
        ("no pg_hba.conf entry for host, no encryption", "it wants TLS"),
        ("server does not support SSL, but SSL was required", "does not offer the TLS"),
        ("channel binding required, but SSL not in use", "channel binding"),
        ("SSL error: certificate verify failed", "not trusted"),
        ("FATAL:  sorry, too many clients already", "no connection to spare"),
        ("something new about owner:postgres-canary", "it failed with OperationalError"),
    ],
)
async def test_a_failure_is_told_in_our_own_words(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise psycopg.OperationalError(f'connection to server at "db.example" failed: {text}')

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", fail)
    seen = await reason_of(Postgres(configure()))
    assert expected in seen
    assert not [part for part in ("db.example", "owner", "canary") if part in seen]


async def test_a_malformed_option_is_told_apart(configure: Configure) -> None:
    settings = configure(DATABASE_URL="postgresql://owner:pw@127.0.0.1:1/db?sslmode=sometimes")
    assert (
        await reason_of(Postgres(settings))
        == "the connection string has an option that is unknown or malformed"
    )


async def test_nobody_listening_is_a_refusal(configure: Configure) -> None:
    assert await reason_of(Postgres(configure(DATABASE_URL="postgresql://owner@127.0.0.1:1/db"))) == (
        "it refuses connections"
    )


def away_with(text: str, kind: type[psycopg.Error] = psycopg.OperationalError) -> AwayError:
    """What an error of the driver's means, as SQLAlchemy passes it on."""
    return away(OperationalError("SELECT 1", {}, kind(text)))


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("Connection refused", True),
        ("FATAL:  terminating connection due to administrator command", True),
        ("consuming input failed: server closed the connection unexpectedly", True),
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  sorry, too many clients already", True),
        ("canceling statement due to lock timeout", True),
        ('FATAL:  password authentication failed for user "owner"', False),
        ('FATAL:  database "textbook" does not exist', False),
        ("SSL error: certificate verify failed", False),
        ('invalid connection option "canary"', False),
    ],
)
async def test_another_try_is_made_where_it_may_help(text: str, passing: bool) -> None:
    assert away_with(text).passing is passing


@pytest.mark.parametrize("kind", [psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn])
async def test_missing_tables_say_how_they_are_made(kind: type[psycopg.Error]) -> None:
    error = away_with('relation "sessions" does not exist', kind)
    assert "python -m backend.migrate" in str(error)
    assert not error.passing


async def test_a_schema_that_somebody_holds_is_told() -> None:
    error = away_with("canceling statement due to lock timeout", psycopg.errors.LockNotAvailable)
    assert str(error) == "its schema is locked by somebody else"


async def test_a_pool_that_is_used_up_is_not_waited_for_again() -> None:
    error = away(NoConnectionError("QueuePool limit of size 4 overflow 0 reached"))
    assert str(error) == "it has no connection to spare"
    assert not error.passing
