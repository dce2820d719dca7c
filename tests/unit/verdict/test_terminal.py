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
        (Outcome.ERROR, f"! {TITLE}  (error)"),
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
    ("dock", "digest", "line"),
    [
        ("image", "abc", "owner/name in the image dock"),
        ("", "abc", "owner/name by its files alone"),
        ("", "", "owner/name is no Docker Space"),
    ],
)
def test_the_first_line_says_which_space_and_where(dock: str, digest: str, line: str) -> None:
    said = replace(verdict(), dock=dock, digest=digest)
    assert lines(said)[:2] == [line, "  postgres: stand-in"]


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


def test_what_is_blocked_is_told_by_the_promise_that_says_why() -> None:
    unanswered = finding(Outcome.BLOCKED, SHOULD, blame="answers-its-requests")
    said = lines(verdict(finding(Outcome.BLOCKED), unanswered))
    assert "! blocked, as the Space did not come up: binds-app-port" in said
    assert f"! blocked, by answers-its-requests: {SHOULD}" in said


def test_what_is_broken_in_files_does_not_hide_why_it_did_not_come_up() -> None:
    said = lines(verdict(finding(Outcome.BROKEN, "front-matter-is-valid"), finding(Outcome.BLOCKED)))
    assert "  | ImportError: no module named app" in [line[4:] for line in said]
    assert "    mend what is broken above, and they will be looked at" not in said


def test_what_failed_of_ours_stands_behind_what_is_broken_and_says_where() -> None:
    said = lines(verdict(finding(Outcome.KEPT), finding(Outcome.ERROR), finding(Outcome.BROKEN)))
    marks = [line[0] for line in said if TITLE in line]
    assert marks == ["✗", "!", "✓"]
    assert said[said.index(f"! {TITLE}  (error)") + 1] == "    why: error"


def test_by_files_alone_what_was_not_looked_at_or_asked_is_a_number() -> None:
    findings = [finding(Outcome.NOT_PROVEN)] * 3 + [finding(Outcome.NOT_ASKED, SHOULD)] * 2
    said = lines(replace(verdict(*findings), dock=""))
    assert "- 3 not looked at: they want an image, a boot or a service (`spacedock check`)" in said
    assert "- 2 not asked: the manifest gives them nothing to check" in said
    assert not any("binds-app-port" in line or SHOULD in line for line in said)
    assert said[-1].startswith("3 not looked at, 2 not asked in ")


def test_in_a_dock_what_was_not_proven_is_told_each_by_name() -> None:
    said = lines(verdict(finding(Outcome.NOT_PROVEN)))
    assert said[said.index(f"- {TITLE}  (not proven here)") + 1] == "    why: not proven here"


def test_what_is_broken_and_could_not_be_looked_at_to_the_end_says_so_last() -> None:
    found = replace(finding(Outcome.BROKEN), detail="it did not boot", log="ImportError")
    said = lines(verdict(found))
    assert said.index("    it did not boot") > said.index(f"    source:  {PROBLEM.source}")
    assert said[said.index("    it did not boot") + 2] == "      | ImportError"


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
