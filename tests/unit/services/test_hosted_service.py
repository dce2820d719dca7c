"""A service is waited for as long as it lives, and a failed start leaves nothing."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from spacedock.errors import BootError, EngineError
from spacedock.services.base import Service
from spacedock.services.hosts import base
from spacedock.services.hosts.base import HostedService, http_refusal


@dataclass
class FakeAccount:
    refusals: list[str] = field(default_factory=list)
    name: str = "sonar"
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"url": ("s3cret",)})

    def values(self, address: str) -> Mapping[str, str]:
        return {"url": f"ping://s3cret@{address}"}

    def refusal(self, address: str) -> str | None:
        return self.refusals.pop(0) if self.refusals else None


@dataclass
class FakeHost:
    addresses: list[str | None] = field(default_factory=lambda: ["localhost:1"])
    exits: int | None = None
    log: str = ""
    interrupted: bool = False
    running: bool = False

    def start(self) -> None:
        self.running = True
        if self.interrupted:
            raise KeyboardInterrupt

    def address(self) -> str | None:
        return self.addresses[0] if len(self.addresses) == 1 else self.addresses.pop(0)

    def exit_code(self) -> int | None:
        return self.exits

    def logs(self) -> str:
        return self.log

    def end(self) -> None:
        self.running = False


def test_it_runs_until_it_is_left() -> None:
    host = FakeHost()
    service: Service
    with HostedService(FakeAccount(), host, "a sonar") as service:
        assert host.running
        assert (service.name, service.header) == ("sonar", ("a sonar",))
    assert not host.running


def test_it_is_entered_once_it_answers() -> None:
    host, account = FakeHost([None, None, "localhost:1"]), FakeAccount(["not yet"])
    with HostedService(account, host, "a sonar") as service:
        assert account.refusals == []
        assert service.local == {"url": "ping://s3cret@localhost:1"}


@dataclass
class SpokenAccount(FakeAccount):
    says: Callable[[], str] = str

    def version(self, _address: str) -> str:
        return self.says()


def refuse() -> str:
    raise ConnectionError


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (lambda: "Sonar 2", "a stand-in for sonar:3; it is Sonar 2"),
        (lambda: "Sonar 3", "a stand-in for sonar:3"),
        (str, "a stand-in for sonar:3"),
        (refuse, "a stand-in for sonar:3"),
    ],
)
def test_its_header_says_what_it_calls_itself(says: Callable[[], str], told: str) -> None:
    with HostedService(SpokenAccount(says=says), FakeHost(), "a stand-in for sonar:3") as service:
        assert service.header == (told,)


def test_the_space_may_reach_it_elsewhere_than_the_harness() -> None:
    with HostedService(FakeAccount(), FakeHost(), "a sonar", inside="sonar:1") as service:
        assert service.values == {"url": "ping://s3cret@sonar:1"}
        assert service.local == {"url": "ping://s3cret@localhost:1"}
        assert service.address == "sonar:1"
    with HostedService(FakeAccount(), FakeHost(), "a sonar") as service:
        assert service.values == service.local
        assert service.address == "localhost:1"


def test_it_can_be_reached_by_another_way() -> None:
    with HostedService(FakeAccount(), FakeHost(), "a sonar", inside="sonar:1") as service:
        assert service.values_at("proxy:9") == {"url": "ping://s3cret@proxy:9"}


def test_a_death_before_the_answer_says_its_exit_code_and_last_lines() -> None:
    log = "\n".join(f"line {number}" for number in range(100))
    host = FakeHost(exits=3, log=log)
    with pytest.raises(BootError, match="sonar exited with code 3 before it answered") as died:
        HostedService(FakeAccount(["not yet"] * 9), host, "a sonar").__enter__()
    assert died.value.log.splitlines() == [f"line {number}" for number in range(80, 100)]
    assert not host.running


def test_a_death_before_its_address_is_known_is_noticed() -> None:
    host = FakeHost([None], exits=1)
    with pytest.raises(BootError, match="sonar exited with code 1"):
        HostedService(FakeAccount(), host, "a sonar").__enter__()
    assert not host.running


def test_a_death_may_be_the_engines_fault() -> None:
    host = FakeHost(exits=137)
    with pytest.raises(EngineError, match="sonar exited with code 137 before it answered"):
        HostedService(FakeAccount(["not yet"]), host, "a sonar", ended=EngineError).__enter__()
    assert not host.running


def test_silence_ends_with_the_last_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_PATIENCE", 0.05)
    host = FakeHost(log="still warming up")
    with pytest.raises(BootError, match="sonar did not answer within 0 s: nobody home") as silent:
        HostedService(FakeAccount(["nobody home"] * 1000), host, "a sonar").__enter__()
    assert silent.value.log == "still warming up"
    assert not host.running


def test_an_interrupted_start_leaves_nothing() -> None:
    host = FakeHost(interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        HostedService(FakeAccount(), host, "a sonar").__enter__()
    assert not host.running


class Doorman(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["key"] == "right" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def door() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Doorman) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_http_answers_with_200_or_says_why_not(door: str) -> None:
    assert http_refusal(door, "/in", {"key": "right"}) is None
    assert http_refusal(door, "/in", {"key": "wrong"}) == "GET /in gave 401"


def test_nobody_listening_is_a_refusal(door: str) -> None:
    assert "Connection" in (http_refusal("127.0.0.1:1", "/in", {}) or "")
