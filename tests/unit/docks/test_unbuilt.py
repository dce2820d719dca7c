"""What stands for a dock whose Space does not build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.conditions import Conditions
from spacedock.docks.unbuilt import Unbuilt, entered
from spacedock.errors import BuildError, EngineError, SpaceBuildError
from tests.unit.fakes import FakeDock

NOT_BUILT = SpaceBuildError("it does not build", remedy="mend it")


class Failing(FakeDock):
    """Fails when it is entered."""

    def __init__(self, error: Exception) -> None:
        super().__init__(shares_ports=True, conditions=Conditions(time_scale=0.5))
        self.error = error

    def __enter__(self) -> Self:
        raise self.error


class Watched(FakeDock):
    """Knows whether it was left."""

    left = False

    def __exit__(self, *exc: object) -> None:
        self.left = True


def test_a_dock_whose_space_builds_is_given_and_left_in_the_end() -> None:
    dock = Watched()
    with entered(dock) as given:
        assert given is dock
        assert not dock.left
    assert dock.left


def test_one_whose_space_does_not_is_given_as_one_that_has_nothing() -> None:
    dock = Failing(NOT_BUILT)
    with entered(dock) as given:
        assert isinstance(given, Unbuilt)
        assert given.error is NOT_BUILT
        assert (given.name, given.capabilities) == (dock.name, dock.capabilities)
        assert (given.shares_ports, given.conditions) == (True, dock.conditions)
        assert given.image_identity() is None
        assert not given.services
        assert not given.canaries


@pytest.mark.parametrize(
    "error", [EngineError("no engine", remedy="start it"), BuildError("the double", remedy="?"), OSError()]
)
def test_every_other_error_is_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, entered(Failing(error)):
        pass
    assert caught.value is error


def test_an_error_of_what_is_done_with_a_dock_is_not_taken_for_one_of_its_build() -> None:
    with pytest.raises(SpaceBuildError), entered(FakeDock()):
        raise NOT_BUILT


@pytest.mark.parametrize(
    "ask",
    [
        lambda dock: dock.boot(BootSpec()),
        lambda dock: dock.start("postgres"),
        lambda dock: dock.made(),
        lambda dock: dock.search(lambda path, chunks: (), ""),
        lambda dock: dock.faults(),
    ],
    ids=["boot", "start", "made", "search", "faults"],
)
def test_who_asks_it_for_more_than_words_meets_the_error(ask: Callable[[Unbuilt], object]) -> None:
    with Unbuilt(FakeDock(), NOT_BUILT) as dock, pytest.raises(SpaceBuildError) as caught:
        ask(dock)
    assert caught.value is NOT_BUILT
