"""When a boot is over, on a Space that does what a test says and a clock that costs no time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from spacedock.docks import ready
from spacedock.docks.boots import BootResult, Cause, Listener
from spacedock.docks.conditions import StartWindow
from spacedock.docks.ready import cause, watch

PUBLIC = Listener("0.0.0.0", 8080)
LOOPBACK = Listener("127.0.0.1", 8080)
METRICS = Listener("0.0.0.0", 9090)
IPV6 = Listener("::", 8080)


@dataclass
class Clock:
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class FakeSpace:
    """A Space that nobody answers for; `shows` tells what a look at a time sees."""

    clock: Clock
    shows: Callable[[float], tuple[Listener, ...]] = lambda _: ()
    works: float = 0.0  # processor seconds a second
    dies_at: float = float("inf")
    address: tuple[str, int] | None = None
    port: int = 8080
    shares_loopback: bool = False
    writes: Callable[[float], str] = lambda _: ""

    def logs(self) -> str:
        return self.writes(self.clock.now)

    def ended(self, within: float) -> bool:
        self.clock.now += within
        return self.clock.now >= self.dies_at

    def exit_code(self) -> int | None:
        return 78

    def out_of_memory(self) -> bool:
        return False

    def listeners(self) -> tuple[Listener, ...]:
        return self.shows(self.clock.now)

    def processor_seconds(self) -> float:
        return self.works * self.clock.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(ready, "time", clock)
    return clock


def boot_of(space: FakeSpace, timeout: float = 60.0) -> BootResult:
    return watch(space, "/", host="owner-name.hf.space", began=0.0, window=StartWindow(timeout))


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], tuple[str, int]]]:
    """A server that says the given bytes to whoever connects."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> tuple[str, int]:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=_answer, args=(server, answer), daemon=True).start()
        address: tuple[str, int] = server.getsockname()
        return address

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _answer(server: socket.socket, answer: bytes) -> None:
    try:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)
    except OSError:
        return


def test_any_http_status_is_an_answer(answering: Callable[[bytes], tuple[str, int]]) -> None:
    space = FakeSpace(Clock(), address=answering(b"HTTP/1.1 404 Not Found\r\n\r\n"))
    assert watch(space, "/", host="owner-name.hf.space", began=0.0, window=StartWindow(1e9)).ready


def test_what_is_no_http_is_no_answer(answering: Callable[[bytes], tuple[str, int]], clock: Clock) -> None:
    space = FakeSpace(clock, address=answering(b"\x15\x03\x01\x00\x02"), shows=lambda _: (PUBLIC,))
    assert boot_of(space, timeout=2).cause is Cause.SILENT


def test_an_answer_from_loopback_is_no_answer_from_outside(
    answering: Callable[[bytes], tuple[str, int]],
) -> None:
    address = answering(b"HTTP/1.1 200 OK\r\n\r\n")
    space = FakeSpace(Clock(), address=address, shares_loopback=True, shows=lambda _: (LOOPBACK,))
    assert (
        watch(space, "/", host="owner-name.hf.space", began=0.0, window=StartWindow(1e9)).cause
        is Cause.LOOPBACK
    )


def test_somebody_elses_answer_is_not_the_spaces(
    answering: Callable[[bytes], tuple[str, int]], clock: Clock
) -> None:
    address = answering(b"HTTP/1.1 200 OK\r\n\r\n")
    assert boot_of(FakeSpace(clock, address=address, shares_loopback=True), timeout=1).cause is Cause.SILENT


def test_a_death_is_known_within_a_poll(clock: Clock) -> None:
    boot = boot_of(FakeSpace(clock, dies_at=0.4))
    assert (boot.cause, boot.exit_code) == (Cause.EXITED, 78)
    assert boot.seconds < 0.4 + 2 * ready.POLL


def test_the_time_limit_ends_a_silent_boot(clock: Clock) -> None:
    boot = boot_of(FakeSpace(clock))
    assert boot.cause is Cause.SILENT
    assert 60 <= boot.seconds < 61


def test_loopback_is_certain_soon(clock: Clock) -> None:
    boot = boot_of(FakeSpace(clock, shows=lambda _: (LOOPBACK, METRICS)))
    assert boot.cause is Cause.LOOPBACK
    assert boot.seconds < ready.FIRST_LOOK + ready.LOOPBACK_IS_CERTAIN + 2 * ready.LOOK_EVERY


def test_another_port_is_certain_once_nothing_changes_any_more(clock: Clock) -> None:
    boot = boot_of(FakeSpace(clock, shows=lambda _: (METRICS,), works=0.1))
    assert boot.cause is Cause.OTHER_PORT
    assert boot.listeners == (METRICS,)
    assert boot.seconds < ready.FIRST_LOOK + ready.ELSEWHERE_IS_CERTAIN + 2 * ready.LOOK_EVERY


def test_another_port_is_not_certain_while_the_space_works(clock: Clock) -> None:
    boot = boot_of(FakeSpace(clock, shows=lambda _: (METRICS,), works=0.9))
    assert boot.cause is Cause.OTHER_PORT
    assert boot.seconds >= 60


def test_another_port_is_not_certain_while_sockets_come(clock: Clock) -> None:
    grows = lambda now: tuple(Listener("0.0.0.0", 9000 + i) for i in range(int(now / 4) + 1))  # noqa: E731
    assert boot_of(FakeSpace(clock, shows=grows)).seconds >= 60


def test_ipv6_only_is_certain_soon(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()
    boot = boot_of(FakeSpace(clock, shows=lambda _: (IPV6, METRICS), address=nobody))
    assert boot.cause is Cause.IPV6_ONLY
    assert boot.seconds < ready.FIRST_LOOK + ready.IPV6_IS_CERTAIN + 3 * ready.LOOK_EVERY
    assert str(boot) == "port 8080 is open on IPv6 only ([::]:8080, 0.0.0.0:9090), and is asked on IPv4"


def test_a_socket_of_ipv6_that_takes_ipv4_is_waited_for(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        space = FakeSpace(clock, shows=lambda _: (IPV6,), address=slow.getsockname())
        assert boot_of(space, timeout=5).cause is Cause.SILENT


def test_what_is_started_again_and_again_is_no_longer_waited_for(clock: Clock) -> None:
    """As gunicorn writes it when a worker calls sys.exit while it loads: it holds the port all the time."""

    def writes(now: float) -> str:
        return "".join(
            f"[INFO] Booting worker with pid: {n}\n[INFO] Worker exiting (pid: {n})\n"
            for n in range(int(now))
        )

    boot = boot_of(FakeSpace(clock, shows=lambda _: (PUBLIC,), writes=writes))
    assert (boot.cause, boot.restarts, boot.late) == (Cause.RESPAWNING, 6, False)
    assert boot.seconds < 7
    assert str(boot).startswith("ends and is started again, 6 times in 6 s")


@pytest.mark.parametrize(("works", "idle"), [(0.0, True), (0.9, False)])
def test_a_boot_that_is_late_says_whether_anything_worked(clock: Clock, works: float, idle: bool) -> None:
    assert boot_of(FakeSpace(clock, works=works)).idle is idle


def test_the_expected_port_that_opens_late_ends_all_doubt(clock: Clock) -> None:
    opens = lambda now: (METRICS,) if now < 4 else (METRICS, PUBLIC)  # noqa: E731
    assert boot_of(FakeSpace(clock, shows=opens)).cause is Cause.SILENT


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ((), Cause.SILENT),
        ((PUBLIC,), Cause.SILENT),
        ((LOOPBACK,), Cause.LOOPBACK),
        ((Listener("::1", 8080), METRICS), Cause.LOOPBACK),
        ((LOOPBACK, PUBLIC), Cause.SILENT),
        ((METRICS,), Cause.OTHER_PORT),
        ((Listener("127.0.0.1", 9090),), Cause.OTHER_PORT),
    ],
)
def test_the_cause_is_read_from_the_sockets(listeners: tuple[Listener, ...], expected: Cause) -> None:
    assert cause(listeners, 8080) is expected


def test_silence_says_the_window_that_was_waited_for_and_the_platforms(clock: Clock) -> None:
    boot = watch(
        FakeSpace(clock), "/", host="owner-name.hf.space", began=0.0, window=StartWindow(1800, 1 / 30)
    )
    assert str(boot) == "no HTTP answer on port 8080 after 60 s here, 30 min there; it listens on nothing"


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (StartWindow(), "30 min"),
        (StartWindow(5400, 0.01), "54 s here, 90 min there"),
        (StartWindow(90, 0.5), "45 s here, 90 s there"),
    ],
)
def test_a_window_says_what_is_waited_here_and_there(window: StartWindow, says: str) -> None:
    assert str(window) == says


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_in_each_notation(address: str, loopback: bool) -> None:
    assert Listener(address, 1).loopback is loopback
