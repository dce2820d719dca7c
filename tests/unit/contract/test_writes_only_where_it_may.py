from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import chosen
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import Execution, Process
from spacedock.evidence.boots import AS_IMAGE_USER
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import AS_ROOT, FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_DOCKERFILE, SOUND_MANIFEST, sound_space

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


SQLITE = b"SQLite format 3\0" + bytes(84)
AS_USER = Identity("user", 1000, "/home/user")
WRITES = 'db = "/app/settings.db"\nconnection.execute("insert or replace into llm values (?, 0)")\n'


@dataclass
class Guarded(FakeInstance):
    """An instance that may write nothing but what a test allows, and has what tells so."""

    writable: tuple[str, ...] = ()
    tells: int = 1
    redis: str = ""

    def execute(self, *command: str) -> Execution:
        if command[0] == "redis-cli":
            return Execution(0, self.redis)
        return Execution(0 if command[2] in self.writable else self.tells, "")


def with_a_database(folder: Path, hold: Hold, code: str, instance: FakeInstance) -> list[str]:
    space = sound_space(folder)
    (folder / "app.py").write_text(code)
    layers = {"RUN make": {"/app/settings.db": SQLITE, "/usr/lib/python3/site-packages/a.db": SQLITE}}
    dock = FakeDock(image_user=AS_USER, layers=layers, otherwise=instance)
    return [problem.seen for problem in hold(PROMISE, space, dock).problems]


def test_a_database_of_the_image_that_its_code_writes_to_breaks_it(tmp_path: Path, hold: Hold) -> None:
    assert with_a_database(tmp_path, hold, WRITES, Guarded()) == [
        "app.py writes to /app/settings.db, which came with the image and uid 1000 may not write"
    ]


def test_a_database_beside_which_nothing_may_be_made_breaks_it(tmp_path: Path, hold: Hold) -> None:
    (seen,) = with_a_database(tmp_path, hold, WRITES, Guarded(writable=("/app/settings.db",)))
    assert seen.endswith("may not write (nor make files beside it, in /app)")


@pytest.mark.parametrize(
    ("code", "instance"),
    [
        (WRITES, Guarded(writable=("/app", "/app/settings.db"))),
        (WRITES, Guarded(tells=127)),  # an image without `test`
        ('db = "/app/settings.db"\nconnection.execute("select 1")\n', Guarded()),
        (WRITES + 'connect("file:/app/settings.db?mode=ro", uri=True)\n', Guarded()),
        (f'shutil.copy("/app/settings.db", "/tmp/settings.db")\n{WRITES}', Guarded()),
        ('db = "/data/other.db"\nconnection.execute("insert into llm values (1)")\n', Guarded()),
    ],
)
def test_a_database_that_is_only_read_or_may_be_written_keeps_it(
    tmp_path: Path, hold: Hold, code: str, instance: FakeInstance
) -> None:
    assert with_a_database(tmp_path, hold, code, instance) == []


def saving(*, save: str = "3600 1", writable: tuple[str, ...] = ()) -> FakeInstance:
    return Guarded(
        running=(Process(1, 0, "python app.py"), Process(9, 1, "redis-server *:6379")),
        redis=f"dir\n/var/lib/redis\nsave\n{save}\n",
        writable=writable,
    )


def test_a_redis_that_cannot_save_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(image_user=AS_USER, otherwise=saving()))
    assert [problem.seen for problem in finding.problems] == [
        "the Redis in it saves to /var/lib/redis, where uid 1000 may not write; then it refuses every write"
    ]


@pytest.mark.parametrize("redis", [saving(save=""), saving(writable=("/var/lib/redis",)), Guarded()])
def test_a_redis_that_saves_nothing_or_may_keeps_it(space: Space, hold: Hold, redis: FakeInstance) -> None:
    assert hold(PROMISE, space, FakeDock(image_user=AS_USER, otherwise=redis)).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    "said",
    ["sqlite3.OperationalError: attempt to write a readonly database", "[Errno 30] Read-only file system"],
)
def test_a_log_that_says_that_something_was_not_written_breaks_it(
    space: Space, hold: Hold, said: str
) -> None:
    dock = FakeDock(image_user=AS_USER, otherwise=FakeInstance(log=f"started\n{said}\n"))
    (problem,) = hold(PROMISE, space, dock).problems
    assert problem.seen == f"its log says: {said}"


def test_what_the_image_s_own_user_writes_when_it_is_asked_counts(
    tmp_path: Path, hold: Hold, visited: respx.MockRouter
) -> None:
    space = sound_space(tmp_path / "asked", manifest=SOUND_MANIFEST + '[[requests]]\npath = "/write"\n')
    hold(PROMISE, space, FakeDock())
    assert "/write" in {call.request.url.path for call in visited.calls}
