"""The kernel's own word of a container, where it can be had without running anything of its image."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacedock.docks import proc
from spacedock.docks.image.at_hand import read_at_hand

SAME = "         0          0 4294967295\n"
MINE, OTHERS = "4:pids:/docker/c0ffee\n", "4:pids:/user.slice\n"


def container(number: int = 7) -> Any:
    return SimpleNamespace(id="c0ffee", reload=lambda: None, attrs={"State": {"Pid": number}})


def process(root: Path, *, group: str = MINE, users: str = SAME) -> Path:
    folder = root / "proc" / "7"
    (folder / "net").mkdir(parents=True)
    (folder / "cgroup").write_text(group)
    (folder / "uid_map").write_text(users)
    (folder / "status").write_text("Uid:\t1000\t1000\t1000\t1000\n")
    (folder / "net" / "tcp").write_text("a table\n")
    return root


def test_its_status_and_its_sockets_are_read_here(tmp_path: Path) -> None:
    root = process(tmp_path)
    assert proc.user_id(read_at_hand(container(), (proc.STATUS,), root) or "") == 1000
    assert read_at_hand(container(), proc.SOCKETS, root) == "a table\n"  # a kernel without IPv6 has one


@pytest.mark.parametrize(
    "how", [{"group": OTHERS}, {"users": "0 100000 65536\n"}], ids=["another's number", "other users"]
)
def test_a_process_that_is_not_surely_its_own_is_not_believed(tmp_path: Path, how: dict[str, str]) -> None:
    assert read_at_hand(container(), (proc.STATUS,), process(tmp_path, **how)) is None


def test_an_engine_elsewhere_has_its_processes_elsewhere(tmp_path: Path) -> None:
    assert read_at_hand(container(), (proc.STATUS,), tmp_path) is None


def test_what_has_ended_has_nothing_to_tell(tmp_path: Path) -> None:
    assert read_at_hand(container(0), (proc.STATUS,), process(tmp_path)) == ""


def test_files_of_the_image_are_none_of_the_kernels(tmp_path: Path) -> None:
    assert read_at_hand(container(), ("/etc/passwd",), process(tmp_path)) is None
