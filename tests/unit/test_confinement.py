"""What bounds containers, and where their ports are published: as testcontainers and docker-py are told."""

from __future__ import annotations

import ast
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import APIError
from docker.utils import convert_port_bindings
from testcontainers.core.config import ConnectionMode
from testcontainers.core.container import DockerContainer

from spacedock import confinement
from spacedock.confinement import confined, start
from spacedock.runs import OpenRun

PACKAGE = Path(confinement.__file__).parent
RUN = OpenRun("abc123", Path("nowhere"))
ELSEWHERE = "198.51.100.7"


class FakeContainer:
    """What testcontainers starts, and its client, in one."""

    def __init__(self, host: str, mode: ConnectionMode, refusal: str = "") -> None:
        self.ports: dict[str, Any] = {"7860": None}
        self.started_with: list[Any] = []
        self.removed = 0
        self.parts: list[dict[str, str]] = []  # of its network
        self._network = SimpleNamespace(name="a network")
        get = lambda _: SimpleNamespace(attrs={"IPAM": {"Config": self.parts}})  # noqa: E731
        self.client = SimpleNamespace(networks=SimpleNamespace(get=get))
        self._host, self._mode, self._refusal = host, mode, refusal

    def get_docker_client(self) -> FakeContainer:
        return self

    def get_connection_mode(self) -> ConnectionMode:
        return self._mode

    def host(self) -> str:
        return self._host

    def start(self) -> None:
        self.started_with.append(convert_port_bindings(self.ports)["7860/tcp"])
        if self._refusal and self.ports["7860"]:
            raise APIError(self._refusal)

    def get_wrapped_container(self) -> FakeContainer:
        return self

    def remove(self, *, force: bool, v: bool) -> None:
        assert force
        assert v
        self.removed += 1


def published(
    host: str, mode: ConnectionMode = ConnectionMode.docker_host, refusal: str = ""
) -> FakeContainer:
    container = FakeContainer(host, mode, refusal)
    start(cast("DockerContainer", container))
    return container


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_ports_of_an_engine_that_is_here_are_on_loopback_alone(host: str) -> None:
    assert published(host).started_with == [[{"HostIp": "127.0.0.1", "HostPort": ""}]]


def test_ports_of_an_engine_elsewhere_are_at_the_address_by_which_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostbyname", {"engine.example": ELSEWHERE}.__getitem__)
    assert published("engine.example").started_with == [[{"HostIp": ELSEWHERE, "HostPort": ""}]]


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        ([{"Subnet": "10.1.2.0/24", "Gateway": "10.1.2.9"}], "10.1.2.9"),
        ([{"Subnet": "fd00::/64"}, {"Subnet": "10.1.2.0/24", "IPRange": "10.1.2.0/25"}], "10.1.2.1"),
        ([], ""),
    ],
)
def test_a_harness_in_a_container_comes_by_the_gateway_of_the_network(
    parts: list[dict[str, str]], address: str
) -> None:
    container = FakeContainer("localhost", ConnectionMode.gateway_ip)
    container.parts = parts
    start(cast("DockerContainer", container))
    assert container.started_with == [[{"HostIp": address, "HostPort": ""}]]


def test_who_comes_to_the_container_itself_needs_no_published_port() -> None:
    container = published("localhost", ConnectionMode.bridge_ip)
    assert container.started_with == [[{"HostIp": "127.0.0.1", "HostPort": ""}]]


def test_an_engine_behind_a_translation_of_addresses_publishes_as_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostbyname", lambda _: ELSEWHERE)
    container = published("engine.example", refusal=f"listen tcp4 {ELSEWHERE}: {confinement._NOT_ITS_OWN}")
    assert [each[0]["HostIp"] for each in container.started_with] == [ELSEWHERE, ""]
    assert container.removed == 1


def test_another_refusal_is_the_engines_own() -> None:
    with pytest.raises(APIError, match="no space left"):
        published("localhost", refusal="no space left on device")


def test_every_container_has_bounds_and_is_a_runs() -> None:
    options = confined(RUN)
    assert options["pids_limit"] > 0
    assert options["log_config"].config.keys() == {"max-size", "max-file"}
    assert options["labels"]["hf-spacedock.run"] == RUN.id


def test_names_say_whose_and_what_for_and_are_no_two_the_same() -> None:
    one, other = RUN.name("edge"), RUN.name("edge")
    assert one.startswith("spacedock-abc123-edge-")
    assert one != other


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_nobody_makes_a_container_without_bounds(path: Path) -> None:
    """Where one is made with docker-py, or given options, `confined` is among them."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            made = ast.unparse(call.func).endswith(("containers.create", "containers.run", ".with_kwargs"))
            spread = [ast.unparse(each.value) for each in call.keywords if each.arg is None]
            assert not made or any("confined" in text or text == "options" for text in spread), call.lineno
