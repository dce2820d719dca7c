"""A database and the pooler in front of it as one service; the program itself is in the integration tests."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from spacedock.errors import BootError
from spacedock.runs import OpenRun
from spacedock.services.hosts import loopback, pooler
from spacedock.services.hosts.base import HostedService
from spacedock.services.hosts.loopback import LoopbackHost
from spacedock.services.hosts.pooler import PoolerHost
from spacedock.services.pgbouncer import Pooled, _door
from spacedock.services.postgres import PostgresAccount


class Host:
    """Runs nothing, and says who was started and ended when."""

    def __init__(self, address: str, events: list[str], *, fails: bool = False) -> None:
        self._address = address
        self._events = events
        self._fails = fails

    def start(self) -> None:
        self._events.append(f"start {self._address}")
        if self._fails:
            raise BootError("no port", remedy="none")

    def address(self) -> str:
        return self._address

    def exit_code(self) -> int | None:
        return None

    def logs(self) -> str:
        return f"log of {self._address}\n"

    def end(self) -> None:
        self._events.append(f"end {self._address}")


def pooled(events: list[str], monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> Pooled:
    monkeypatch.setattr(PostgresAccount, "refusal", lambda *_: None)
    server = PostgresAccount("require", password="w0rd", name="pgbouncer-server")
    door = _door(server)
    database = HostedService(server, Host("out:1", events), "postgres", inside="pgbouncer-server:5432")
    front = Host("out:2", events, fails=fails)
    return Pooled(database, HostedService(door, front, "pgbouncer", inside="pgbouncer:6432"))


def test_one_url_leads_through_the_pooler_and_one_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pooled([], monkeypatch) as service:
        past = "postgresql://space:w0rd@{}/postgres?sslmode=require&channel_binding=require"
        through = "postgresql://space:w0rd@{}/postgres?sslmode=require"
        direct = past.format("pgbouncer-server:5432")
        assert service.address == "pgbouncer:6432"
        assert service.values == {"url": through.format("pgbouncer:6432"), "direct_url": direct}
        assert service.values_at("proxy:9") == {"url": through.format("proxy:9"), "direct_url": direct}
        assert service.local == {"url": through.format("out:2"), "direct_url": past.format("out:1")}
        assert service.canaries == {"url": ("w0rd",), "direct_url": ("w0rd",)}
        assert service.header == ("pgbouncer", "postgres")
        assert service.logs() == "log of out:1\nlog of out:2\n"


def test_the_database_starts_first_and_ends_last(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    with pooled(events, monkeypatch):
        assert events == ["start out:1", "start out:2"]
    assert events[2:] == ["end out:2", "end out:1"]


def test_a_pooler_that_does_not_start_leaves_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    with pytest.raises(BootError, match="no port"):
        pooled(events, monkeypatch, fails=True).__enter__()
    assert events[-1] == "end out:1"


def test_the_settings_are_those_of_neons_pooler() -> None:
    text = pooler.settings("postgres", "server:5432", listen="*", port=6432, upstream_tls=True)
    found = configparser.ConfigParser()
    found.read_string(text)
    assert found["databases"]["postgres"] == "host=server port=5432"
    assert found["pgbouncer"]["pool_mode"] == "transaction"
    assert found["pgbouncer"]["ignore_startup_parameters"] == ""
    assert (found["pgbouncer"]["client_tls_sslmode"], found["pgbouncer"]["server_tls_sslmode"]) == (
        "require",
        "require",
    )
    assert int(found["pgbouncer"]["default_pool_size"]) < int(found["pgbouncer"]["max_client_conn"])


def test_a_machine_without_the_program_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pooler, "_SYSTEM", str(tmp_path))
    database = HostedService(PostgresAccount("prefer"), Host("out:1", []), "postgres")
    with pytest.raises(BootError, match="pgbouncer") as told:
        PoolerHost(database, "postgres", {}, OpenRun("test", tmp_path))
    assert "apt-get install pgbouncer" in told.value.remedy


class Shouter(LoopbackHost):
    """A server that is told which ports are taken."""

    listening = "mine is"

    def serve(self, folder: Path, taken: set[int]) -> None:
        says = "case $1 in {}) echo Address already in use; exit 1;; *) echo mine is $1; sleep 60;; esac"
        pattern = "|".join(map(str, taken))
        self._serve(folder, lambda port: ["sh", "-c", says.format(pattern), "sh", str(port)])


def test_a_port_that_somebody_took_first_is_given_up_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([1, 2, 3, 4])
    monkeypatch.setattr(loopback, "free_port", lambda: next(ports))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # `nobody` may not enter a test's folder
    host = Shouter(OpenRun("test", tmp_path))
    host.serve(tmp_path, {1, 2})
    assert host.address() == "127.0.0.1:3"
    assert host.exit_code() is None
    host.end()
    assert host.exit_code() is not None
