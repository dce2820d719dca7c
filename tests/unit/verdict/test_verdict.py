from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.errors import EngineError
from spacedock.verdict.model import digest
from tests.unit.spaces import sound_space
from tests.unit.verdict.findings import finding, verdict

KEPT, BROKEN, BLOCKED = (finding(outcome) for outcome in (Outcome.KEPT, Outcome.BROKEN, Outcome.BLOCKED))
NOT_PROVEN, NOT_ASKED = finding(Outcome.NOT_PROVEN), finding(Outcome.NOT_ASKED)
ERROR = finding(Outcome.ERROR)
LOST = replace(ERROR, failure=EngineError.exit_code)
UNANSWERED = finding(Outcome.BLOCKED, blame="answers-its-requests")
UNBUILT = finding(Outcome.BLOCKED, blame="builds-from-what-is-pushed")
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
        ((KEPT, ERROR), 7),
        ((ERROR, NOT_PROVEN), 7),
        ((SHOULD_BROKEN, ERROR), 7),
        ((ERROR, BROKEN), 1),
        ((ERROR, BLOCKED), 6),
        ((KEPT, LOST), 4),
        ((LOST, ERROR), 4),
        ((LOST, BROKEN), 1),
        ((KEPT, UNANSWERED), 1),
        ((UNBUILT,), 5),
        ((UNANSWERED, BLOCKED), 6),
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


def test_a_digest_changes_with_a_content_of_the_same_length(tmp_path: Path) -> None:
    space = sound_space(tmp_path)
    before = digest(space)
    (tmp_path / "app.py").write_text("print('hullo')\n")
    assert digest(space) != before


def test_a_digest_of_the_same_files_is_the_same(tmp_path: Path) -> None:
    one, other = sound_space(tmp_path / "one"), sound_space(tmp_path / "other")
    assert digest(one) == digest(other)


# Each two are the same row of bytes, were it not for what the id says.
@pytest.mark.parametrize(
    ("files", "others"),
    [
        pytest.param({"za": b"b"}, {"z": b"ab"}, id="name from content"),
        pytest.param({"z1": b""}, {"z": b"0"}, id="all from each other"),
        pytest.param({"z": b"xy", "zz": b"ab"}, {"z": b"xyzz\0ab"}, id="content from next name"),
        pytest.param({"z1": b"xy", "zz": b"abcdef"}, {"z": b"xyzz6\0abcdef"}, id="name from length"),
        pytest.param({"z": b"2", "zz": b"abcdefgh"}, {"z": b"zz\x008abcdefgh"}, id="length from content"),
    ],
)
def test_a_digest_tells_apart(tmp_path: Path, files: dict[str, bytes], others: dict[str, bytes]) -> None:
    spaces = sound_space(tmp_path / "one"), sound_space(tmp_path / "other")
    for space, content in zip(spaces, (files, others), strict=True):
        for name, data in content.items():
            (space.root / name).write_bytes(data)
    one, other = map(digest, spaces)
    assert one != other


def test_a_link_counts_by_where_it_points(tmp_path: Path) -> None:
    """Which may be nowhere."""
    space = sound_space(tmp_path)
    link = tmp_path / "latest"
    seen = set()
    for target in ("nowhere", "elsewhere"):
        link.symlink_to(target)
        seen.add(digest(space))
        link.unlink()
    assert len(seen) == 2


def test_a_digest_tells_a_link_from_a_file_that_holds_its_target(tmp_path: Path) -> None:
    space = sound_space(tmp_path)
    (tmp_path / "named").write_text("app.py")
    of_file = digest(space)
    (tmp_path / "named").unlink()
    (tmp_path / "named").symlink_to("app.py")
    assert digest(space) != of_file
