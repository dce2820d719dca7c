"""A sandbox over a container that says what a test lets it say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Queue
from typing import Any

import pytest
from docker.errors import APIError, NotFound

from spacedock.docks.image import sandbox as sandbox_module
from spacedock.docks.image.sandbox import Lacking, NetworkSandbox
from spacedock.docks.image.sandboxes import SandboxLease
from spacedock.docks.instance import Denial

READY = {"ready": True}
OVER: dict[str, Any] = {}


@dataclass
class FakeContainer:
    """What testcontainers starts and what the engine tells of it, in one."""

    says: list[dict[str, Any]] = field(default_factory=lambda: [READY])
    tried: list[list[Any]] = field(default_factory=list)
    refusal: str = ""
    gone: bool = False
    clean: bool = True
    looks: int = 0
    stopped: int = 0
    log: Queue[dict[str, Any]] = field(default_factory=Queue)

    def start(self) -> None:
        if self.refusal:
            raise APIError(self.refusal, explanation=self.refusal)
        for line in self.says:
            self.log.put(line)

    def stop(self) -> None:
        self.stopped += 1
        self.log.put(OVER)

    def get_wrapped_container(self) -> FakeContainer:
        return self

    def get_container_id(self) -> str:
        return "c0ffee"

    def kill(self, signal: str) -> None:
        if self.gone:
            raise NotFound("no such container")
        self.looks += 1
        answers: dict[str, dict[str, Any]] = {
            "SIGUSR1": {"tried": self.tried},
            "SIGHUP": {"sockets": "a table"},
            "SIGUSR2": {"tried": self.tried, "clean": self.clean},
        }
        self.log.put({"look": self.looks, **answers[signal]})

    def logs(self, *, stream: bool, follow: bool) -> Iterator[bytes]:
        """What it says from now on, in pieces as an engine may cut it."""
        assert stream
        assert follow
        while line := self.log.get():
            text = json.dumps(line).encode() + b"\n"
            yield text[:5]
            yield text[5:]


@pytest.fixture(autouse=True)
def _unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "start", lambda container: container.start())


def made(container: FakeContainer, name_of: Callable[[str], str] = str) -> NetworkSandbox:
    return NetworkSandbox(container, name_of)  # type: ignore[arg-type]


def started(container: FakeContainer, name_of: Callable[[str], str] = str) -> NetworkSandbox:
    sandbox = made(container, name_of)
    sandbox.start()
    return sandbox


class Returns(list[tuple[NetworkSandbox, bool]]):
    """The sandboxes that were given back, and whether they were clean."""

    def take(self, sandbox: NetworkSandbox, clean: bool) -> None:
        self.append((sandbox, clean))


def leased(container: FakeContainer, monkeypatch: pytest.MonkeyPatch) -> tuple[SandboxLease, Returns]:
    monkeypatch.setattr(sandbox_module, "published", lambda *_: ("127.0.0.1", 49153))
    returns = Returns()
    return SandboxLease(started(container), 7860, returns.take), returns


def test_who_joins_is_given_its_network() -> None:
    assert started(FakeContainer()).network_mode == "container:c0ffee"


@pytest.mark.parametrize(
    ("which", "denial"),
    [
        ("dropped", Denial("smtp.gmail.com", 587, "tcp", platform=True)),
        ("denied", Denial("smtp.gmail.com", 587, "tcp", platform=False)),
        ("unrouted", Denial("smtp.gmail.com", 587, "tcp", platform=True, ipv6=True)),
        ("blocked", Denial("smtp.gmail.com", 587, "tcp", platform=True, blocked=True)),
    ],
)
def test_the_set_tells_who_denies(which: str, denial: Denial) -> None:
    container = FakeContainer(tried=[["smtp.gmail.com", 587, "tcp", which]])
    assert started(container).denials() == (denial,)


def test_the_names_of_the_runs_services_are_the_docks_to_know() -> None:
    container = FakeContainer(tried=[["10.1.2.3", 5432, "tcp", "dropped"]])
    denials = started(container, {"10.1.2.3": "postgres"}.__getitem__).denials() or ()
    assert [denial.host for denial in denials] == ["postgres"]


def test_each_look_is_a_new_one() -> None:
    container = FakeContainer()
    sandbox = started(container)
    assert sandbox.denials() == ()
    container.tried.append(["api.example.com", 443, "tcp", "denied"])
    assert len(sandbox.denials() or ()) == 1
    assert sandbox.sockets() == "a table"


@pytest.mark.parametrize("clean", [True, False])
def test_what_was_tried_is_remembered_when_it_is_given_back(
    clean: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]], clean=clean)
    lease, returns = leased(container, monkeypatch)
    lease.close()
    container.tried.append(["of.the.next", 443, "tcp", "denied"])
    assert [denial.host for denial in lease.denials()] == ["api.example.com"]
    assert lease.sockets() == ""
    lease.close()
    assert [was_clean for _, was_clean in returns] == [clean]
    assert container.looks == 1


def test_one_that_is_gone_tells_what_it_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]])
    lease, returns = leased(container, monkeypatch)
    before = lease.denials()
    container.gone = True
    assert lease.denials() == before != ()
    lease.close()
    assert lease.denials() == before
    assert [was_clean for _, was_clean in returns] == [False]


def test_a_look_that_tells_nothing_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_LOOK", 0.05)
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]])
    lease, _ = leased(container, monkeypatch)
    before = lease.denials()
    monkeypatch.setattr(container, "kill", lambda _signal: None)
    assert lease.denials() == before != ()


@pytest.mark.parametrize(
    ("container", "says"),
    [
        (FakeContainer(says=[{"lacking": "Error: No such file or directory"}, OVER]), "No such file"),
        (FakeContainer(says=[{"Traceback": "of an accident"}, OVER]), "of an accident"),
        (FakeContainer(refusal="no sysctl net.ipv6.conf.all.disable_ipv6"), "no sysctl"),
    ],
    ids=["no nftables", "a crash", "refused by the engine"],
)
def test_what_is_lacking_is_said_and_nothing_left(container: FakeContainer, says: str) -> None:
    sandbox = made(container)
    with pytest.raises(Lacking, match=says):
        sandbox.start()
    assert container.stopped


def test_an_answer_without_an_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_LARGEST", 1000)
    monkeypatch.setattr(sandbox_module, "_LOOK", 0.2)
    container = FakeContainer(tried=[["a" * 2000, 443, "tcp", "denied"]])
    sandbox = started(container)
    assert sandbox.denials() is None
    container.tried = []
    assert sandbox.denials() == ()
