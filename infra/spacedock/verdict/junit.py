"""The verdict as JUnit XML, which every CI service reads."""

from __future__ import annotations

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from spacedock.contract.finding import Finding, Outcome
from spacedock.printable import printable, printable_line
from spacedock.verdict.model import Verdict
from spacedock.verdict.terminal import problems_text

FORMAT = "junit"
_NAME = "spacedock"


def write(verdict: Verdict, *, strict: bool = False) -> str:
    """Return the XML text: one case a promise; what was not proven is skipped, never passed."""
    suite = TestSuite(printable_line(f"spacedock.{verdict.dock or 'files'}"))
    for line in verdict.header:
        suite.add_property("dock", printable_line(line))
    for line in verdict.observations:
        suite.add_property("observations", printable_line(line))
    suite.add_property("digest", printable_line(verdict.digest))
    for finding in verdict.findings:
        suite.add_testcase(_case(finding, strict=strict))
    document = JUnitXml(_NAME)
    document.add_testsuite(suite)
    document.update_statistics()
    return str(document.tostring().decode())


def is_ours(text: str) -> bool:
    """Whether a file holds what `write` has made of an earlier run."""
    return text.startswith(f'<testsuites name="{_NAME}" ')


def _case(finding: Finding, *, strict: bool) -> TestCase:
    case = TestCase(finding.promise.id, classname="spacedock.contract", time=round(finding.seconds, 3))
    text = problems_text(finding)
    if finding.is_red(strict=strict):
        case.result = [_said(Failure(printable_line(finding.problems[0].seen), type_="broken"), text)]
    elif finding.outcome is Outcome.BLOCKED:
        why = f"blocked by {finding.blame}" if finding.blame else "the Space did not come up"
        said = printable(f"{finding.detail}\n{finding.log}")
        case.result = [_said(Error(printable_line(why), type_="blocked"), said)]
    elif finding.outcome is Outcome.ERROR:
        case.result = [_said(Error("spacedock itself failed", type_="error"), printable(finding.detail))]
    elif finding.outcome is Outcome.BROKEN:
        case.system_out = text
    elif finding.outcome is not Outcome.KEPT:
        case.result = [Skipped(printable_line(f"{finding.outcome}: {finding.detail}"))]
    return case


def _said(result: Failure | Error, text: str) -> Failure | Error:
    result.text = text
    return result
