"""What the services hand out: fresh secrets each time, each a canary, none in a repr."""

from __future__ import annotations

from collections.abc import Callable

import psycopg.conninfo
import pytest

from spacedock.services.hosts.base import ServiceAccount
from spacedock.services.openai import OpenAIAccount
from spacedock.services.postgres import PostgresAccount
from spacedock.services.qdrant import QdrantAccount

accounts = pytest.mark.parametrize(
    "make",
    [OpenAIAccount, QdrantAccount, lambda: PostgresAccount("require")],
    ids=["openai", "qdrant", "postgres"],
)


@accounts
def test_every_value_is_told_which_of_it_is_secret(make: Callable[[], ServiceAccount]) -> None:
    account = make()
    values = account.values("host:1")
    assert account.canaries.keys() == values.keys()
    assert any(account.canaries.values())
    assert all(canary in values[key] for key, canaries in account.canaries.items() for canary in canaries)


@accounts
def test_secrets_are_new_each_time_and_long(make: Callable[[], ServiceAccount]) -> None:
    one, other = ({canary for canaries in make().canaries.values() for canary in canaries} for _ in range(2))
    assert one.isdisjoint(other)
    assert all(len(canary) >= 32 for canary in one)


@accounts
def test_a_repr_has_no_secret(make: Callable[[], ServiceAccount]) -> None:
    account = make()
    assert not any(canary in repr(account) for canaries in account.canaries.values() for canary in canaries)


def test_the_postgres_url_is_as_neon_gives_it() -> None:
    account = PostgresAccount("require", password="w0rd")
    assert psycopg.conninfo.conninfo_to_dict(account.values("postgres:5432")["url"]) == {
        "user": "space",
        "password": "w0rd",
        "host": "postgres",
        "port": "5432",
        "dbname": "postgres",
        "sslmode": "require",
        "channel_binding": "require",
    }


def test_a_postgres_url_need_not_ask_for_channel_binding() -> None:
    url = PostgresAccount("require", binds=False).values("pgbouncer:6432")["url"]
    assert url.endswith("@pgbouncer:6432/postgres?sslmode=require")


def test_a_postgres_url_is_also_to_be_had_with_the_short_scheme() -> None:
    values = PostgresAccount("require").values("postgres:5432")
    assert values["url"].startswith("postgresql://")
    assert values["short_url"] == values["url"].replace("postgresql://", "postgres://")


def test_the_openai_key_has_the_shape_of_a_project_key() -> None:
    assert OpenAIAccount().key.startswith("sk-proj-")


def test_nobody_listening_is_a_refusal_without_the_password() -> None:
    account = PostgresAccount("prefer")
    refusal = account.refusal("127.0.0.1:1") or ""
    assert "refused" in refusal
    assert account.password not in refusal
