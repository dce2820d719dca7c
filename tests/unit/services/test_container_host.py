"""What a container host asks of testcontainers and makes of its answers; without an engine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest
import requests
from docker.errors import APIError, NotFound
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from spacedock.errors import EngineError
from spacedock.images.supply import Image
from spacedock.runs import OpenRun
from spacedock.services.hosts import container as module
from spacedock.services.hosts.container import ContainerHost, told

IMAGE = Image("postgres:18.6", "hf-spacedock/postgres:1", stand_in=True)
NETWORK = cast("Network", object())


class FakeContainer:
    """A container whose engine answers as the test says."""

    def __init__(self) -> None:
        self.image = "mirror.example/hf-spacedock/postgres:1"
        self.asked: dict[str, Any] = {}
        self.ports: list[int | Exception] = [49153]
        self.status = "running"
        self.code = 0
        self.refuses: dict[str, Exception] = {}
        self.removed = False

    def with_network(self, network: object) -> Self:
        self.asked["network"] = network
        return self

    def with_network_aliases(self, *aliases: str) -> Self:
        self.asked["aliases"] = aliases
        return self

    def with_kwargs(self, **kwargs: object) -> Self:
        self.asked |= kwargs
        return self

    def with_name(self, name: str) -> Self:
        self.asked["name"] = name
        return self

    def waiting_for(self, _: object) -> Self:
        return self

    def _do(self, what: str) -> None:
        if what in self.refuses:
            raise self.refuses[what]

    def start(self) -> None:
        self._do("start")

    def stop(self) -> None:
        self._do("stop")
        self.removed = True

    def get_exposed_port(self, port: int) -> int:
        assert port == 5432
        published = self.ports.pop(0)
        if isinstance(published, Exception):
            raise published
        return published

    def get_container_host_ip(self) -> str:
        return "engine.example"

    def get_wrapped_container(self) -> Any:
        return SimpleNamespace(
            status=self.status,
            attrs={"State": {"ExitCode": self.code}},
            reload=lambda: self._do("reload"),
            logs=lambda **_: b"one\ntwo\xff\n",
        )


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> FakeContainer:
    made = FakeContainer()
    monkeypatch.setattr(module, "start", lambda given: given.start())
    return made


@pytest.fixture
def host(container: FakeContainer) -> ContainerHost:
    return ContainerHost(
        cast("DockerContainer", container),
        image=IMAGE,
        name="postgres",
        port=5432,
        network=NETWORK,
        run=OpenRun("abc", Path("nowhere")),
    )


def refusal(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("no", response=response)


def test_it_is_labelled_and_has_its_name_on_the_network(
    host: ContainerHost, container: FakeContainer
) -> None:
    assert container.asked["network"] is NETWORK
    assert container.asked["aliases"] == ("postgres",)
    assert container.asked["labels"]["hf-spacedock.run"] == "abc"
    assert container.asked["name"].startswith("spacedock-abc-postgres-")
    assert container.asked["pids_limit"]


def test_its_image_is_the_engines_own_whatever_prefix_is_set(
    host: ContainerHost, container: FakeContainer
) -> None:
    assert container.image == IMAGE.tag


def test_its_address_is_where_the_engine_publishes_it(host: ContainerHost) -> None:
    assert host.address() == "engine.example:49153"
    assert host.address() == "engine.example:49153"  # asked once


@pytest.mark.parametrize("not_running", [TimeoutError("did not become running"), ConnectionError("no port")])
def test_its_address_is_unknown_as_long_as_it_does_not_run(
    host: ContainerHost, container: FakeContainer, not_running: Exception
) -> None:
    container.ports.insert(0, not_running)
    assert host.address() is None
    assert host.address() == "engine.example:49153"


@pytest.mark.parametrize(("status", "code"), [("running", None), ("exited", 137), ("dead", 137)])
def test_its_death_is_known(
    host: ContainerHost, container: FakeContainer, status: str, code: int | None
) -> None:
    container.status, container.code = status, 137
    assert host.exit_code() == code


def test_one_that_somebody_removed_is_told_as_such(host: ContainerHost, container: FakeContainer) -> None:
    container.refuses["reload"] = container.ports[0] = NotFound("no such container")
    for ask in (host.exit_code, host.address):
        with pytest.raises(EngineError, match="the container of postgres was removed"):
            ask()


def test_its_log_is_read_whatever_is_in_it(host: ContainerHost) -> None:
    assert host.logs() == "one\ntwo\ufffd\n"


def test_an_engine_that_does_not_start_it_is_an_error_with_a_remedy(
    host: ContainerHost, container: FakeContainer
) -> None:
    container.refuses["start"] = refusal(500)
    with pytest.raises(EngineError, match="did not start the container of postgres"):
        host.start()


@pytest.mark.parametrize("status", [404, 409])
def test_one_that_is_gone_or_going_needs_no_removal(
    host: ContainerHost, container: FakeContainer, status: int
) -> None:
    container.refuses["stop"] = refusal(status)
    host.end()


def test_one_that_cannot_be_removed_is_not_passed_over(host: ContainerHost, container: FakeContainer) -> None:
    container.refuses["stop"] = refusal(500)
    with pytest.raises(APIError):
        host.end()


def test_a_stand_in_is_told_from_the_official_image() -> None:
    assert told(IMAGE) == "a stand-in for postgres:18.6"
    assert told(Image("postgres:18.6", "postgres:18.6", stand_in=False)) == "postgres:18.6"
