"""The user whom a stranger's code runs as where the harness is root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spacedock import nobody
from spacedock.errors import EngineError

by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run them as root")


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be root of a user namespace with this map of users."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return lambda text: monkeypatch.setattr(nobody, "_uid_map", lambda: text)


def test_it_is_the_same_in_a_run_and_another_in_the_next(mapped: Callable[[str], None]) -> None:
    mapped("         0          0 4294967295\n")
    assert nobody.user_of("a") == nobody.user_of("a") != nobody.user_of("b")
    assert 2_000_000_000 <= (nobody.user_of("a") or 0) < 2**31


@pytest.mark.parametrize("uid_map", ["0 100000 65536", "0 1000 1\n1 100000 65536\n"])
def test_in_a_namespace_it_is_one_that_is_mapped(mapped: Callable[[str], None], uid_map: str) -> None:
    mapped(uid_map)
    drawn = [nobody.user_of(str(number)) or 0 for number in range(50)]
    assert all(1000 < uid <= 65536 for uid in drawn)
    assert 65534 not in drawn


def test_root_that_has_no_other_user_runs_no_stranger(mapped: Callable[[str], None]) -> None:
    mapped("0 1000 1")
    with pytest.raises(EngineError, match="no other user"):
        nobody.user_of("a")


def test_who_is_not_root_stays_who_he_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert nobody.user_of("a") is None


@pytest.mark.parametrize("uid", [0, -1])
def test_nobody_ends_roots_processes(uid: int) -> None:
    with pytest.raises(ValueError, match="nobody's to end"):
        nobody.end_all(uid)


@by_root
def test_all_of_a_user_is_ended_and_nothing_else() -> None:
    user = nobody.user_of("test_all_of_a_user") or 0
    with subprocess.Popen(["/bin/sleep", "600"], user=user, start_new_session=True) as theirs:
        nobody.end_all(user)
        assert theirs.wait(10) == -9


@by_root
def test_what_is_left_where_everybody_writes_is_swept_by_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nobody, "_EVERYBODY_WRITES", (tmp_path, tmp_path / "is-not-there"))
    user = nobody.user_of("test_what_is_left") or 0
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    for name in ("folder", "folder/deep"):
        (tmp_path / name).mkdir()
        nobody.give(tmp_path / name, user)
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        nobody.give(tmp_path / name, user)
    nobody.sweep(user)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").exists()


@by_root
def test_what_root_takes_back_has_no_bit_that_lets_it_run_as_another(tmp_path: Path) -> None:
    user = nobody.user_of("test_what_root_takes") or 0
    theirs, link, roots = tmp_path / "theirs", tmp_path / "link", tmp_path / "roots"
    theirs.touch()
    roots.touch()
    link.symlink_to(roots)
    for path in (theirs, link):
        nobody.give(path, user)
    theirs.chmod(0o6777)
    roots.chmod(0o666)
    for path in (theirs, link, roots):
        nobody.take(path, user)
    assert (theirs.stat().st_uid, theirs.stat().st_mode & 0o7777) == (0, 0o755)
    assert roots.stat().st_mode & 0o7777 == 0o666
