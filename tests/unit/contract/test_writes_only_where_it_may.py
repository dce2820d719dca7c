from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import chosen
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity
from spacedock.evidence.boots import AS_IMAGE_USER
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import AS_ROOT, FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_DOCKERFILE, sound_space

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "writes-only-where-it-may"
AS_IMAGE = AS_IMAGE_USER.purpose
HOME = AS_ROOT.home  # of the image's own user


def test_a_space_that_writes_nothing_else_as_root_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_what_root_writes_and_uid_1000_may_not_is_named(space: Space, hold: Hold) -> None:
    dock = FakeDock().when(AS_IMAGE, FakeInstance(barred=("/srv/state", "/var/lib/app")))
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.BROKEN
    assert "(uid 0, no USER in the image) it writes /srv/state, /var/lib/app;" in finding.problems[0].seen


def test_many_paths_are_counted(space: Space, hold: Hold) -> None:
    dock = FakeDock().when(AS_IMAGE, FakeInstance(barred=tuple(f"/srv/{number}" for number in range(9))))
    assert "/srv/4 and 4 more" in hold(PROMISE, space, dock).problems[0].seen


@pytest.mark.parametrize(
    "path",
    ["/usr/lib/python3.11/re/__pycache__", "/app/app.pyc", f"{HOME}/x", HOME, "/proc/x", "/dev/shm/x"],
)
def test_what_nobody_misses_is_left_alone(space: Space, hold: Hold, path: str) -> None:
    dock = FakeDock().when(AS_IMAGE, FakeInstance(barred=(path,)))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


def test_what_uid_1000_complains_of_is_another_promises(space: Space, hold: Hold) -> None:
    dock = FakeDock(otherwise=FakeInstance(log="cannot create /srv/state: Permission denied"))
    dock.when(AS_IMAGE, FakeInstance(barred=("/srv/state",)))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


def test_an_image_whose_user_is_uid_1000_is_booted_once(space: Space, hold: Hold) -> None:
    dock = FakeDock(image_user=Identity("user", 1000, "/home/user"))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert dock.booted == [AS_DEPLOYED]


def test_a_server_that_refuses_to_be_root_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock().when(AS_IMAGE, FakeInstance(boot=exited(1))))
    assert "it exited with code 1" in finding.problems[0].seen
    assert "seen running as root" in finding.problems[0].consequence


def test_a_space_that_only_starts_as_root_is_another_promises(space: Space, hold: Hold) -> None:
    dock = FakeDock(as_deployed=FakeInstance(boot=exited(1))).when(AS_IMAGE, FakeInstance(barred=("/srv/x",)))
    assert hold(PROMISE, space, dock).outcome is Outcome.BLOCKED


def test_a_dock_without_disk_proves_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.DISK})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


@pytest.mark.parametrize(
    ("user", "boots"),
    [("", 1), ("USER 1000\n", 1), ("USER root\n", 2), ("USER 1000\nUSER 0:0\n", 2), ("USER node\n", 1)],
)
def test_the_second_boot_starts_ahead_where_the_dockerfile_is_sure(
    tmp_path: Path, user: str, boots: int
) -> None:
    (promise,) = chosen([PROMISE])
    space = sound_space(tmp_path, dockerfile=SOUND_DOCKERFILE + user)
    assert len({spec for each in promise.wants(space) for spec in each.boots(space)}) == boots
