"""Leaving a dock ends the boots that are under way; one that came up is followed by others."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any, cast
from unittest.mock import Mock

import pytest

from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec, Cause
from spacedock.docks.image import launch
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


@pytest.mark.parametrize("cause", [None, *Cause])
def test_a_boot_that_came_up_has_a_sandbox_begun_for_the_next(
    monkeypatch: pytest.MonkeyPatch, cause: Cause | None
) -> None:
    setting, container, meter = Mock(), Mock(), Mock()
    result = BootResult(seconds=0.1, port=7860, cause=cause)
    monkeypatch.setattr(launch, "watch", lambda *_, **__: result)
    meter.usage.return_value.exceeded = ()
    meter.first_look.return_value = 0.1
    Launcher(setting)._booted(container, meter)
    assert setting.sandboxes.expect_another.called is (cause is None)
