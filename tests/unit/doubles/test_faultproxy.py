"""The proxy that breaks services, as a process of its own, in front of servers of the test."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from spacedock.doubles import faultproxy
from tests.unit.doubles.conftest import started

PATIENCE = 10.0  # seconds


SHOWN = {"X-Spacedock-Control": "the-runs-own"}
CONTROL = {"CONTROL_TOKEN": "the-runs-own"}


class Echo:
    """A service that sends back what it gets, each connection in a thread."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.accepted: list[socket.socket] = []
        self.heard = b""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self.listener.accept()
                self.accepted.append(connection)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _answer(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65536):
                self.heard += data
                connection.sendall(data)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.accepted:
            connection.close()


@dataclass
class Proxy:
    """What a test does with the control."""

    control: httpx.Client

    def order(self, kind: str, seconds: float = 0.0) -> None:
        order = {"fault": kind, **({"seconds": seconds} if seconds else {})}
        answer = self.control.put("/services/echo", json=order)
        assert answer.status_code == 200, answer.text
        assert answer.json()["fault"] == ("pass" if kind in {"cut", "close"} else kind)

    def report(self, name: str = "echo") -> dict[str, Any]:
        found: dict[str, Any] = self.control.get(f"/services/{name}").json()
        return found

    def connect(self, name: str = "echo") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.report(name)["port"]), timeout=PATIENCE)

    def comes_to(self, until: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not until(seen := self.report()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.01)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with closing(Echo()) as service:
        yield service


@pytest.fixture(scope="module")
def control() -> Iterator[httpx.Client]:
    """A client for every proxy: making one takes longer than a test."""
    with httpx.Client(trust_env=False, headers=SHOWN) as client:
        yield client


@pytest.fixture
def proxy(echo: Echo, control: httpx.Client) -> Iterator[Proxy]:
    upstreams = {"echo": echo.address, "nobody": "127.0.0.1:1"}
    with started("-m", "spacedock.doubles.faultproxy", UPSTREAMS=json.dumps(upstreams), **CONTROL) as url:
        control.base_url = httpx.URL(url)
        yield Proxy(control)


def said(connection: socket.socket, word: bytes) -> bytes:
    """Say the word and return what comes back, as many bytes."""
    connection.sendall(word)
    return heard(connection, len(word))


def heard(connection: socket.socket, length: int) -> bytes:
    answer = b""
    while len(answer) < length and (data := connection.recv(65536)):
        answer += data
    return answer


def is_silent(connection: socket.socket) -> bool:
    """Whether nothing has come by now."""
    connection.setblocking(False)
    try:
        connection.recv(1)
    except BlockingIOError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return False


# pass


def test_bytes_pass_both_ways_and_are_counted(proxy: Proxy) -> None:
    with proxy.connect() as client:
        assert said(client, b"ping") == b"ping"
        seen = proxy.report()
    assert (seen["live"], seen["accepted"], seen["bytes_in"], seen["bytes_out"]) == (1, 1, 4, 4)


def test_much_passes_unchanged(proxy: Proxy) -> None:
    much = bytes(range(256)) * 20_000
    with proxy.connect() as client:
        writing = threading.Thread(target=client.sendall, args=(much,))
        writing.start()
        assert heard(client, len(much)) == much
        writing.join()


def test_a_client_that_goes_ends_the_services_connection(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
    proxy.comes_to(lambda seen: seen["live"] == 0)


def test_what_a_client_said_before_it_went_arrives(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        client.sendall(b"last words")
    proxy.comes_to(lambda seen: seen["accepted"] == 1 and seen["live"] == 0)
    deadline = time.monotonic() + PATIENCE
    while echo.heard != b"last words":
        assert time.monotonic() < deadline, echo.heard
        time.sleep(0.01)


def test_a_service_that_goes_ends_the_clients_connection(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        echo.accepted[0].shutdown(socket.SHUT_RDWR)
        assert client.recv(1) == b""


def test_a_service_that_is_not_there_is_a_reset(proxy: Proxy) -> None:
    with pytest.raises(ConnectionResetError), proxy.connect("nobody") as client:
        client.recv(1)


def answered(client: socket.socket, request: bytes, status: bytes) -> None:
    """Have the service answer a request: it sends back what it gets, the answer too."""
    said(client, request + b" HTTP/1.1\r\n\r\n")
    said(client, b"HTTP/1.1 " + status + b"\r\n\r\n")


def test_what_the_service_refuses_is_counted_by_request(proxy: Proxy) -> None:
    with proxy.connect() as client:
        for status in (b"200 OK", b"401 Unauthorized", b"401 Unauthorized", b"500 Oops"):
            answered(client, b"POST /v1/chat?key=value", status)
        answered(client, b"GET /collections", b"404 Not Found")
        seen = proxy.report()
    assert seen["refused"] == [["POST", "/v1/chat", 401, 2], ["GET", "/collections", 404, 1]]


def test_refusals_are_forgotten_with_the_next_fault(proxy: Proxy) -> None:
    with proxy.connect() as client:
        answered(client, b"GET /", b"403 Forbidden")
        proxy.order("slow", 0.001)
        assert proxy.report()["refused"] == []


def test_what_is_no_http_is_no_refusal(proxy: Proxy) -> None:
    with proxy.connect() as client:
        said(client, b"HTTP/1.1 404 Not Found\r\n\r\n")
        assert proxy.report()["refused"] == []


# refuse


def test_refusal_is_the_kernels_own_and_resets_what_lives(proxy: Proxy) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("refuse")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            proxy.connect()


def test_after_a_refusal_the_same_port_serves_again(proxy: Proxy) -> None:
    port = proxy.report()["port"]
    for _ in range(3):
        proxy.order("refuse")
        proxy.order("pass")
        with proxy.connect() as client:
            assert said(client, b"ping") == b"ping"
    assert proxy.report()["port"] == port


# hang


def test_a_hang_holds_what_lives_in_both_directions_and_lets_it_go_on(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("hang")
        client.sendall(b"held")
        echo.accepted[0].sendall(b"news")
        proxy.comes_to(lambda seen: seen["bytes_in"] == 4)
        assert is_silent(client)
        assert (echo.heard, proxy.report()["bytes_out"]) == (b"ping", 0)
        proxy.order("pass")
        assert heard(client, 8) in {b"newsheld", b"heldnews"}


def test_a_hang_accepts_and_never_reaches_the_service(proxy: Proxy, echo: Echo) -> None:
    proxy.order("hang")
    with proxy.connect() as client:
        client.sendall(b"hello")
        proxy.comes_to(lambda seen: (seen["live"], seen["accepted"], seen["bytes_in"]) == (1, 1, 5))
        assert is_silent(client)
        assert echo.accepted == []
        proxy.order("pass")
        assert heard(client, 5) == b"hello"


@pytest.mark.parametrize(("kind", "seconds"), [("hang", 0.0), ("cold", 600.0), ("slow", 600.0)])
def test_a_client_that_gives_up_is_noticed(proxy: Proxy, kind: str, seconds: float) -> None:
    proxy.order(kind, seconds)
    with proxy.connect() as client:
        client.sendall(b"hello")
        proxy.comes_to(lambda seen: seen["live"] == 1 and seen["bytes_in"] == 5)
    proxy.comes_to(lambda seen: seen["live"] == 0)


def test_what_hangs_can_be_refused(proxy: Proxy) -> None:
    proxy.order("hang")
    with proxy.connect() as client:
        proxy.comes_to(lambda seen: seen["live"] == 1)
        proxy.order("refuse")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


# slow and cold


def test_slow_waits_before_each_chunk_of_the_service(proxy: Proxy) -> None:
    proxy.order("slow", 0.1)
    with proxy.connect() as client:
        began = time.monotonic()
        said(client, b"one")
        said(client, b"two")
        assert time.monotonic() - began >= 0.2


def test_mending_ends_the_wait_of_what_is_slow(proxy: Proxy) -> None:
    proxy.order("slow", 600.0)
    with proxy.connect() as client:
        client.sendall(b"ping")
        proxy.comes_to(lambda seen: seen["bytes_in"] == 4)
        proxy.order("pass")
        assert heard(client, 4) == b"ping"


def test_cold_delays_new_connections_and_no_old_one(proxy: Proxy) -> None:
    with proxy.connect() as old:
        said(old, b"ping")
        proxy.order("cold", 0.2)
        began = time.monotonic()
        with proxy.connect() as new:
            new.sendall(b"cold")
            assert said(old, b"warm") == b"warm"
            assert heard(new, 4) == b"cold"
            assert time.monotonic() - began >= 0.2
            assert said(new, b"warm") == b"warm"


def test_mending_wakes_what_is_cold(proxy: Proxy) -> None:
    proxy.order("cold", 600.0)
    with proxy.connect() as client:
        proxy.comes_to(lambda seen: seen["live"] == 1)
        proxy.order("pass")
        assert said(client, b"ping") == b"ping"


# garbage


def test_garbage_for_an_http_client_is_a_whole_page(proxy: Proxy, echo: Echo) -> None:
    proxy.order("garbage")
    answer = httpx.post(
        f"http://127.0.0.1:{proxy.report()['port']}/v1", content=b"x" * 10**6, trust_env=False
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert echo.heard == b""


def test_garbage_is_read_by_a_client_that_first_says_all_it_has(proxy: Proxy) -> None:
    proxy.order("garbage")
    with proxy.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n" + bytes(20_000_000))
        assert b"".join(iter(lambda: client.recv(65536), b"")).startswith(b"HTTP/1.1 200 OK\r\n")


def test_garbage_for_postgres_is_no_answer_to_its_client(proxy: Proxy) -> None:
    proxy.order("garbage")
    port = proxy.report()["port"]
    for mode in ("require", "disable"):
        with pytest.raises(
            psycopg.OperationalError, match=r"invalid response|lost synchronization|expected auth"
        ):
            psycopg.connect(host="127.0.0.1", port=port, sslmode=mode, user="u", connect_timeout=10)


def test_garbage_meets_what_lives_at_its_next_word(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("garbage")
        client.sendall(b"SELECT 1")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer
    assert b"SELECT" not in answer
    assert echo.heard == b"ping"


def test_a_connection_that_only_waited_through_garbage_is_served(proxy: Proxy) -> None:
    proxy.order("garbage")
    with proxy.connect() as client:
        proxy.comes_to(lambda seen: seen["live"] == 1)
        proxy.order("pass")
        assert said(client, b"ping") == b"ping"


# cut and close


def test_a_cut_resets_what_lives_and_passes_what_is_new(proxy: Proxy) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("cut")
        assert proxy.report()["live"] == 0
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with proxy.connect() as client:
        assert said(client, b"ping") == b"ping"


def test_the_service_sees_the_cut_too(proxy: Proxy, echo: Echo) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("cut")
        deadline = time.monotonic() + PATIENCE
        while echo.accepted[0].fileno() != -1:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_closing_is_an_orderly_end(proxy: Proxy) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("close")
        assert proxy.report()["live"] == 0
        assert client.recv(1) == b""
    with proxy.connect() as client:
        assert said(client, b"ping") == b"ping"


def test_many_connections_are_all_cut(proxy: Proxy) -> None:
    clients = [proxy.connect() for _ in range(30)]
    for client in clients:
        said(client, b"ping")
    proxy.order("cut")
    for client in clients:
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        client.close()


@contextmanager
def opened(upstream: str) -> Iterator[faultproxy.Door]:
    """A door of the test's own process."""
    door = faultproxy.Door(upstream, "127.0.0.1", 0)
    yield door
    door._shut()
    door._socket.close()


def connected(door: faultproxy.Door) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(str(door.report()["port"]))), timeout=PATIENCE)


def meet(door: faultproxy.Door) -> None:
    with connected(door) as client:
        read_to_its_end(client)


def read_to_its_end(client: socket.socket) -> None:
    while client.recv(65536):
        pass


@pytest.mark.parametrize(("kind", "grace"), [("cut", 600.0), ("refuse", 600.0), ("close", 0.1)])
def test_one_who_does_not_read_is_reset(monkeypatch: pytest.MonkeyPatch, kind: str, grace: float) -> None:
    """What waits to be written to it is thrown away: at once, or after the grace of an orderly end."""
    monkeypatch.setattr(faultproxy, "_GRACE", grace)

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                writer.write(bytes(65536))
                await writer.drain()
        writer.close()

    async def end(door: faultproxy.Door) -> None:
        await door.meet(faultproxy.ProxyFault())
        with connected(door) as client:
            seen = -1
            while seen != (seen := door.bytes_out) or not seen:  # until its buffers are full
                await asyncio.sleep(0.05)
            await door.meet(faultproxy.ProxyFault(kind))
            assert door.report()["live"] == 0
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(read_to_its_end, client)

    async def test() -> None:
        async with await asyncio.start_server(flood, "127.0.0.1", 0) as service:
            with opened("127.0.0.1:{1}".format(*service.sockets[0].getsockname())) as door:
                await asyncio.wait_for(end(door), PATIENCE)

    asyncio.run(test())


def test_one_who_was_accepted_while_the_door_was_being_shut_is_reset(echo: Echo) -> None:
    async def test() -> None:
        with opened(echo.address) as door:
            await door.meet(faultproxy.ProxyFault())
            door.fault = faultproxy.ProxyFault("refuse")  # as the accepting task finds it
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(meet, door)

    asyncio.run(test())


# the control


@pytest.mark.parametrize("shown", ["", "another's", "the-run", "\u00e9"])
def test_who_shows_no_token_of_the_run_breaks_nothing(proxy: Proxy, shown: str) -> None:
    headers = {b"X-Spacedock-Control": shown.encode()}
    asked = [("GET", "/services"), ("PUT", "/services/echo"), ("POST", "/bays"), ("DELETE", "/bays/1")]
    base = str(proxy.control.base_url).rstrip("/")
    answers = [
        httpx.request(method, f"{base}{path}", headers=headers, json={"fault": "refuse"}, trust_env=False)
        for method, path in asked
    ]
    assert [answer.status_code for answer in answers] == [403] * len(asked)
    assert proxy.report()["fault"] == "pass"


def test_counts_begin_anew_with_each_order(proxy: Proxy) -> None:
    with proxy.connect() as client:
        said(client, b"ping")
        proxy.order("pass")
        seen = proxy.report()
        assert (seen["live"], seen["accepted"], seen["bytes_in"], seen["bytes_out"]) == (1, 0, 0, 0)


def test_services_break_apart(proxy: Proxy) -> None:
    proxy.control.put("/services/nobody", json={"fault": "refuse"})
    reports = proxy.control.get("/services").json()
    assert {name: report["fault"] for name, report in reports.items()} == {"echo": "pass", "nobody": "refuse"}


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("{", "Expecting property name"),
        ("[]", "give an object"),
        ('{"fault": "sloow"}', "`fault` is one of"),
        ('{"fault": "slow"}', "belong to cold and slow"),
        ('{"fault": "refuse", "seconds": 1}', "belong to cold and slow"),
        ('{"fault": "slow", "seconds": "1"}', "belong to cold and slow"),
        ('{"fault": "slow", "second": 1}', "give an object"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(proxy: Proxy, order: str, says: str) -> None:
    answer = proxy.control.put("/services/echo", content=order)
    assert answer.status_code == 422
    assert says in answer.json()["error"]
    assert proxy.report()["fault"] == "pass"


def test_an_unknown_service_is_not_found(proxy: Proxy) -> None:
    for path in ("/services/other", "/", "/other"):
        assert proxy.control.get(path).status_code == 404


def test_only_a_service_can_be_ordered_and_only_by_put(proxy: Proxy) -> None:
    assert proxy.control.put("/services", json={}).status_code == 405
    assert proxy.control.delete("/services/echo").status_code == 405


# as a program


def test_it_runs_as_a_lone_file_on_the_ports_that_it_is_given(
    tmp_path: Path, echo: Echo, control: httpx.Client
) -> None:
    lone = tmp_path / "faultproxy.py"
    shutil.copy(str(faultproxy.__file__), lone)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {"UPSTREAMS": json.dumps({"echo": echo.address}), "PORTS": json.dumps({"echo": port})}
    with started("-I", str(lone), **given, **CONTROL) as url:
        control.base_url = httpx.URL(url)
        assert Proxy(control).report()["port"] == port
        with Proxy(control).connect() as client:
            assert said(client, b"ping") == b"ping"


# bays


def bay(proxy: Proxy, echo: Echo) -> tuple[str, int]:
    """Open a bay and give its name and the port of the echo in it."""
    order = {"upstreams": {"echo": echo.address}, "ports": {"echo": 80}}
    answer = proxy.control.post("/bays", json=order)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["address"] == ""  # it has none to give, so the port is a free one
    return told["name"], told["ports"]["echo"]


def at(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_a_fault_is_met_in_its_bay_alone(proxy: Proxy, echo: Echo) -> None:
    (one, first), (other, second) = bay(proxy, echo), bay(proxy, echo)
    assert proxy.control.put(f"/bays/{one}/services/echo", json={"fault": "hang"}).status_code == 200
    with at(first) as hanging, at(second) as passing, proxy.connect() as plain:
        hanging.sendall(b"ping")
        assert said(passing, b"ping") == said(plain, b"ping") == b"ping"
        assert is_silent(hanging)
    kinds = [proxy.control.get(f"/bays/{name}/services").json()["echo"]["fault"] for name in (one, other)]
    assert kinds == ["hang", "pass"]
    assert proxy.report()["fault"] == "pass"


def test_a_bay_ends_with_all_that_lives_in_it(proxy: Proxy, echo: Echo) -> None:
    name, port = bay(proxy, echo)
    with at(port) as client:
        assert said(client, b"ping") == b"ping"
        assert proxy.control.delete(f"/bays/{name}").status_code == 200
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        at(port)
    assert proxy.control.get(f"/bays/{name}/services").status_code == 404


def test_a_bay_has_an_address_of_its_own_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: list[tuple[str, str]] = []

    async def change(_self: object, how: str, address: str) -> bool:
        changes.append((how, address))
        return True

    monkeypatch.setattr(faultproxy.Addresses, "_change", change)

    async def opens_and_closes() -> dict[str, Any]:
        bays = faultproxy.Bays("127.0.0.1", {}, faultproxy.Addresses("127.1.2.128/30"))
        told = await bays.open(json.dumps({"upstreams": {"echo": "nobody:1"}}).encode())
        await bays.close("1")
        return told

    told = asyncio.run(opens_and_closes())
    assert (told["name"], told["address"]) == ("1", "127.1.2.129")
    assert changes == [("add", "127.1.2.129"), ("del", "127.1.2.129")]


@pytest.mark.parametrize("order", ["[]", "{}", '{"upstreams": 1}', "no JSON"])
def test_a_bay_that_makes_no_sense_is_refused(proxy: Proxy, order: str) -> None:
    assert proxy.control.post("/bays", content=order).status_code == 422
    assert proxy.control.put("/bays/none/services/echo", json={"fault": "hang"}).status_code == 404
