"""A command that writes touches what it has written before, and nothing else of anybody's."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from spacedock import writing
from spacedock.errors import MachineError, UsageError
from spacedock.failures.catalogue import all_failures
from spacedock.failures.pages import is_page, pages
from spacedock.probe.recording import is_recording
from spacedock.verdict.formats import formats
from tests.unit.verdict.findings import verdict


def is_ours(text: str) -> bool:
    return text.startswith("ours")


def test_what_is_not_there_is_written_and_what_is_ours_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for text in ("ours 1", "ours 2"):
        writing.write(file, text, is_ours)
        assert file.read_text() == text


def test_an_empty_file_is_nobodys(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch()
    writing.write(file, "ours", is_ours)
    assert file.read_text() == "ours"


def test_what_somebody_else_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_bytes(b"\xff mine")
    with pytest.raises(UsageError, match="not of spacedock's writing") as caught:
        writing.write(file, "ours", is_ours)
    assert caught.value.place == str(file)
    assert file.read_bytes() == b"\xff mine"


def test_a_link_to_what_somebody_else_wrote_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a").symlink_to("mine")
    with pytest.raises(UsageError):
        writing.write(tmp_path / "a", "ours", is_ours)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_file_too_large_to_be_ours_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("ours")
    os.truncate(file, 2**40)
    with pytest.raises(UsageError):
        writing.require_writable(file, is_ours)


@pytest.mark.parametrize(("name", "says"), [("no/a", "no such folder"), ("folder", "it is a folder")])
def test_where_nothing_can_be_written_is_told(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=says):
        writing.require_writable(tmp_path / name, is_ours)


def test_what_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may everything
    with pytest.raises(UsageError, match="cannot be written"):
        writing.require_writable(tmp_path / "a", is_ours)


@pytest.mark.parametrize("place", ["/dev/null", "pipe"])
def test_what_holds_nothing_may_be_written_to(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    writing.require_writable(tmp_path / place, is_ours)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_full_disk_is_this_machines_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MachineError, match="No space left on device") as caught:
        writing.write(tmp_path / "a", "ours", is_ours)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("name", formats())
def test_a_report_is_known_again_and_nothing_else_is(name: str) -> None:
    form = formats()[name]
    assert form.is_ours(form.write(verdict()))
    others = ("", "# notes\n", '{"a": 1}', '<testsuites name="pytest tests"></testsuites>')
    assert not any(map(form.is_ours, others))


def test_a_page_of_the_catalogue_is_known_again_and_nothing_else_is() -> None:
    assert all(map(is_page, pages(all_failures()[:1]).values()))
    assert not any(map(is_page, ("---\nsdk: docker\n---\n", "# The catalogue of failures\n", "")))


def test_a_recording_is_known_again_and_nothing_else_is() -> None:
    assert is_recording('{"probe": {"version": 0}}')
    assert not any(map(is_recording, ("", "[" * 100_000, "[]", '{"probe": 1}', "# notes", '{"name": "app"}')))
