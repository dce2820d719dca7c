"""A sandbox over a container that says what a test lets it say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from docker.errors import APIError, NotFound

from spacedock.docks.image import sandbox as sandbox_module
from spacedock.docks.image.sandbox import Lacking, NetworkSandbox
from spacedock.docks.instance import Denial

READY = {"ready": True}


@dataclass
class FakeContainer:
    """What testcontainers starts and what the engine tells of it, in one."""

    says: list[dict[str, Any]] = field(default_factory=lambda: [READY])
    tried: list[list[Any]] = field(default_factory=list)
    status: str = "running"
    refusal: str = ""
    gone: bool = False
    looks: int = 0
    stopped: int = 0

    def start(self) -> None:
        if self.refusal:
            raise APIError(self.refusal, explanation=self.refusal)

    def stop(self) -> None:
        self.stopped += 1

    def get_wrapped_container(self) -> FakeContainer:
        return self

    def get_container_id(self) -> str:
        return "c0ffee"

    def reload(self) -> None: ...

    def kill(self, _signal: str) -> None:
        if self.gone:
            raise NotFound("no such container")
        self.looks += 1
        self.says.append({"look": self.looks, "tried": self.tried})

    def logs(self, tail: int) -> bytes:
        return b"".join(json.dumps(line).encode() + b"\n" for line in self.says[-tail:])


def made(container: FakeContainer, name_of: Callable[[str], str] = str) -> NetworkSandbox:
    return NetworkSandbox(container, name_of)  # type: ignore[arg-type]


def started(container: FakeContainer, name_of: Callable[[str], str] = str) -> NetworkSandbox:
    sandbox = made(container, name_of)
    sandbox.start()
    return sandbox


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
    sandbox = started(container, {"10.1.2.3": "postgres"}.__getitem__)
    assert [denial.host for denial in sandbox.denials()] == ["postgres"]


def test_each_look_is_a_new_one() -> None:
    container = FakeContainer()
    sandbox = started(container)
    assert sandbox.denials() == ()
    container.tried.append(["api.example.com", 443, "tcp", "denied"])
    assert len(sandbox.denials()) == 1


def test_the_last_look_is_remembered() -> None:
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]])
    sandbox = started(container)
    sandbox.close()
    container.gone = True
    assert len(sandbox.denials()) == 1
    sandbox.close()
    assert container.looks == 1


def test_one_that_is_gone_tells_what_it_told_before() -> None:
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]])
    sandbox = started(container)
    before = sandbox.denials()
    container.gone = True
    assert sandbox.denials() == before != ()


def test_a_look_that_tells_nothing_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_LOOK", 0.05)
    container = FakeContainer(tried=[["api.example.com", 443, "tcp", "denied"]])
    sandbox = started(container)
    before = sandbox.denials()
    monkeypatch.setattr(container, "kill", lambda _signal: None)
    assert sandbox.denials() == before != ()


@pytest.mark.parametrize(
    ("container", "says"),
    [
        (
            FakeContainer(says=[{"lacking": "Error: No such file or directory"}], status="exited"),
            "No such file",
        ),
        (FakeContainer(says=[{"Traceback": "of an accident"}], status="exited"), "of an accident"),
        (FakeContainer(refusal="no sysctl net.ipv6.conf.all.disable_ipv6"), "no sysctl"),
    ],
    ids=["no nftables", "a crash", "refused by the engine"],
)
def test_what_is_lacking_is_said_and_nothing_left(container: FakeContainer, says: str) -> None:
    sandbox = made(container)
    with pytest.raises(Lacking, match=says):
        sandbox.start()
    assert container.stopped
