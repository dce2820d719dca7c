"""Postgres: as on Neon in a container, as much of that as there is in a process."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from spacedock.errors import BootError
from spacedock.runs import OpenRun, open_run
from spacedock.services import postgres
from spacedock.services.base import Service
from spacedock.services.hosts import loopback
from spacedock.services.hosts.cluster import ClusterHost
from tests.integration.services.conftest import Pier, Start


def connect(url: str, **changed: str) -> psycopg.Connection:
    return psycopg.connect(make_conninfo(url, connect_timeout=5, **changed))


def ask(url: str, query: LiteralString) -> Any:
    with connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


class TestInAContainer:
    @pytest.fixture
    def service(self, in_container: Start) -> Service:
        return in_container(postgres)

    def test_its_url_opens_an_encrypted_connection(self, service: Service) -> None:
        assert "sslmode=require&channel_binding=require" in service.local["url"]
        assert ask(service.local["url"], ENCRYPTED) is True

    def test_a_connection_without_tls_is_refused(self, service: Service) -> None:
        with pytest.raises(psycopg.OperationalError, match="no encryption"):
            connect(service.local["url"], sslmode="disable", channel_binding="disable")

    def test_a_wrong_password_is_refused(self, service: Service) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(service.local["url"], password="wrong")

    def test_its_role_may_create_tables(self, service: Service) -> None:
        assert ask(service.local["url"], "SELECT has_schema_privilege('public', 'CREATE')") is True

    def test_a_space_reaches_it_by_its_name(self, service: Service, pier: Pier) -> None:
        seen = pier.within(
            pier.supply.pinned("postgres").tag,
            "sh",
            "-c",
            f'psql --no-psqlrc --tuples-only --command "{ENCRYPTED}" "$DATABASE_URL"',
            environment={"DATABASE_URL": service.values["url"]},
        )
        assert "@postgres:5432/" in service.values["url"]
        assert seen.strip() == "t"

    def test_its_log_has_no_secret(self, service: Service) -> None:
        (password,) = service.canaries["url"]
        assert "ready to accept connections" in service.logs()
        assert password not in service.logs()

    def test_its_header_tells_a_stand_in(self, service: Service, pier: Pier) -> None:
        image = pier.supply.pinned("postgres")
        assert ("stand-in" in service.header[0]) == image.stand_in
        assert re.search(r"it is PostgreSQL \d+\.\d+$", service.header[0]) or not image.stand_in
        assert image.name in service.header[0]

    def test_a_death_while_it_starts_is_told_at_once_and_leaves_no_container(
        self, pier: Pier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "_COMMAND", "echo no space left on device; exit 3")
        before = pier.containers()
        with pytest.raises(BootError, match="postgres exited with code 3") as died:
            pier.service(postgres).__enter__()
        assert died.value.log == "no space left on device"
        assert pier.containers() == before


class TestInAProcess:
    @pytest.fixture
    def service(self, in_process: Start) -> Service:
        return in_process(postgres)

    def test_its_url_opens_a_connection_whose_lack_of_tls_the_header_tells(self, service: Service) -> None:
        assert ask(service.local["url"], ENCRYPTED) is False
        assert "without TLS" in service.header[0]

    def test_space_and_harness_use_the_same_url(self, service: Service) -> None:
        assert service.values == service.local
        assert "@127.0.0.1:" in service.values["url"]

    def test_a_wrong_password_is_refused(self, service: Service) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(service.local["url"], password="wrong")

    def test_passwords_are_kept_and_checked_by_scram(self, service: Service) -> None:
        stored = ask(service.local["url"], "SELECT rolpassword FROM pg_authid WHERE rolname = current_user")
        assert stored.startswith("SCRAM-SHA-256$")

    def test_it_listens_on_loopback_only_and_never_as_root(self, service: Service) -> None:
        server = psutil.Process(postmaster(service.local["url"]))
        listening = {c.laddr.ip for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}
        assert server.uids().real == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.getuid())

    def test_its_log_has_no_secret(self, service: Service) -> None:
        (password,) = service.canaries["url"]
        assert "ready to accept connections" in service.logs()
        assert password not in service.logs()

    def test_nothing_runs_once_it_is_left(self, run: OpenRun) -> None:
        with postgres.in_process(run) as service:
            pid = postmaster(service.local["url"])
        assert not psutil.pid_exists(pid)

    def test_a_port_that_somebody_took_first_is_given_up_for_another(
        self, run: OpenRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            choices = iter([taken.getsockname()[1]])
            choose = loopback.free_port
            monkeypatch.setattr(loopback, "free_port", lambda: next(choices, None) or choose())
            with postgres.in_process(run) as service:
                assert f":{taken.getsockname()[1]}/" not in service.local["url"]
                assert ask(service.local["url"], "SELECT 1") == 1

    def test_a_cluster_that_cannot_be_made_says_why(self, run: OpenRun) -> None:
        with pytest.raises(BootError, match="initdb exited with code 1") as failed:
            ClusterHost("pg_reserved", "word", run).start()
        assert 'superuser name "pg_reserved" is disallowed' in failed.value.log

    def test_the_next_run_ends_what_a_killed_one_left(self) -> None:
        code = (
            "import time\n"
            "from spacedock.runs import open_run\n"
            "from spacedock.services import postgres\n"
            "with open_run() as run, postgres.in_process(run) as service:\n"
            "    print(service.local['url'], flush=True)\n"
            "    time.sleep(600)\n"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as harness:
            assert harness.stdout
            pid = postmaster(harness.stdout.readline().strip())
            harness.send_signal(signal.SIGKILL)
        assert psutil.pid_exists(pid)
        assert shared_memory_of(pid)
        with open_run():
            assert not psutil.pid_exists(pid)
        assert not shared_memory_of(pid)


def shared_memory_of(pid: int) -> list[str]:
    """Return the System V segments that a process made; they outlive one that is killed."""
    rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [row for row in rows if row.split()[4] == str(pid)]


def postmaster(url: str) -> int:
    """Return the process id of the server."""
    here = ("127.0.0.1", int(str(conninfo_to_dict(url)["port"])))
    listening = (c for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN)
    (pid,) = {c.pid for c in listening if c.laddr == here}
    assert pid
    return pid
