"""Services start side by side, and none is left when one of them or the build fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Self

import pytest

from spacedock.docks.alongside import Alongside, service_module, service_modules
from spacedock.errors import BootError, UsageError
from spacedock.progress import silent
from spacedock.services.base import Service
from tests.unit.docks.servers import space_of


@dataclass
class FakeService:
    name: str = "fake"
    before: Barrier | None = None
    fails: bool = False
    running: bool = False
    control: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    address: str = "fake:1"

    def values_at(self, address: str) -> Mapping[str, str]:
        return self.values

    def logs(self) -> str:
        return ""

    def __enter__(self) -> Self:
        if self.before:
            self.before.wait(timeout=30)
        if self.fails:
            raise BootError(f"{self.name} does not come up", remedy="look at it")
        self.running = True
        return self

    def __exit__(self, *exc: object) -> None:
        self.running = False


def factories(*made: FakeService) -> dict[str, Callable[[], Service]]:
    return {service.name: partial(_identity, service) for service in made}


def _identity(service: Service) -> Service:
    return service


def test_services_start_side_by_side_and_end_together() -> None:
    meeting = Barrier(2)  # broken, were one started after the other
    services = (FakeService("a", meeting), FakeService("b", meeting))
    with Alongside(factories(*services), silent) as alongside:
        assert alongside.ready() == {"a": services[0], "b": services[1]}
        assert all(service.running for service in services)
    assert not any(service.running for service in services)


def test_one_more_starts_once_and_ends_with_the_others() -> None:
    first, more = FakeService("first"), FakeService("more")
    with Alongside(factories(first), silent) as alongside:
        alongside.ready()
        assert alongside.add("more", lambda: more) is more
        assert alongside.add("more", lambda: FakeService("another")) is more
        assert alongside.add("first", lambda: FakeService("another")) is first
        assert alongside.running == {"first": first, "more": more}
    assert not first.running
    assert not more.running


def test_one_more_that_failed_can_be_tried_again() -> None:
    with Alongside({}, silent) as alongside:
        with pytest.raises(BootError, match="more"):
            alongside.add("more", lambda: FakeService("more", fails=True))
        assert alongside.running == {}
        assert alongside.add("more", lambda: FakeService("more")).header == ()


def test_what_fails_is_raised_with_what_failed_beside_it() -> None:
    good, bad, worse = FakeService("good"), FakeService("bad", fails=True), FakeService("worse", fails=True)
    started = Alongside(factories(good, bad, worse), silent)
    with pytest.raises(BootError, match="bad") as caught, started as alongside:
        alongside.ready()
    assert not good.running
    assert "worse does not come up" in caught.value.__notes__[0]


def test_an_interrupted_build_ends_the_services() -> None:
    service = FakeService()
    with pytest.raises(KeyboardInterrupt), Alongside(factories(service), silent):
        raise KeyboardInterrupt
    assert not service.running


def test_a_service_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    space = space_of(tmp_path, "", port=8080, manifest='[secrets]\nURL = { from = "mongo.url" }\n')
    with pytest.raises(UsageError, match="`mongo`") as caught:
        service_modules(space)
    assert caught.value.remedy == "use one of openai, pgbouncer, postgres, qdrant"
    assert caught.value.path == space.manifest.path


@pytest.mark.parametrize("room", ["base", "hosts", "faults"])
def test_what_lies_beside_the_services_is_none(room: str) -> None:
    with pytest.raises(UsageError, match=f"`{room}`"):
        service_module(room)
