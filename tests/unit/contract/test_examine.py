"""How an examination ends where the Space does."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from spacedock.contract.base import LookPromise, Outcome, Problem
from spacedock.contract.examine import examine
from spacedock.contract.instances import Instances
from spacedock.docks.instance import FullInstance, Stop
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited


class Asks(LookPromise):
    """Asks a server that hangs up."""

    ends = True

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        instance.ended = self.ends  # type: ignore[attr-defined]
        yield self.problem(self._ask())

    def _ask(self) -> str:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def test_a_space_that_ends_while_it_is_asked_blocks_what_was_asked(space: Space) -> None:
    dock = FakeDock(otherwise=FakeInstance(log="Killed", stopped=Stop(0.0, 3, killed=False)))
    with Instances(dock) as instances:
        finding = examine(Asks(), space, instances)
    assert finding.outcome is Outcome.BLOCKED
    assert finding.detail == (
        "the Space was ready and ended by itself (as deployed); on the platform RUNTIME_ERROR: Exit code: 3"
    )
    assert finding.log == "Killed"


def test_a_connection_that_a_living_space_breaks_is_an_error_of_the_harness(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Asks, "ends", False)
    monkeypatch.setattr("spacedock.contract.instances._NEWS", 0.0)
    with Instances(FakeDock()) as instances, pytest.raises(httpx.RemoteProtocolError):
        examine(Asks(), space, instances)


def test_a_boot_that_failed_is_told_in_the_platforms_words_and_without_secrets(space: Space) -> None:
    class Looks(LookPromise):
        def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
            yield from ()

    crashing = FakeInstance(boot=exited(1), log="key s3cret is wrong")
    with Instances(FakeDock(otherwise=crashing, canaries={"API_KEY": ("s3cret",)})) as instances:
        finding = examine(Looks(), space, instances)
    assert finding.detail == (
        "the Space did not boot (as deployed): exited with code 1 after 0.30 s; "
        "on the platform RUNTIME_ERROR: Exit code: 1"
    )
    assert finding.log == "key [API_KEY] is wrong"
