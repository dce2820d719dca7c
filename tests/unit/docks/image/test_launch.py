"""Leaving a dock ends the boots that are under way, and waits until they have left nothing."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any, cast

import pytest

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.image.container import SpaceContainer
from spacedock.docks.image.instance import ContainerInstance
from spacedock.docks.image.launch import Launcher, LeftError


class Container:
    """One whose Space never answers: only a signal ends the wait for it."""

    def __init__(self) -> None:
        self.killed = Event()

    def signal(self, _name: str) -> None:
        self.killed.set()


class Waiting(Launcher):
    """Boots nothing but the wait, and writes down what was removed."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))
        self.begun = Event()
        self.told: list[str] = []

    def _boot(self, spec: BootSpec) -> ContainerInstance:
        container = Container()
        try:
            with self._watched(cast("SpaceContainer", container)):
                self.begun.set()
                assert container.killed.wait(10)
        finally:
            self.told.append(f"removed: {spec.purpose}")
        raise AssertionError("a boot that was left is no boot")


def test_a_boot_under_way_ends_with_the_dock_and_is_removed_first() -> None:
    launcher = Waiting()

    def boot() -> None:
        with pytest.raises(LeftError):
            launcher.boot(AS_DEPLOYED)

    thread = Thread(target=boot, daemon=True)
    thread.start()
    assert launcher.begun.wait(10)
    launcher.close()
    assert launcher.told == [f"removed: {AS_DEPLOYED.purpose}"]
    thread.join(10)


def test_no_boot_begins_once_the_dock_was_left() -> None:
    launcher = Waiting()
    launcher.close()
    with pytest.raises(LeftError):
        launcher.boot(AS_DEPLOYED)
    assert launcher.told == []
