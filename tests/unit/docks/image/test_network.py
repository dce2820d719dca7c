"""The network of a run has addresses as the platform's own, where the engine has some to give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError
from testcontainers.core import network as module

from spacedock import platform
from spacedock.docks.image.network import RunNetwork
from spacedock.runs import RUN_LABEL, OpenRun


class FakeClient:
    """An engine that makes a network or refuses to, and gives addresses of its own from `pools`."""

    def __init__(self, refuses: Callable[[dict[str, Any]], bool], pools: Sequence[str] = ()) -> None:
        self.made: list[dict[str, Any]] = []
        told = {"DefaultAddressPools": [{"Base": pool, "Size": 24} for pool in pools]} if pools else {}
        self.client = SimpleNamespace(close=lambda: None, info=lambda: told)
        self._refuses = refuses

    def client_networks_create(self, name: str, settings: dict[str, Any]) -> SimpleNamespace:
        if self._refuses(settings):
            raise APIError("Pool overlaps with other one on this address space")
        self.made.append(settings)
        return SimpleNamespace(remove=lambda: None)


def made(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    refuses: Callable[[dict[str, Any]], bool],
    pools: Sequence[str] = (),
) -> list[dict[str, Any]]:
    client = FakeClient(refuses, pools)
    monkeypatch.setattr(module, "DockerClient", lambda **_: client)
    with RunNetwork(OpenRun("a1b2", tmp_path)):
        return client.made


def test_it_lies_where_the_platforms_edge_calls_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (settings,) = made(monkeypatch, tmp_path, lambda _: False)
    (pool,) = settings["ipam"]["Config"]
    subnet = ip_network(pool["Subnet"])
    assert subnet.prefixlen == 24
    assert subnet.subnet_of(ip_network(platform.EDGE_NETWORK.value))  # type: ignore[arg-type]
    assert settings["labels"][RUN_LABEL] == "a1b2"
    assert ip_network(pool["IPRange"]).supernet() == subnet  # the other half is for bays


def test_addresses_that_are_taken_are_not_insisted_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken = []

    def the_first(settings: dict[str, Any]) -> bool:
        taken.append(settings)
        return len(taken) == 1

    (settings,) = made(monkeypatch, tmp_path, the_first)
    assert settings["ipam"] != taken[0]["ipam"]


def test_where_none_can_be_had_the_engine_chooses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (settings,) = made(monkeypatch, tmp_path, lambda settings: "ipam" in settings)
    assert set(settings) == {"labels"}


def test_an_engine_that_gives_such_addresses_by_itself_chooses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (settings,) = made(monkeypatch, tmp_path, lambda _: False, pools=["10.200.0.0/16"])
    assert set(settings) == {"labels"}


@pytest.mark.parametrize("pool", ["172.80.0.0/16", "fd00:1234::/48"])
def test_an_engine_that_gives_other_addresses_is_told_which(
    pool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (settings,) = made(monkeypatch, tmp_path, lambda _: False, pools=[pool])
    assert "ipam" in settings
