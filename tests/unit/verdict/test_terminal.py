"""The parts of a verdict on paper, each by itself."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from spacedock.contract.finding import Outcome
from spacedock.verdict.model import Verdict
from spacedock.verdict.terminal import closing_line, headline, problem_lines, show
from tests.unit.verdict.findings import PROBLEM, finding, verdict

TITLE = "binds-app-port  it answers on app_port, from outside the container"
SHOULD = "answers-head"


def lines(said: Verdict, width: int = 200) -> list[str]:
    paper = StringIO()
    show(Console(file=paper, width=width), said)
    return paper.getvalue().splitlines()


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome.KEPT, f"✓ {TITLE}"),
        (Outcome.BROKEN, f"✗ {TITLE}  (broken)"),
        (Outcome.NOT_PROVEN, f"- {TITLE}  (not proven here)"),
        (Outcome.NOT_ASKED, f"- {TITLE}  (not asked)"),
        (Outcome.WAIVED, f"~ {TITLE}  (waived)"),
    ],
)
def test_a_headline_has_mark_name_title_and_outcome(outcome: Outcome, line: str) -> None:
    assert headline(finding(outcome)).plain == line


@pytest.mark.parametrize(
    ("promise", "outcome", "mark"),
    [
        ("binds-app-port", Outcome.BROKEN, ("✗ ", "bold red")),
        (SHOULD, Outcome.BROKEN, ("! ", "yellow")),
        (SHOULD, Outcome.KEPT, ("✓ ", "green")),
    ],
)
def test_a_broken_should_is_a_warning(promise: str, outcome: Outcome, mark: tuple[str, str]) -> None:
    line = headline(finding(outcome, promise))
    assert (line.plain[:2], line.spans[0].style) == mark


def test_a_problem_has_a_name_before_each_part() -> None:
    assert list(problem_lines(PROBLEM)) == [
        f"seen:    {PROBLEM.seen}",
        f"there:   {PROBLEM.consequence}",
        f"remedy:  {PROBLEM.remedy}",
        f"source:  {PROBLEM.source}",
        "last lines of its log:",
        f"  | {PROBLEM.log}",
    ]


def test_a_problem_without_a_log_does_not_speak_of_one() -> None:
    assert len(list(problem_lines(replace(PROBLEM, log="")))) == 4


@pytest.mark.parametrize(
    ("dock", "line"), [("image", "owner/name in the image dock"), ("", "owner/name is no Docker Space")]
)
def test_the_first_line_says_which_space_and_where(dock: str, line: str) -> None:
    assert lines(replace(verdict(), dock=dock))[:2] == [line, "  postgres: stand-in"]


def test_what_is_broken_stands_before_what_is_kept() -> None:
    said = lines(verdict(finding(Outcome.KEPT, SHOULD), finding(Outcome.BROKEN)))
    first, second = (line for line in said if line[:1] in {"✓", "✗"})
    assert (first[0], second[0]) == ("✗", "✓")


def test_why_something_was_not_looked_at_stands_below_it() -> None:
    said = lines(verdict(finding(Outcome.WAIVED)))
    assert said[said.index(f"~ {TITLE}  (waived)") + 1] == "    why: waived"


def test_nothing_stands_below_what_is_kept() -> None:
    said = lines(verdict(finding(Outcome.KEPT)))
    assert said[said.index(f"✓ {TITLE}") + 1] == ""


def test_observations_have_a_heading_and_stand_behind_the_findings() -> None:
    said = lines(replace(verdict(finding(Outcome.KEPT)), observations=("it is large",)))
    place = said.index("observations")
    assert (said[place - 1], said[place + 1]) == (f"✓ {TITLE}", "    it is large")


def test_without_an_observation_there_is_no_heading() -> None:
    assert "observations" not in lines(verdict(finding(Outcome.KEPT)))


def test_no_line_is_broken_however_narrow_the_terminal() -> None:
    found = replace(finding(Outcome.WAIVED), detail="x " * 50)
    said = replace(verdict(found), header=("y " * 50,))
    assert lines(said, width=60) == lines(said, width=400)


def test_all_that_is_blocked_is_named_in_one_line() -> None:
    said = lines(verdict(finding(Outcome.BLOCKED), finding(Outcome.BLOCKED, SHOULD)), width=40)
    assert f"! blocked, as the Space did not come up: binds-app-port, {SHOULD}" in said
    assert "    mend what is broken above, and they will be looked at" not in said


def test_what_is_broken_is_to_be_mended_before_what_is_blocked() -> None:
    said = lines(verdict(finding(Outcome.BLOCKED, SHOULD), finding(Outcome.BROKEN)))
    assert "    mend what is broken above, and they will be looked at" in said


def test_where_nothing_broken_says_why_the_boot_that_failed_does() -> None:
    said = lines(verdict(finding(Outcome.BLOCKED)))
    place = said.index("    why: blocked")
    assert said[place + 2] == "      | ImportError: no module named app"


@pytest.mark.parametrize(("digest", "end"), [("abc123" * 8, ", Space abc123abc123"), ("", "")])
def test_the_closing_line_counts_and_names_the_digest(digest: str, end: str) -> None:
    said = verdict(finding(Outcome.KEPT), finding(Outcome.KEPT), finding(Outcome.BROKEN))
    assert closing_line(replace(said, digest=digest)) == f"2 kept, 1 broken in 4.2 s{end}"


def test_the_closing_line_closes() -> None:
    said = verdict(finding(Outcome.KEPT))
    assert lines(said)[-2:] == ["", closing_line(said)]
