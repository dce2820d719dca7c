from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Denial
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "needs-no-ipv6"


def with_variable(folder: Path, value: str) -> Space:
    return sound_space(folder / "other", manifest=f'[variables]\nDATABASE_URL = "{value}"\n')


def test_a_space_that_keeps_to_ipv4_keeps_it(space: Space, hold: Hold) -> None:
    denied = Denial("smtp.gmail.com", 587, "tcp", platform=True)
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(denied,)))).outcome is Outcome.KEPT


def test_a_try_over_ipv6_breaks_it(space: Space, hold: Hold) -> None:
    denied = Denial("db.abcdefgh.supabase.co", 5432, "tcp", platform=True, ipv6=True)
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=(denied,))))
    assert [problem.seen for problem in finding.problems] == [
        "it tried db.abcdefgh.supabase.co:5432/tcp (no route for IPv6, as on the platform)"
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("postgresql://u@db.abcdefgh.supabase.co/postgres", "port 5432 of db.abcdefgh.supabase.co"),
        ("http://[2001:db8::1]:8080/", "port 8080 of 2001:db8::1"),
    ],
)
def test_a_variable_that_points_at_a_host_without_ipv4_breaks_it(
    tmp_path: Path, hold: Hold, value: str, says: str
) -> None:
    (problem,) = hold(PROMISE, with_variable(tmp_path, value), FakeDock()).problems
    assert problem.seen == f"DATABASE_URL points at {says}, which has no IPv4 address"


@pytest.mark.parametrize(
    "value", ["postgresql://u@aws-0-eu-central-1.pooler.supabase.com:6543/postgres", "http://[::1]:8080/"]
)
def test_a_variable_that_points_elsewhere_keeps_it(tmp_path: Path, hold: Hold, value: str) -> None:
    assert hold(PROMISE, with_variable(tmp_path, value), FakeDock()).outcome is Outcome.KEPT


def test_a_dock_that_limits_nothing_cannot_show_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.EGRESS})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN
