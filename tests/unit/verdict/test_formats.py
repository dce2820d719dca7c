from __future__ import annotations

from io import StringIO

from junitparser import JUnitXml
from rich.console import Console

from spacedock.contract.finding import Outcome
from spacedock.verdict import junit
from spacedock.verdict.formats import formats
from spacedock.verdict.model import Verdict
from spacedock.verdict.terminal import show
from tests.unit.verdict.findings import PROBLEM, finding, verdict


def on_paper(said: Verdict) -> str:
    paper = StringIO()
    show(Console(file=paper, width=200), said)
    return paper.getvalue()


def test_a_broken_promise_reads_seen_there_remedy_source_log() -> None:
    text = on_paper(verdict(finding(Outcome.BROKEN)))
    order = [PROBLEM.seen, PROBLEM.consequence, PROBLEM.remedy, PROBLEM.source, PROBLEM.log]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_stand_ins_are_named_before_the_findings() -> None:
    text = on_paper(verdict(finding(Outcome.KEPT)))
    assert text.index("postgres: stand-in") < text.index("binds-app-port")


def test_what_was_not_proven_is_counted_apart() -> None:
    text = on_paper(verdict(finding(Outcome.KEPT), finding(Outcome.NOT_PROVEN)))
    assert "1 kept, 1 not proven here" in text


def test_text_in_brackets_is_not_taken_for_markup() -> None:
    assert "why: blocked" in on_paper(verdict(finding(Outcome.BLOCKED)))


def test_the_log_of_one_failed_boot_is_shown_once() -> None:
    blocked = finding(Outcome.BLOCKED)
    assert on_paper(verdict(blocked, blocked)).count(blocked.log) == 1


def test_what_is_broken_comes_first_and_what_it_blocks_is_one_line() -> None:
    text = on_paper(verdict(finding(Outcome.BLOCKED, "answers-head"), finding(Outcome.BROKEN)))
    assert text.index("binds-app-port") < text.index("blocked, as the Space did not come up: answers-head")
    assert "ImportError" not in text


def test_the_lines_of_a_log_are_not_broken() -> None:
    paper = StringIO()
    show(Console(file=paper, width=40), verdict(finding(Outcome.BROKEN)))
    assert f"  | {PROBLEM.log}\n" in paper.getvalue()


def test_junit_tells_failure_error_and_skip_apart() -> None:
    said = verdict(*(finding(outcome) for outcome in Outcome if outcome is not Outcome.WAIVED))
    (suite,) = JUnitXml.fromstring(junit.write(said).encode())
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 2, 2)


def test_junit_carries_the_whole_problem() -> None:
    text = junit.write(verdict(finding(Outcome.BROKEN)))
    assert PROBLEM.remedy in text
    assert PROBLEM.log in text


def test_junit_fails_a_broken_should_only_when_strict() -> None:
    said = verdict(finding(Outcome.BROKEN, "answers-head"))
    failures = [
        next(iter(JUnitXml.fromstring(junit.write(said, strict=s).encode()))).failures for s in (False, True)
    ]
    assert failures == [0, 1]


def test_every_format_is_found_by_looking() -> None:
    assert set(formats()) == {"junit"}
