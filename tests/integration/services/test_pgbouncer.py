"""PgBouncer in transaction mode: what breaks behind it, as on Neon, and what does not."""

from __future__ import annotations

import os
import pwd
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from spacedock.runs import OpenRun
from spacedock.services import pgbouncer, postgres
from spacedock.services.base import Service
from spacedock.services.hosts import pooler
from tests.integration.services.conftest import Pier, Start

CLIENTS = 2 * pooler.SERVERS


@pytest.fixture(params=["in_container", "in_process"])
def service(request: pytest.FixtureRequest) -> Service:
    if (
        request.param == "in_process"
        and shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") is None
    ):
        pytest.skip("needs pgbouncer on this machine: apt-get install pgbouncer")
    start: Start = request.getfixturevalue(request.param)
    return start(pgbouncer)


def connect(url: str, prepare: int | None = None, **changed: str) -> psycopg.Connection:
    conninfo = make_conninfo(url, connect_timeout=10, **changed)
    return psycopg.connect(conninfo, autocommit=True, prepare_threshold=prepare)


def backends(url: str, clients: int, rounds: int, prepare: int | None) -> set[int]:
    """Have clients ask at the same time, and return the server processes that answered."""
    start = Barrier(clients)

    def ask(_: int) -> set[int]:
        with connect(url, prepare) as connection:
            start.wait(timeout=60)
            rows = [
                connection.execute("SELECT pg_backend_pid(), %s::int", [n]).fetchone() for n in range(rounds)
            ]
        return {row[0] for row in rows if row}

    with ThreadPoolExecutor(clients) as pool:
        return set().union(*pool.map(ask, range(clients)))


def test_the_way_through_is_encrypted_and_has_no_channel_binding(service: Service) -> None:
    url = service.local["url"]
    with connect(url) as connection:
        assert connection.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError, match=r"SSL required|TLS required"):
        connect(url, sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="channel binding"):
        connect(url, channel_binding="require")


def test_a_wrong_password_is_refused(service: Service) -> None:
    for key in ("url", "direct_url"):
        with pytest.raises(
            psycopg.OperationalError, match=r"password authentication failed|SASL authentication"
        ):
            connect(service.local[key], password="wrong")


def test_prepared_statements_break_under_clients_at_once(service: Service) -> None:
    with pytest.raises((psycopg.errors.DuplicatePreparedStatement, psycopg.errors.InvalidSqlStatementName)):
        backends(service.local["url"], CLIENTS, 50, prepare=0)


def test_without_them_many_clients_share_a_few_connections(service: Service) -> None:
    assert 1 <= len(backends(service.local["url"], CLIENTS, 50, prepare=None)) <= pooler.SERVERS


def test_past_the_pooler_they_work(service: Service) -> None:
    assert len(backends(service.local["direct_url"], CLIENTS, 50, prepare=0)) == CLIENTS


def test_both_ways_lead_to_one_database(service: Service) -> None:
    with connect(service.local["url"]) as connection:
        connection.execute("CREATE TABLE kept (page int)")
    with connect(service.local["direct_url"]) as connection:
        connection.execute("DROP TABLE kept")


def test_a_setting_in_the_startup_packet_is_refused(service: Service) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        connect(service.local["url"], options="-c search_path=public")
    with connect(service.local["direct_url"], options="-c search_path=public") as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("public",)


def test_one_client_too_many_is_refused(service: Service) -> None:
    url = service.local["url"]
    with ExitStack() as stack:
        for _ in range(pooler.CLIENTS):
            stack.enter_context(connect(url))
        with pytest.raises(psycopg.OperationalError, match="no more connections allowed"):
            connect(url)


def test_its_log_has_no_secret(service: Service) -> None:
    (password,) = service.canaries["url"]
    assert "ready to accept connections" in service.logs()
    assert "login attempt" in service.logs()
    assert password not in service.logs()


def test_its_header_tells_what_there_is_not(service: Service) -> None:
    assert "no prepared statements" in service.header[0]
    assert service.header[1].startswith("postgres: ")


def test_a_space_reaches_it_by_its_name_beside_a_postgres(in_container: Start, pier: Pier) -> None:
    in_container(postgres)
    values = in_container(pgbouncer).values
    assert "@pgbouncer:6432/" in values["url"]
    assert "@pgbouncer-server:5432/" in values["direct_url"]
    for url in values.values():
        seen = pier.within(
            pier.supply.pinned("postgres").tag,
            "sh",
            "-c",
            'psql --no-psqlrc --tuples-only --command "SELECT 6 * 7" "$DATABASE_URL"',
            environment={"DATABASE_URL": url},
        )
        assert seen.strip() == "42"


def test_nothing_runs_once_it_is_left_and_nothing_ran_as_root(run: OpenRun) -> None:
    if shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("needs pgbouncer on this machine: apt-get install pgbouncer")
    with pgbouncer.in_process(run) as service:
        places = {("127.0.0.1", int(str(conninfo_to_dict(url)["port"]))) for url in service.local.values()}
        listening = [c for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        pids = [c.pid for c in listening if c.laddr in places and c.pid]
        assert len(pids) == 2
        wanted = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.getuid()
        assert {psutil.Process(pid).uids().real for pid in pids} == {wanted}
    assert not any(psutil.pid_exists(pid) for pid in pids)
