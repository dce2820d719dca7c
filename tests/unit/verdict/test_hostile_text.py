"""A Space's words in every field of a verdict: no format hands them on alive, and each can be read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from io import StringIO
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import pytest

from spacedock.cli.telling import Telling
from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Finding, Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.errors import SpacedockError
from spacedock.run.events import BootEnded, Found, Left, Repeated
from spacedock.screen import screen
from spacedock.verdict.formats import formats
from spacedock.verdict.model import Verdict
from spacedock.verdict.terminal import MOST_OF_A_FINDING, show
from tests.unit.fakes import exited
from tests.unit.verdict.findings import finding, verdict

LONG = "x" * 100_000
HOSTILE = (
    "\x1b[31mred\x1b]52;c;cm0gLXJm\x07 \x00 \x9b2J \u202e ##[error]a ##vso[task.setvariable]b\n"
    "[/bold] ]]> <&\ud800\n"
    f"::error file=a::b\r\n \t::set-output name=x::y\r::stop-commands::z\u2028::error::c\n{LONG}"
)
T = TypeVar("T")
Said = Callable[[Verdict], str]


def filled(described: T) -> T:
    """Return it with every text that it has, at any depth, made hostile; what is a promise stays."""
    dataclass: Any = described
    changed = {field.name: _hostile(getattr(described, field.name)) for field in fields(dataclass)}
    filled_in: T = replace(dataclass, **changed)
    return filled_in


def _hostile(value: Any) -> Any:
    match value:
        case Outcome():
            return value
        case str():
            return HOSTILE
        case tuple():
            return tuple(map(_hostile, value))
        case _ if is_dataclass(value):
            return filled(value)
    return value


def hostile(outcome: Outcome, promise: str = "binds-app-port") -> Verdict:
    return filled(replace(verdict(finding(outcome, promise)), observations=("an observation",)))


LONGEST = 4000 + len("a label before it")  # characters of a line


def on_screen(said: Verdict) -> str:
    paper = StringIO()
    show(screen(file=paper, width=60), said)
    return paper.getvalue()


def by_files(said: Verdict) -> str:
    return on_screen(replace(said, dock=""))


def told(said: Verdict) -> str:
    """Return what is told of it while a run goes on."""
    shown, log = StringIO(), StringIO()
    with ConsoleProgress(screen(file=log, width=60), verbose=True) as progress, progress(HOSTILE) as say:
        say(HOSTILE)
        telling = Telling(screen(file=shown, width=60), progress, 1)
        for found in said.findings:
            telling(Found(found, ahead=True))
        telling(BootEnded(AS_DEPLOYED, replace(exited(1), exceeded=HOSTILE)))
        telling(Repeated(HOSTILE))
        telling(Left(HOSTILE))
    return f"{shown.getvalue()}{log.getvalue()}"


def assert_harmless(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", text)
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert not re.search(r"##\w*\[", text)
    text.encode()


def assert_bounded(text: str) -> None:
    assert max(map(len, text.split("\n"))) <= LONGEST


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("said", [on_screen, by_files, told])
def test_nothing_alive_reaches_a_terminal_or_a_log(said: Said, outcome: Outcome) -> None:
    text = said(hostile(outcome))
    assert_harmless(text)
    assert_bounded(text)


def test_what_is_shown_can_still_be_read() -> None:
    text = on_screen(hostile(Outcome.BROKEN))
    assert r"seen:    \x1b[31mred\x1b]52;c;cm0gLXJm" in text
    assert r"\::error file=a::b" in text


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("promise", ["binds-app-port", "answers-head"])
@pytest.mark.parametrize("kind", formats())
def test_every_report_can_be_read_back(kind: str, promise: str, outcome: Outcome) -> None:
    text = formats()[kind].write(hostile(outcome, promise))
    assert_harmless(text)
    if kind == "junit":
        for element in ET.fromstring(text).iter():
            content = "\n".join([element.text or "", *element.attrib.values()])
            assert_harmless(content)
            assert_bounded(content)


def test_an_error_is_harmless_however_it_is_shown() -> None:
    error = SpacedockError(HOSTILE, remedy=HOSTILE, path=HOSTILE, log=HOSTILE)
    assert_harmless(str(error))
    assert_bounded(str(error))


def test_what_says_no_end_of_things_is_cut() -> None:
    many = "\n".join(map(str, range(100_000)))
    (found,) = hostile(Outcome.BROKEN).findings
    problem = replace(found.problems[0], seen=many, log=many)
    said = verdict(replace(found, problems=(problem,) * 50, log=many, detail=many))
    assert on_screen(said).count("\n") < MOST_OF_A_FINDING + 20
    assert formats()["junit"].write(said).count("\n") < MOST_OF_A_FINDING + 20


def test_a_line_of_50_mb_costs_no_more_than_its_ends() -> None:
    said = verdict(Finding(finding(Outcome.KEPT).promise, Outcome.ERROR, detail="y" * 50_000_000))
    assert len(on_screen(said)) < 20_000
