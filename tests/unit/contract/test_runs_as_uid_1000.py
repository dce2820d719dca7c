from __future__ import annotations

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.fakes import FakeDock, FakeInstance, exited

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "runs-as-uid-1000"
DENIED = "PermissionError: [Errno 13] Permission denied: '/app/cache'"


def test_a_space_that_runs_as_1000_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_space_that_only_starts_as_root_breaks_it(space: Space, hold: Hold) -> None:
    dock = FakeDock().when("as deployed", FakeInstance(boot=exited(1), log=DENIED))
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.BROKEN
    assert "as the image's own user it starts" in finding.problems[0].seen
    assert "'/app/cache'" in finding.problems[0].seen


def test_what_only_an_owner_may_has_its_own_consequence_and_remedy(space: Space, hold: Hold) -> None:
    log = "chmod: changing permissions of '/srv/index': Operation not permitted"
    dock = FakeDock().when("as deployed", FakeInstance(boot=exited(1), log=log))
    (problem,) = hold(PROMISE, space, dock).problems
    assert f"it starts. It changes the mode or the owner of what it does not own: {log}" in problem.seen
    assert "only an owner may change a mode" in problem.consequence
    assert "install -d -o 1000" in problem.remedy


def test_a_denial_after_the_start_breaks_it_too(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(log=f"started\n{DENIED}\n")))
    assert "it starts, but something is denied to it" in finding.problems[0].seen


@pytest.mark.parametrize(("named", "red"), [("", False), ("app", True), ("1000", True)])
def test_what_is_denied_to_an_image_without_user_may_work_as_root(
    space: Space, hold: Hold, named: str, red: bool
) -> None:
    dock = FakeDock(otherwise=FakeInstance(log=DENIED), image_user=Identity(named=named))
    finding = hold(PROMISE, space, dock)
    assert (finding.outcome, finding.is_red()) == (Outcome.BROKEN, red)


@pytest.mark.parametrize(
    "line",
    [
        "[1] [ERROR] Control server error: [Errno 13] Permission denied: '/.gunicorn'",
        'nginx: [alert] could not open error log file: open() "/x.log" failed (13: Permission denied)',
    ],
)
def test_a_denial_that_its_program_can_do_without_is_none(space: Space, hold: Hold, line: str) -> None:
    dock = FakeDock(otherwise=FakeInstance(log=f"{line}\nListening at: http://0.0.0.0:8080"))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


def test_a_server_that_changes_its_user_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(user=0)))
    assert "runs as uid 0" in finding.problems[0].seen


def test_a_space_that_starts_as_nobody_fails_for_another_reason(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_a_dock_without_identity_proves_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.IDENTITY})
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.NOT_PROVEN
    assert finding.detail == "the fake dock cannot show: identity"
    assert dock.booted == []


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_however_it_answers_what_was_denied_to_it_is_told(
    space: Space, hold: Hold, visited: respx.MockRouter, how: str
) -> None:
    misbehaves(visited, how)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(log=DENIED))).outcome is Outcome.BROKEN
