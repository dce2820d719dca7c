from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "is-visible-to-its-callers"
OWN = '[origins]\nallowed = ["https://$SPACE_HOST"]\n'
FOREIGN = '[origins]\nallowed = ["https://app.example", "https://$SPACE_HOST"]\n'
OPEN = '[[requests]]\npath = "/api"\n'
BESIDE = '[[requests]]\npath = "/api"\nheaders = { X-HF-Authorization = "Bearer hf_" }\n'
CLOSED = '[[requests]]\npath = "/api"\nheaders = { Authorization = "Bearer hf_" }\n'


def made(folder: Path, visibility: str, rest: str) -> Space:
    return sound_space(folder, manifest=f'[space]\nvisibility = "{visibility}"\n{rest}')


@pytest.mark.parametrize(
    "rest", ["", OWN, CLOSED, BESIDE], ids=["nobody", "its own pages", "with a token", "beside its own"]
)
def test_a_private_space_that_only_members_call_keeps_it(tmp_path: Path, hold: Hold, rest: str) -> None:
    assert hold(PROMISE, made(tmp_path, "private", rest), FakeDock()).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        (FOREIGN, "it is private, and the pages at https://app.example are to call it"),
        (OPEN, "it is private, and GET /api is asked without an authorization"),
    ],
)
def test_a_private_space_that_others_are_to_call_breaks_it(
    tmp_path: Path, hold: Hold, rest: str, says: str
) -> None:
    finding = hold(PROMISE, made(tmp_path, "private", rest), FakeDock())
    assert [problem.seen for problem in finding.problems] == [says]
    assert "404" in finding.problems[0].consequence
    assert finding.promise.level is Level.MUST


@pytest.mark.parametrize("visibility", ["public", "protected"])
def test_who_shows_its_page_to_everybody_is_not_asked(tmp_path: Path, hold: Hold, visibility: str) -> None:
    assert hold(PROMISE, made(tmp_path, visibility, FOREIGN), FakeDock()).outcome is Outcome.NOT_ASKED


def test_it_is_read_without_a_boot(tmp_path: Path, hold: Hold) -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    assert hold(PROMISE, made(tmp_path, "private", FOREIGN), dock).outcome is Outcome.BROKEN
    assert dock.booted == []
