from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.verdict.model import digest
from tests.unit.spaces import sound_space
from tests.unit.verdict.findings import finding, verdict

KEPT, BROKEN, BLOCKED = (finding(outcome) for outcome in (Outcome.KEPT, Outcome.BROKEN, Outcome.BLOCKED))
NOT_PROVEN, NOT_ASKED = finding(Outcome.NOT_PROVEN), finding(Outcome.NOT_ASKED)
SHOULD_BROKEN = finding(Outcome.BROKEN, "answers-head")


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((KEPT,), 0),
        ((KEPT, NOT_PROVEN, NOT_ASKED), 0),
        ((KEPT, BROKEN), 1),
        ((BLOCKED, BROKEN), 1),
        ((KEPT, SHOULD_BROKEN), 0),
        ((SHOULD_BROKEN,), 0),
        ((NOT_PROVEN, NOT_ASKED), 3),
        ((), 3),
        ((KEPT, BLOCKED), 6),
    ],
)
def test_the_exit_code_says_how_it_ended(findings: tuple[object, ...], code: int) -> None:
    assert verdict(*findings).exit_code() == code  # type: ignore[arg-type]


def test_strict_counts_a_broken_should() -> None:
    assert verdict(KEPT, SHOULD_BROKEN).exit_code(strict=True) == 1


def test_a_digest_changes_with_content_and_with_name(tmp_path: Path) -> None:
    space = sound_space(tmp_path)
    seen = {digest(space)}
    (tmp_path / "app.py").write_text("print('changed')\n")
    seen.add(digest(space))
    (tmp_path / "app.py").rename(tmp_path / "main.py")
    seen.add(digest(space))
    assert len(seen) == 3


def test_a_digest_of_the_same_files_is_the_same(tmp_path: Path) -> None:
    one, other = sound_space(tmp_path / "one"), sound_space(tmp_path / "other")
    assert digest(one) == digest(other)
