from __future__ import annotations

from dataclasses import dataclass

import pytest

from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.instance import TooManyToListError
from spacedock.evidence import quiet
from spacedock.evidence.base import CannotShow, NotReady
from spacedock.evidence.boots import AS_IMAGE_USER
from spacedock.evidence.disk import WrittenAsImageUser
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_QUIET", 0.0)


def test_what_one_wrote_and_the_other_says_are_told_together(space: Space) -> None:
    dock = FakeDock(otherwise=FakeInstance(log="no history is kept"))
    dock.when(AS_IMAGE_USER.purpose, FakeInstance(barred=("/srv/history.db",), log="kept"))
    with Run(space, dock) as run:
        written = run.look(WrittenAsImageUser())
    assert written.paths == ("/srv/history.db",)
    assert written.deployed_log == "no history is kept"
    assert (written.facts.spec, written.facts.log) == (AS_IMAGE_USER, "kept")
    assert set(dock.booted) == {AS_DEPLOYED, AS_IMAGE_USER}


def test_where_only_the_image_s_own_user_boots_there_is_nothing_to_compare(space: Space) -> None:
    dock = FakeDock(as_deployed=FakeInstance(boot=exited(1)))
    with Run(space, dock) as run, pytest.raises(NotReady, match="as deployed"):
        run.look(WrittenAsImageUser())


@dataclass
class WritesTooMuch(FakeInstance):
    """One that wrote more than is listed."""

    def forbidden(self) -> tuple[str, ...]:
        raise TooManyToListError("it changed too many files to list: 1000000 paths")


def test_more_than_is_listed_proves_nothing(space: Space) -> None:
    dock = FakeDock()
    dock.when(AS_IMAGE_USER.purpose, WritesTooMuch())
    with Run(space, dock) as run, pytest.raises(CannotShow, match="1000000 paths"):
        run.look(WrittenAsImageUser())
