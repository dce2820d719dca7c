"""The order of a run: files first, then one dock, and nothing of an interruption is swallowed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar, cast

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.errors import SpaceBuildError
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import Booted
from spacedock.run import loop
from spacedock.run.events import Booting, Entered, Found, Read
from spacedock.run.instances import Instances
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.run.conftest import OfFiles, Says, promise

FILE, BOOT = promise(OfFiles("torn")), promise(Says("torn"))


class Described:
    """A dock that counts how often it is entered."""

    def __init__(self, dock: FakeDock, refuses: Exception | None = None) -> None:
        self.name, self.capabilities, self.conditions = dock.name, dock.capabilities, dock.conditions
        self.shares_ports = dock.shares_ports
        self.entered = 0
        self._dock, self._refuses = dock, refuses

    def __enter__(self) -> FakeDock:
        self.entered += 1
        if self._refuses:
            raise self._refuses
        return self._dock

    def __exit__(self, *_exc: object) -> None: ...


def test_what_files_tell_is_told_before_the_dock_is_entered(space: Space) -> None:
    told: list[object] = []
    with Run(space, Described(FakeDock()), told.append) as run:
        run.judge([promise(Booted()), FILE])
    kinds = [type(each) for each in told]
    order = [kinds.index(kind) for kind in (Read, Found, Entered, Booting)]
    assert order == sorted(order)
    ahead = [each.finding.promise for each in told if isinstance(each, Found) and each.ahead]
    assert FILE in ahead


def test_a_dock_is_entered_once_however_often_is_judged(space: Space) -> None:
    dock = Described(FakeDock())
    with Run(space, dock) as run:
        run.enter()
        run.judge([BOOT])
        run.judge([FILE, BOOT])
    assert dock.entered == 1


def test_a_run_that_was_entered_judges_its_files_all_the_same(space: Space) -> None:
    with Run(space, Described(FakeDock())) as run:
        run.enter()
        (finding,) = run.judge([FILE])
    assert finding.outcome is Outcome.BROKEN


def test_without_a_dock_only_what_is_read_of_files_is_judged(space: Space) -> None:
    with Run(space) as run:
        of_files, of_boots = run.judge([FILE, BOOT])
    assert of_files.outcome is Outcome.BROKEN
    assert (of_boots.outcome, of_boots.detail) == (
        Outcome.NOT_PROVEN,
        "what is read of files cannot show: boot",
    )


def test_what_needs_no_dock_enters_none(space: Space) -> None:
    dock = Described(FakeDock(capabilities=frozenset({Capability.FILES})))
    with Run(space, dock) as run:
        (finding,) = run.judge([FILE])
    assert (finding.outcome, dock.entered) == (Outcome.BROKEN, 0)


def test_a_space_that_does_not_build_hides_nothing_that_files_tell(space: Space) -> None:
    refuses = SpaceBuildError("RUN false: exit code 1", remedy="mend it")
    with Run(space, Described(FakeDock(), refuses)) as run:
        of_files, of_boots = run.judge([FILE, promise(Booted())])
    assert of_files.outcome is Outcome.BROKEN
    assert of_boots.outcome is Outcome.BLOCKED


def test_an_interruption_ends_the_run(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with Run(space, Described(FakeDock())) as run:
        run.enter()
        monkeypatch.setattr(loop, "judge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.judge([BOOT])


def test_what_is_given_the_same_as_a_boot_that_failed_is_not_booted_again(space: Space) -> None:
    other = BootSpec("for another purpose")

    @dataclass(frozen=True)
    class Another(Evidence[None]):
        """Looks at an instance that differs in its purpose alone."""

        needs: ClassVar = frozenset({Capability.BOOT})

        def gather(self, around: Surroundings) -> None:
            around.ready(other)

    class Slow(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            """Fail only once whoever does not wait for this boot has asked for one of its own."""
            ends = time.monotonic() + 0.3
            while time.monotonic() < ends and not begun.booted(other):
                time.sleep(0.01)
            return super().boot(spec)

    dock = Slow(otherwise=FakeInstance(boot=exited(1)))
    with Run(space, dock) as run:
        run.enter()
        begun = cast("Instances", run.gathering._instances)
        findings = run.judge([promise(Another()), promise(Booted())])
    assert findings[0].outcome is Outcome.BLOCKED
    assert [spec.purpose for spec in dock.booted] == [AS_DEPLOYED.purpose]
