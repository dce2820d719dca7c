"""The handle of the proxies, over a real one in a child process and a service that answers HTTP."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, get_args

import httpx
import psutil
import pytest

from spacedock.doubles import faultproxy
from spacedock.errors import BootError, UsageError
from spacedock.runs import OpenRun, open_run
from spacedock.services.base import Service
from spacedock.services.faults import fault, network
from spacedock.services.faults.fault import Kind, NetworkFault
from spacedock.services.faults.network import NetworkFaults, Traffic
from spacedock.services.hosts.base import HostedService

SOURCES = {"SONAR_URL": "sonar.url", "SONAR_KEY": "sonar.key"}


class Account:
    name = "sonar"
    canaries: Mapping[str, tuple[str, ...]] = {"url": (), "key": ("s3cret",)}

    def values(self, address: str) -> Mapping[str, str]:
        return {"url": f"http://{address}/", "key": "s3cret"}

    def refusal(self, address: str) -> str | None:
        return None


class Ping(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"pong")

    def log_message(self, *_: object) -> None: ...


class Host:
    """A server of the test's own process."""

    def start(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ping)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def exit_code(self) -> int | None:
        return None

    def logs(self) -> str:
        return ""

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def run() -> Iterator[OpenRun]:
    with open_run() as opened:
        yield opened


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, Service]]:
    with HostedService(Account(), Host(), "a sonar") as service:
        yield {"sonar": service}


@pytest.fixture(scope="module")
def opened(run: OpenRun, services: dict[str, Service]) -> Iterator[NetworkFaults]:
    with closing(network.in_process(run)) as proxies, proxies.bay(services, SOURCES) as faults:
        yield faults


@pytest.fixture
def faults(opened: NetworkFaults) -> Iterator[NetworkFaults]:
    yield opened
    opened.mend_all()


def ping(faults: NetworkFaults) -> bytes:
    return httpx.get(dict(faults.environment)["SONAR_URL"], timeout=10, trust_env=False).content


def test_the_environment_leads_through_the_proxy(faults: NetworkFaults, services: dict[str, Service]) -> None:
    environment = dict(faults.environment)
    assert environment.keys() == SOURCES.keys()
    assert environment["SONAR_KEY"] == "s3cret"
    assert environment["SONAR_URL"] == faults.values("sonar")["url"] != services["sonar"].values["url"]
    assert ping(faults) == b"pong"


def test_a_service_is_broken_until_it_is_mended(faults: NetworkFaults) -> None:
    faults.break_("sonar", NetworkFault("refuse"))
    with pytest.raises(httpx.ConnectError, match="refused"):
        ping(faults)
    faults.mend("sonar")
    assert ping(faults) == b"pong"


def test_a_service_is_broken_for_a_while(faults: NetworkFaults) -> None:
    def stumble() -> None:
        with faults.broken("sonar", NetworkFault("garbage")):
            assert ping(faults) not in {b"", b"pong"}
            raise KeyError

    with pytest.raises(KeyError):
        stumble()
    assert ping(faults) == b"pong"


def test_a_request_in_flight_can_be_waited_for(faults: NetworkFaults) -> None:
    faults.break_("sonar", NetworkFault("slow", seconds=600))
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(ping(faults)))
    asking.start()
    seen = faults.wait("sonar", lambda traffic: traffic.bytes_in > 0)
    assert (seen.live, seen.accepted, seen.bytes_out) == (1, 1, 0)
    faults.mend_all()
    asking.join()
    assert answers == [b"pong"]


def test_a_wait_in_vain_ends_with_what_was_seen(faults: NetworkFaults) -> None:
    faults.mend("sonar")
    with pytest.raises(TimeoutError, match=r"sonar: Traffic.*accepted=0"):
        faults.wait("sonar", lambda traffic: traffic.accepted > 0, timeout=0.05)
    assert faults.watch("sonar") == Traffic(0, 0, 0, 0)


def test_an_unknown_service_is_named_with_those_that_there_are(faults: NetworkFaults) -> None:
    for ask in (faults.mend, faults.watch, faults.values):
        with pytest.raises(UsageError, match="`radar`") as caught:
            ask("radar")
        assert caught.value.remedy == "use one of: sonar"


def test_nothing_runs_once_it_is_left(run: OpenRun, services: dict[str, Service]) -> None:
    def running() -> int:
        return sum(
            "spacedock.doubles.faultproxy" in " ".join(p.cmdline()) for p in psutil.Process().children()
        )

    before = running()
    with closing(network.in_process(run)) as proxies:
        assert running() == before
        for _ in range(2):
            with proxies.bay(services, {}) as faults:
                assert running() == before + 1
                assert faults.environment == ()
    assert running() == before


def test_what_is_broken_in_one_bay_is_whole_in_another(run: OpenRun, services: dict[str, Service]) -> None:
    with closing(network.in_process(run)) as proxies, ExitStack() as stack:
        one, other = (stack.enter_context(proxies.bay(services, SOURCES)) for _ in range(2))
        with one.broken("sonar", NetworkFault("refuse")):
            with pytest.raises(httpx.ConnectError, match="refused"):
                ping(one)
            assert ping(other) == b"pong"
            assert (one.watch("sonar").accepted, other.watch("sonar").accepted) == (0, 1)


def test_a_proxy_that_cannot_start_says_why_and_leaves_nothing(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_MODULE", "no_such_module")
    with (
        closing(network.in_process(run)) as proxies,
        pytest.raises(BootError, match="the fault proxy exited with code 1") as died,
        proxies.bay({}, {}),
    ):
        pass
    assert "No module named" in died.value.log


@pytest.mark.parametrize(("kind", "seconds"), [("slow", 0.0), ("cold", 0.0), ("refuse", 1.0), ("slow", -1.0)])
def test_seconds_that_make_no_sense_are_refused(kind: Any, seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds above 0 belong to cold and slow"):
        NetworkFault(kind, seconds)


def test_the_handle_knows_the_faults_of_the_proxy() -> None:
    assert set(get_args(Kind)) == faultproxy.KINDS
    assert fault._TIMED == faultproxy.TIMED


def test_a_service_is_offered_at_its_own_port_where_that_is_free() -> None:
    upstreams = {"postgres": "postgres:5432", "openai": "openai:80", "other": "other:5432"}
    assert network._ports(upstreams) == {"postgres": 5432, "openai": 80}
