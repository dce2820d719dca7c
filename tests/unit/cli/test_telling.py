"""What a person is told while a run goes on."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from spacedock.cli.telling import Telling
from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.run.events import BootEnded, Booting, Event, Found, Repeated
from tests.unit.fakes import exited
from tests.unit.verdict.findings import PROBLEM, finding

HEADING = "in its files, before anything is built:"
BROKEN, KEPT, NOT_ASKED = (finding(each) for each in (Outcome.BROKEN, Outcome.KEPT, Outcome.NOT_ASKED))
OTHER = finding(Outcome.BROKEN, "answers-head")


def told(*events: Event, promises: int = 2) -> tuple[list[str], list[str]]:
    """Return the lines that are shown, and those of the progress."""
    paper, log = StringIO(), StringIO()
    progress = ConsoleProgress(Console(file=log, width=200))
    telling = Telling(Console(file=paper, width=200), progress, promises)
    for event in events:
        telling(event)
    return paper.getvalue().splitlines(), log.getvalue().splitlines()


def test_what_is_broken_in_files_is_shown_at_once_with_its_remedy() -> None:
    shown, _ = told(Found(BROKEN, ahead=True))
    assert shown[0] == HEADING
    assert f"    remedy:  {PROBLEM.remedy}" in shown


def test_the_heading_stands_once() -> None:
    shown, _ = told(Found(BROKEN, ahead=True), Found(OTHER, ahead=True))
    assert shown.count(HEADING) == 1


@pytest.mark.parametrize("event", [Found(KEPT, ahead=True), Found(BROKEN)], ids=["kept", "found in the dock"])
def test_nothing_else_is_shown_before_the_verdict(event: Found) -> None:
    assert told(event)[0] == []


def test_each_promise_is_counted_once_it_is_settled() -> None:
    _, progress = told(Found(KEPT, ahead=True, final=False), Found(KEPT), Found(OTHER))
    assert progress == ["1 of 2: binds-app-port kept", "2 of 2: answers-head broken"]


def test_what_the_manifest_gives_nothing_to_check_is_counted_silently() -> None:
    assert told(Found(NOT_ASKED), Found(OTHER))[1] == ["2 of 2: answers-head broken"]


def test_what_is_looked_at_again_is_counted_again() -> None:
    _, progress = told(Found(KEPT), Repeated("it failed beside others"), Found(KEPT))
    assert progress == [
        "1 of 2: binds-app-port kept",
        "it failed beside others",
        "1 of 2: binds-app-port kept",
    ]


def test_a_boot_is_told_when_it_begins_and_how_it_went() -> None:
    _, progress = told(Booting(AS_DEPLOYED), BootEnded(AS_DEPLOYED, exited(1)))
    assert progress == ["booting as deployed", f"booted as deployed: {exited(1)}"]
