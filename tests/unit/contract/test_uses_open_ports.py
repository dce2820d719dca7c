from __future__ import annotations

from pathlib import Path

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.instance import Denial
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "uses-open-ports"
MAIL = Denial("smtp.gmail.com", 587, "tcp", platform=True)


def with_variable(folder: Path, value: str) -> Space:
    return sound_space(folder / "other", manifest=f'[variables]\nMAIL_URL = "{value}"\n')


def test_a_space_that_tries_nothing_closed_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_try_that_the_platform_would_drop_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(MAIL,))))
    assert [problem.seen for problem in finding.problems] == [
        "it tried smtp.gmail.com:587/tcp (dropped, as on the platform)"
    ]
    assert finding.promise.level is Level.MUST


def test_a_try_that_kept_it_from_booting_is_told_too(space: Space, hold: Hold) -> None:
    instance = FakeInstance(boot=exited(1), denied=(MAIL,))
    assert hold(PROMISE, space, FakeDock(otherwise=instance)).outcome is Outcome.BROKEN


def test_what_only_the_dock_denies_is_no_defect(space: Space, hold: Hold) -> None:
    denied = Denial("api.example", 443, "tcp", platform=False)
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(denied,)))).outcome is Outcome.KEPT


def test_ipv6_is_another_promise(space: Space, hold: Hold) -> None:
    denied = Denial("2001:db8::1", 587, "tcp", platform=True, ipv6=True)
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(denied,)))).outcome is Outcome.KEPT


def test_a_name_that_is_not_resolved_is_another_promise(space: Space, hold: Hold) -> None:
    denied = Denial("discord.com", 53, "udp", platform=True, blocked=True)
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(denied,)))).outcome is Outcome.KEPT


def test_a_variable_that_points_at_a_port_of_mail_breaks_it(tmp_path: Path, hold: Hold) -> None:
    finding = hold(PROMISE, with_variable(tmp_path, "smtp://smtp.gmail.com:587"), FakeDock())
    assert [problem.seen for problem in finding.problems] == [
        "MAIL_URL points at port 587 of smtp.gmail.com, which is closed"
    ]


def test_a_contested_port_breaks_it_where_the_documentation_is_believed(space: Space, hold: Hold) -> None:
    documented = FakeDock(conditions=Conditions(egress=Egress.DOCUMENTED))
    (problem,) = hold(PROMISE, space, documented).problems
    assert problem.seen == "DATABASE_URL points at port 5432 of postgres, which is closed"


def test_a_dock_that_limits_nothing_cannot_show_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.EGRESS})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_however_it_answers_what_it_tried_is_told(
    space: Space, hold: Hold, visited: respx.MockRouter, how: str
) -> None:
    misbehaves(visited, how)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(MAIL,)))).outcome is Outcome.BROKEN
