from __future__ import annotations

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import Cause
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.evidence.repositories import commit, repository
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening

PROMISE = "starts-without-env-file"
WITH_ONE = "with a .env file in its working directory"


def test_a_space_that_starts_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_space_that_only_starts_with_one_breaks_it(space: Space, hold: Hold) -> None:
    dock = FakeDock().when("as deployed", FakeInstance(boot=exited(1), log="FileNotFoundError: '.env'"))
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.BROKEN
    assert "with one, holding the same values, it starts" in finding.problems[0].seen
    assert "FileNotFoundError" in finding.problems[0].log


def test_a_space_that_starts_neither_way_fails_for_another_reason(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_a_space_that_runs_and_is_not_reached_does_not_want_one(space: Space, hold: Hold) -> None:
    loopback = FakeInstance(boot=listening(Cause.LOOPBACK, "127.0.0.1", 8080))
    assert hold(PROMISE, space, FakeDock().when("as deployed", loopback)).outcome is Outcome.BLOCKED


def test_no_second_boot_is_made_for_a_space_that_starts(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    hold(PROMISE, space, dock)
    assert WITH_ONE not in [order.purpose for order in dock.booted]


def test_a_file_that_would_be_pushed_breaks_it(space: Space, hold: Hold) -> None:
    (space.root / ".env").write_text("API_KEY=1\n")
    finding = hold(PROMISE, space, FakeDock())
    assert "would be pushed" in finding.problems[0].seen


def test_in_a_repository_it_is_what_git_tracks_that_would_be_pushed(space: Space, hold: Hold) -> None:
    repository(space.root)
    (space.root / ".env").write_text("API_KEY=1\n")
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT
    commit(space.root)
    assert "would be pushed" in hold(PROMISE, space, FakeDock()).problems[0].seen
