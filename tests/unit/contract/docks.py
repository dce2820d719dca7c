"""Docks of pretence in which it matters what else runs, has run or is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from spacedock.docks.base import Boot, Order
from spacedock.services.faults.fault import Fault
from tests.unit.fakes import READY, FakeBerth, FakeDock, exited


class Crowded(FakeDock):
    """A Space that does not boot while another berth of it runs."""

    def __init__(self, failed: Boot | None = None) -> None:
        super().__init__()
        self.given: list[FakeBerth] = []
        self.failed = failed or exited(1)

    def board(self, order: Order) -> FakeBerth:
        self.boarded.append(order)
        boot = self.failed if any(berth.alive() for berth in self.given) else self.alone
        self.given.append(FakeBerth(order=order, boot=boot, url=self.url))
        return self.given[-1]

    alone = READY
    url = "http://127.0.0.1:9"


class Spent(FakeDock):
    """A Space that boots once on its services, and never again."""

    def __init__(self, *, shares_ports: bool = False) -> None:
        super().__init__(shares_ports=shares_ports)

    def board(self, order: Order) -> FakeBerth:
        first = not self.boarded
        berth = super().board(order)
        return berth if first else replace(berth, boot=exited(1), log="relation exists already")


class FakeFaults:
    """Remembers what was broken and how."""

    environment = (("DATABASE_URL", "postgresql://faults:5432/postgres"),)

    def __init__(self) -> None:
        self.broken_now: dict[str, str] = {}

    def break_(self, service: str, fault: Fault) -> None:
        self.broken_now[service] = fault.kind

    @contextmanager
    def broken(self, service: str, fault: Fault) -> Iterator[None]:
        self.break_(service, fault)
        yield
        del self.broken_now[service]


class BreakableDock(FakeDock):
    """A dock whose faults are `opened`."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.opened = FakeFaults()

    @contextmanager
    def _faults(self) -> Iterator[Any]:
        yield self.opened

    def faults(self) -> Any:
        return self._faults()
