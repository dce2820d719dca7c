"""The parts of a verdict in JUnit's XML, each by itself."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.verdict import junit
from spacedock.verdict.terminal import problem_lines
from tests.unit.verdict.findings import PROBLEM, finding, verdict

SHOULD = "answers-head"


def document(*findings: Finding) -> ET.Element:
    return ET.fromstring(junit.write(replace(verdict(*findings), observations=("it is large",))))


def suite(*findings: Finding) -> ET.Element:
    found = document(*findings).find("testsuite")
    assert found is not None
    return found


def case(found: Finding) -> ET.Element:
    only = suite(found).find("testcase")
    assert only is not None
    return only


def result(found: Finding) -> ET.Element:
    (only,) = case(found)
    return only


def test_the_counts_stand_at_the_top_too() -> None:
    top = document(*(finding(outcome) for outcome in (Outcome.KEPT, Outcome.BROKEN, Outcome.BLOCKED)))
    counts = [top.get(name) for name in ("name", "tests", "failures", "errors", "skipped")]
    assert counts == ["spacedock", "3", "1", "1", "0"]


def test_a_suite_has_the_docks_name() -> None:
    assert suite().get("name") == "spacedock.image"


def test_a_suite_without_a_dock_is_of_files() -> None:
    found = ET.fromstring(junit.write(replace(verdict(), dock=""))).find("testsuite")
    assert found is not None
    assert found.get("name") == "spacedock.files"


def test_a_suite_has_what_holds_for_all_of_it() -> None:
    said = [(each.get("name"), each.get("value")) for each in suite().iter("property")]
    assert said == [("dock", "postgres: stand-in"), ("observations", "it is large"), ("digest", "abc123" * 8)]


def test_a_case_is_a_promise_with_its_time() -> None:
    found = replace(finding(Outcome.KEPT), seconds=1.23456)
    assert case(found).attrib == {
        "name": "binds-app-port",
        "classname": "spacedock.contract",
        "time": "1.235",
    }


def test_what_is_kept_has_nothing_to_say() -> None:
    assert list(case(finding(Outcome.KEPT))) == []


@pytest.mark.parametrize(
    ("outcome", "tag", "message", "kind"),
    [
        (Outcome.BROKEN, "failure", PROBLEM.seen, "broken"),
        (Outcome.BLOCKED, "error", "the Space did not come up", "blocked"),
        (Outcome.ERROR, "error", "spacedock itself failed", "error"),
        (Outcome.NOT_PROVEN, "skipped", "not proven here: why: not proven here", None),
        (Outcome.WAIVED, "skipped", "waived: why: waived", None),
    ],
)
def test_a_result_has_message_and_type(outcome: Outcome, tag: str, message: str, kind: str | None) -> None:
    said = result(finding(outcome))
    assert (said.tag, said.get("message"), said.get("type")) == (tag, message, kind)


def test_all_problems_stand_in_a_failure_and_the_first_is_its_message() -> None:
    second = replace(PROBLEM, seen="port 8081 is, too")
    said = result(replace(finding(Outcome.BROKEN), problems=(PROBLEM, second)))
    texts = ["\n".join(problem_lines(problem)) for problem in (PROBLEM, second)]
    assert (said.get("message"), said.text) == (PROBLEM.seen, "\n\n".join(texts))


def test_a_blocked_promise_has_detail_and_log() -> None:
    assert result(finding(Outcome.BLOCKED)).text == "why: blocked\nImportError: no module named app"


def test_a_blocked_promise_names_the_one_that_says_why() -> None:
    said = result(finding(Outcome.BLOCKED, blame="answers-its-requests"))
    assert said.get("message") == "blocked by answers-its-requests"


def test_what_failed_of_ours_is_told_with_its_place() -> None:
    assert result(finding(Outcome.ERROR)).text == "why: error"


def test_a_broken_should_is_told_without_failing() -> None:
    said = result(finding(Outcome.BROKEN, SHOULD))
    assert (said.tag, said.text) == ("system-out", "\n".join(problem_lines(PROBLEM)))
