"""Where a machine shows what it counts of a container, as the engine's drivers lay it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks import proc
from spacedock.docks.image.control_group import read_counted

CPU_STAT = "usage_usec 570000\nuser_usec 500000\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cpuacct/docker/c1/cpuacct.usage", "570000000\n"),
        ("cpuacct/system.slice/docker-c1.scope/cpuacct.usage", "570000000\n"),
        ("docker/c1/cpu.stat", CPU_STAT),
        ("system.slice/docker-c1.scope/cpu.stat", CPU_STAT),
    ],
)
def test_a_group_is_found_where_a_driver_puts_it(tmp_path: Path, path: str, text: str) -> None:
    file = tmp_path / "sys/fs/cgroup" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert proc.processor_seconds(read_counted("c1", proc.PROCESSOR, tmp_path)) == 0.57


def test_the_machines_own_group_is_not_taken_for_a_containers(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup"
    folder.mkdir(parents=True)
    (folder / "cpu.stat").write_text(CPU_STAT)
    assert not read_counted("c1", proc.PROCESSOR, tmp_path)


def test_files_that_are_found_are_read_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup/memory/docker/c1"
    folder.mkdir(parents=True)
    (folder / "memory.max_usage_in_bytes").write_text("90\n")
    (folder / "memory.stat").write_text("total_cache 40\ntotal_shmem 10\n")
    memory = proc.memory(read_counted("c1", proc.MEMORY, tmp_path))
    assert memory is not None
    assert memory.peak == 60
