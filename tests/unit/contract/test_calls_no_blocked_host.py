from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.instance import Denial
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "calls-no-blocked-host"
TELEGRAM = Denial("api.telegram.org", 53, "udp", platform=True, blocked=True)
MAIL = Denial("smtp.gmail.com", 587, "tcp", platform=True)


def with_variable(folder: Path, value: str) -> Space:
    return sound_space(folder / "other", manifest=f'[variables]\nHOOK_URL = "{value}"\n')


def test_a_space_that_calls_others_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(MAIL,)))).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    "instance", [FakeInstance(denied=(TELEGRAM,)), FakeInstance(boot=exited(1), denied=(TELEGRAM,))]
)
def test_a_try_breaks_it_whether_it_came_up_or_not(space: Space, hold: Hold, instance: FakeInstance) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=instance))
    assert [problem.seen for problem in finding.problems] == [
        "it tried api.telegram.org (its name is not resolved, as on the platform)"
    ]
    assert finding.promise.level is Level.SHOULD


def test_a_variable_that_points_there_breaks_it(tmp_path: Path, hold: Hold) -> None:
    space = with_variable(tmp_path, "https://discord.com/api/webhooks/1")
    (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert problem.seen == "HOOK_URL points at port 443 of discord.com, whose name is not resolved for Spaces"


@pytest.mark.parametrize("value", ["https://hooks.slack.example/1", "https://discord.com.example/"])
def test_a_variable_that_points_elsewhere_keeps_it(tmp_path: Path, hold: Hold, value: str) -> None:
    assert hold(PROMISE, with_variable(tmp_path, value), FakeDock()).outcome is Outcome.KEPT


def test_the_documentation_knows_of_no_such_host(tmp_path: Path, hold: Hold) -> None:
    space = with_variable(tmp_path, "https://discord.com/")
    documented = FakeDock(conditions=Conditions(egress=Egress.DOCUMENTED))
    assert hold(PROMISE, space, documented).outcome is Outcome.KEPT


def test_a_dock_that_limits_nothing_cannot_show_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.EGRESS})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN
