"""Whatever happens while one promise is judged, one finding comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import ClassVar

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Stop
from spacedock.errors import EngineError
from spacedock.evidence.base import FILES, CannotShow, Evidence, NotReady, Surroundings, Unavailable
from spacedock.evidence.boots import Booted, asking, facts_of
from spacedock.run import gathering
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.run.conftest import OfFiles, Says, promise


@dataclass(frozen=True)
class Raises(Evidence[None]):
    """Evidence that cannot be gathered."""

    needs: ClassVar = frozenset({Capability.BOOT})

    def gather(self, _around: Surroundings) -> None:
        raise LookupError("no such thing")


@dataclass(frozen=True)
class Asks(Evidence[int | None]):
    """Asks a server that nobody runs."""

    needs: ClassVar = frozenset({Capability.BOOT})

    def gather(self, around: Surroundings) -> int | None:
        with asking(around.ready(AS_DEPLOYED)) as asker:
            return asker.ask("GET", "/").status


def found(space: Space, wanted: Evidence[object], dock: FakeDock | None = None, **how: object) -> Finding:
    with Run(space, dock or FakeDock()) as run:
        (finding,) = run.judge([promise(wanted, **how)])  # type: ignore[arg-type]
    return finding


def test_a_problem_breaks_it(space: Space) -> None:
    finding = found(space, Says("it is wrong"))
    assert (finding.outcome, finding.problems[0].seen) == (Outcome.BROKEN, "it is wrong")


def test_a_judgement_that_raises_is_an_error_with_the_place_to_report(space: Space) -> None:
    finding = found(space, Raises())
    assert finding.outcome is Outcome.ERROR
    assert finding.detail.startswith("LookupError at run/gathering.py:")
    assert finding.detail.endswith(": no such thing; report it to the project, with this line")


def test_what_the_user_can_mend_is_told_in_its_own_words(space: Space) -> None:
    gone = EngineError("the engine went away", remedy="start it")
    finding = found(space, Says(), raises=gone)
    assert (finding.outcome, finding.detail, finding.failure) == (Outcome.ERROR, str(gone), gone.exit_code)


def test_evidence_that_never_comes_is_an_error_of_who_waits_for_it(space: Space) -> None:
    over = Event()

    @dataclass(frozen=True)
    class Endless(Evidence[None]):
        """Is gathered until the test is over."""

        needs: ClassVar = FILES
        seconds: ClassVar = 0.05

        def gather(self, _around: Surroundings) -> None:
            over.wait(30)

    try:
        finding = found(space, Endless())
    finally:
        over.set()
    assert finding.outcome is Outcome.ERROR
    assert "did not come within 0.05 s" in finding.detail


def test_an_error_costs_no_other_finding(space: Space) -> None:
    with Run(space, FakeDock()) as run:
        findings = run.judge([promise(Raises()), promise(Says("seen all the same")), promise(OfFiles())])
    assert [finding.outcome for finding in findings] == [Outcome.ERROR, Outcome.BROKEN, Outcome.BROKEN]


def test_what_is_told_elsewhere_blocks_it_and_names_who_tells(space: Space) -> None:
    told = Unavailable("GET / answers 500", log="Traceback", blame="answers-its-requests")
    finding = found(space, Says(), raises=told)
    assert (finding.outcome, finding.detail, finding.log, finding.blame) == (
        Outcome.BLOCKED,
        "GET / answers 500",
        "Traceback",
        "answers-its-requests",
    )


def test_what_a_dock_cannot_show_is_not_proven_and_not_booted(space: Space) -> None:
    dock = FakeDock(capabilities=FILES)
    finding = found(space, Says("never seen"), dock)
    assert (finding.outcome, finding.detail) == (Outcome.NOT_PROVEN, "the fake dock cannot show: boot")
    assert dock.booted == []


def test_what_is_too_much_to_show_is_not_proven_in_its_own_words(space: Space) -> None:
    finding = found(space, Says(), raises=CannotShow(frozenset(), "too many files to list"))
    assert finding.outcome is Outcome.NOT_PROVEN
    assert finding.detail == "the fake dock cannot show: too many files to list"


def test_evidence_that_the_promise_does_not_name_is_our_own_mistake(space: Space) -> None:
    asked = promise(Says("seen"))
    type(asked).evidence = (OfFiles,)
    with Run(space, FakeDock()) as run:
        (finding,) = run.judge([asked])
    assert finding.outcome is Outcome.ERROR
    assert "Says is not among the evidence" in finding.detail


def test_evidence_that_never_comes_is_an_error_with_its_limit(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_BOOTS_WAITED_FOR", 0)
    monkeypatch.setattr(Says, "seconds", 0.05)
    monkeypatch.setattr(Says, "gather", lambda _self, around: around.dock.never.wait(10))
    dock = FakeDock()
    dock.never = __import__("threading").Event()  # type: ignore[attr-defined]
    try:
        finding = found(space, Says("late"), dock, ahead=False)
    finally:
        dock.never.set()  # type: ignore[attr-defined]
    assert finding.outcome is Outcome.ERROR
    assert "did not come within" in finding.detail


def test_a_space_that_ends_while_it_is_asked_blocks_what_was_asked(space: Space) -> None:
    class Ends(FakeInstance):
        def ended(self, within: float) -> bool:
            self.gone = True
            return True

    ending = Ends(url="http://127.0.0.1:9", log="Killed", stopped=Stop(0.0, 3, killed=False))
    finding = found(space, Asks(), FakeDock(otherwise=ending))
    assert finding.outcome is Outcome.BLOCKED
    assert finding.detail == (
        "the Space was ready and ended by itself (as deployed); on the platform RUNTIME_ERROR: Exit code: 3"
    )
    assert finding.log == "Killed"


def test_a_connection_that_a_living_space_breaks_is_an_answer(space: Space) -> None:
    living = FakeDock(otherwise=FakeInstance(url="http://127.0.0.1:9"))
    assert found(space, Asks(), living).outcome is Outcome.KEPT


def test_a_boot_that_failed_is_told_in_the_platforms_words_and_without_secrets(space: Space) -> None:
    crashing = FakeInstance(boot=exited(1), log="key s3cret is wrong")
    dock = FakeDock(otherwise=crashing, canaries={"API_KEY": ("s3cret",)})
    with Run(space, dock) as run:
        facts = run.look(Booted())
        (finding,) = run.judge([promise(Says(), raises=NotReady(facts))])
    assert finding.detail == (
        "the Space did not boot (as deployed): exited with code 1 after 0.30 s; "
        "on the platform RUNTIME_ERROR: Exit code: 1"
    )
    assert finding.log == "key [API_KEY] is wrong"


def test_secrets_are_taken_out_of_the_detail_too(space: Space) -> None:
    dock = FakeDock(canaries={"API_KEY": ("s3cret",)})
    finding = found(space, Says(), dock, raises=Unavailable("GET / answers 500: s3cret"))
    assert finding.detail == "GET / answers 500: [API_KEY]"


def test_facts_are_those_of_the_moment() -> None:
    instance = FakeInstance()
    before = facts_of(instance)
    instance.gone = True
    assert (before.ready, facts_of(instance).ready) == (True, False)
