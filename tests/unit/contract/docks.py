"""Docks of pretence in which it matters what else runs, has run or is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from spacedock.docks.boots import BootResult, BootSpec
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.faults.network import Rebuff, Traffic
from tests.unit.fakes import READY, FakeDock, FakeInstance, exited


class Crowded(FakeDock):
    """A Space that does not boot while another instance of it runs."""

    def __init__(self, failed: BootResult | None = None) -> None:
        super().__init__()
        self.given: list[FakeInstance] = []
        self.failed = failed or exited(1)

    def boot(self, spec: BootSpec) -> FakeInstance:
        self.booted.append(spec)
        boot = self.failed if any(instance.alive() for instance in self.given) else self.alone
        self.given.append(FakeInstance(spec=spec, boot=boot, url=self.url))
        return self.given[-1]

    alone = READY
    url = "http://127.0.0.1:9"


class Spent(FakeDock):
    """A Space that boots once on its services, and never again."""

    def __init__(self, *, shares_ports: bool = False) -> None:
        super().__init__(shares_ports=shares_ports)

    def boot(self, spec: BootSpec) -> FakeInstance:
        first = not self.booted
        instance = super().boot(spec)
        return instance if first else replace(instance, boot=exited(1), log="relation exists already")


class FakeFaults:
    """Remembers what was broken and how, in a bay of its own."""

    def __init__(self, number: int) -> None:
        self.environment = (("DATABASE_URL", f"postgresql://faults-{number}:5432/postgres"),)
        self.broken_now: dict[str, str] = {}
        self.refused: dict[str, tuple[Rebuff, ...]] = {}

    def break_(self, service: str, fault: NetworkFault) -> None:
        self.broken_now[service] = fault.kind

    def watch(self, service: str) -> Traffic:
        return Traffic(0, 0, 0, 0, self.refused.get(service, ()))

    @contextmanager
    def broken(self, service: str, fault: NetworkFault) -> Iterator[None]:
        self.break_(service, fault)
        yield
        del self.broken_now[service]


class BreakableDock(FakeDock):
    """A dock whose bays stay open to be looked into."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.bays: list[FakeFaults] = []
        self._numbers = count(1)
        self.refused: dict[str, tuple[Rebuff, ...]] = {}  # by each service, in every bay

    def bay(self, purpose: str) -> FakeFaults:
        """Return the one that the instance for that purpose was booted in."""
        (spec,) = (spec for spec in self.booted if spec.purpose == purpose)
        return next(bay for bay in self.bays if bay.environment == spec.environment)

    @contextmanager
    def _faults(self) -> Iterator[Any]:
        self.bays.append(bay := FakeFaults(next(self._numbers)))
        bay.refused = self.refused
        yield bay

    def faults(self) -> Any:
        return self._faults()
