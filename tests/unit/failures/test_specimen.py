"""A specimen is a sound Space with the failure's files and changes; its twin is without what breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from spacedock.failures import specimen as module
from spacedock.failures.base import Failure, failure_from
from spacedock.failures.baselines import baseline
from spacedock.failures.specimen import mending, write
from tests.unit.failures.test_diagnosis import DATA


def failing(
    *changes: Mapping[str, Any], both: Sequence[Mapping[str, Any]] = (), name: str = "made-up"
) -> Failure:
    recipe = {"baseline": "web", "says": "x", "both": list(both), "changes": list(changes)}
    return failure_from(name, {**DATA, "not_here": "", "breaks": ["binds-app-port"], "specimen": recipe})


def test_a_change_is_in_the_specimen_and_not_in_its_twin(tmp_path: Path) -> None:
    failure = failing({"file": "Dockerfile", "before": '"7860"', "after": '"8000"'})
    assert '"8000"' in (write(failure, tmp_path / "broken") / "Dockerfile").read_text()
    assert '"7860"' in (write(failure, tmp_path / "mended", mended=True) / "Dockerfile").read_text()


def test_a_change_of_both_is_in_the_twin_too_and_can_be_changed_for_the_worse(tmp_path: Path) -> None:
    failure = failing(
        {"file": "requirements.txt", "before": "websockets", "after": "wsproto"},
        both=[{"file": "requirements.txt", "append": "websockets\n"}],
    )
    needed = (baseline("web") / "requirements.txt").read_text()
    assert (write(failure, tmp_path / "one", mended=True) / "requirements.txt").read_text() == (
        f"{needed}websockets\n"
    )
    assert (write(failure, tmp_path / "two") / "requirements.txt").read_text() == f"{needed}wsproto\n"


def test_what_is_not_there_once_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`nowhere` is not once in Dockerfile"):
        write(failing({"file": "Dockerfile", "before": "nowhere", "after": ""}), tmp_path / "broken")


def test_a_file_can_be_added_removed_filled_and_given_a_mode(tmp_path: Path) -> None:
    folder = write(
        failing(
            {"file": "notes/new.txt", "after": "one\ntwo\n"},
            {"file": "notes/new.txt", "line_ends": "crlf"},
            {"file": "notes/new.txt", "mode": "755"},
            {"file": "requirements.txt", "remove": True},
            {"file": "big.bin", "size": 5000},
            {"file": "picture.png", "bytes_hex": "89504e47"},
        ),
        tmp_path / "broken",
    )
    new = folder / "notes" / "new.txt"
    assert new.read_bytes() == b"one\r\ntwo\r\n"
    assert new.stat().st_mode & 0o777 == 0o755
    assert not (folder / "requirements.txt").exists()
    assert (folder / "big.bin").stat().st_size == 5000
    assert (folder / "picture.png").read_bytes() == b"\x89PNG"


def test_files_of_both_twins_and_of_the_broken_one_are_laid_over_the_sound_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("space", "broken"):
        (tmp_path / "made-up" / side).mkdir(parents=True)
        (tmp_path / "made-up" / side / "side.txt").write_text(side)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    assert (write(failing(), tmp_path / "one") / "side.txt").read_text() == "broken"
    assert (write(failing(), tmp_path / "two", mended=True) / "side.txt").read_text() == "space"


def test_the_mending_is_a_diff_from_the_broken_to_the_mended(tmp_path: Path) -> None:
    difference = mending(failing({"file": "Dockerfile", "before": '"7860"', "after": '"8000"'}), tmp_path)
    assert [line[0] for line in difference.splitlines() if '"8000"' in line or '"7860"' in line] == ["-", "+"]
    assert difference.startswith("--- Dockerfile\n+++ Dockerfile\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"file": "Dockerfile", "mode": "755"}, "--- Dockerfile: mode 755\n+++ Dockerfile: mode 644\n"),
        ({"file": "Dockerfile", "line_ends": "crlf"}, "-USER 1000^M\n"),
        ({"file": "a.bin", "bytes_hex": "0000"}, "--- a.bin: binary, 2 and 0 bytes\n"),
    ],
)
def test_the_mending_shows_what_is_no_text_too(change: Mapping[str, Any], says: str, tmp_path: Path) -> None:
    assert says in mending(failing(change), tmp_path)


def test_a_failure_without_a_specimen_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no specimen: it is made up"):
        write(failure_from("made-up", dict(DATA)), tmp_path / "none")
