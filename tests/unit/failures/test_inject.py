"""A condition is brought to any Space, and ends when the next is asked for."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from spacedock.docks.capability import Capability
from spacedock.docks.instance import Usage
from spacedock.errors import UsageError
from spacedock.failures.base import Condition
from spacedock.failures.inject import Meeting, meetings, with_less
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

BARE = '[space]\nid = "owner/name"\n'


class Broken(FakeDock):
    """A dock whose faults are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def faults(self) -> AbstractContextManager[Any]:
        dock = self

        class Wire:
            environment = (("DATABASE_URL", "postgres://proxy"),)

            def break_(self, service: str, fault: Any) -> None:
                dock.told.append(f"{service} {fault.kind} {fault.seconds:.0f}")

        @contextmanager
        def opened() -> Any:
            yield Wire()
            dock.told.append("over")

        return opened()


def met(condition: Condition, space: Space, dock: FakeDock) -> list[Meeting]:
    with (
        Run(space, dock) as run,
        respx.mock(base_url="http://space.test", assert_all_called=False) as server,
    ):
        server.route().mock(return_value=httpx.Response(200, text="hello"))
        return list(meetings(condition, run))


@pytest.mark.parametrize("condition", Condition)
def test_a_condition_is_named_by_a_key_and_told_in_prose(condition: Condition) -> None:
    assert condition.replace("-", "").isalpha()
    assert " " in condition.prose


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


def test_as_deployed_tells_what_callers_are_told(space: Space) -> None:
    (meeting,) = met(Condition.AS_DEPLOYED, space, FakeDock())
    assert meeting.answers == ("GET / answers 200: hello",)


def test_one_that_does_not_boot_is_not_asked(space: Space) -> None:
    (meeting,) = met(Condition.AS_DEPLOYED, space, FakeDock(otherwise=FakeInstance(boot=exited(1))))
    assert meeting.answers == ()


def test_each_secret_is_withheld_then_all(space: Space) -> None:
    hows = [meeting.how for meeting in met(Condition.SECRETS_WITHHELD, space, FakeDock())]
    assert hows == [
        "without API_KEY",
        "without DATABASE_URL",
        "without API_KEY, DATABASE_URL",
        "with blank secrets",
    ]


def test_each_secret_gets_a_line_break(space: Space) -> None:
    dock = FakeDock(otherwise=FakeInstance(environment={"API_KEY": "k", "OTHER": "o"}))
    (meeting,) = met(Condition.SECRETS_PASTED, space, dock)
    assert meeting.instance.spec.environment == (("API_KEY", "k\n"),)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition.SERVICES_REFUSE, "postgres refuse 0"),
        (Condition.SERVICES_HANG, "postgres hang 0"),
        (Condition.CONNECTIONS_CLOSED, "postgres close 0"),
        (Condition.SERVICES_WAKE, "postgres cold 5"),
    ],
)
def test_services_are_broken_while_it_runs_and_no_longer(
    condition: Condition, told: str, space: Space
) -> None:
    dock = Broken()
    (meeting,) = met(condition, space, dock)
    assert dock.told == [told, "over"]
    assert meeting.instance.spec.environment == (("DATABASE_URL", "postgres://proxy"),)


def test_asleep_its_callers_are_told_so_by_the_edge(space: Space) -> None:
    edge = FakeEdge(lambda _: httpx.Response(503, text="asleep"))
    (meeting,) = met(Condition.ASLEEP, space, FakeDock(otherwise=FakeInstance(in_front=edge)))
    assert meeting.answers == ("GET / answers 503: asleep",)
    assert not meeting.instance.alive()


@pytest.mark.parametrize(
    ("condition", "key"), [(Condition.LITTLE_MEMORY, "memory_gb"), (Condition.LITTLE_DISK, "disk_gb")]
)
def test_half_of_what_it_uses_is_what_it_gets(condition: Condition, key: str, space: Space) -> None:
    less = with_less(condition, space, Usage(peak_memory=2**30, written=10**9))
    assert getattr(less.manifest.dock, key) == 0.5
    assert with_less(Condition.ASLEEP, space, Usage()) is space


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (Condition.SECRETS_WITHHELD, "names no required secret"),
        (Condition.SECRETS_PASTED, "names no secret"),
        (Condition.SERVICES_HANG, "names no service"),
    ],
)
def test_a_space_that_gives_it_nothing_says_so(condition: Condition, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        met(condition, sound_space(tmp_path, manifest=BARE), FakeDock())


def test_a_dock_without_an_edge_cannot_put_it_to_sleep(space: Space) -> None:
    with pytest.raises(UsageError, match="has no edge"):
        met(Condition.ASLEEP, space, FakeDock(capabilities=frozenset(Capability) - {Capability.EDGE}))


def test_what_was_not_seen_cannot_be_halved(space: Space) -> None:
    with pytest.raises(UsageError, match="what it uses of its memory was not seen"):
        with_less(Condition.LITTLE_MEMORY, space, Usage())
