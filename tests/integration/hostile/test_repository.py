"""Ways from a repository onto the machine that builds it: settings of git, links, a Dockerfile elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import OpenRun
from spacedock.space import read_space
from tests.unit.docks.servers import serving, space_of
from tests.unit.evidence.repositories import repository

PORT = 8080
ALL_OF_IT = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
CONFIG = "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = {}\n"


def hostile(folder: Path, machine: Path) -> Path:
    """A repository that looks like a bare one as well, with links to a file of the machine's."""
    command = machine / "command"
    command.write_text(f"#!/bin/sh\ntouch {machine}/it-ran\n")
    command.chmod(0o755)
    files = {
        "HEAD": "ref: refs/heads/main\n",
        "config": CONFIG.format(command),
        "objects/kept": "",
        "refs/kept": "",
        "data/kept": "",
        "Space.Dockerfile": ALL_OF_IT,
    }
    space_of(folder, serving(PORT), port=PORT, files=files)
    (folder / "Dockerfile").unlink()
    (folder / "Dockerfile").symlink_to("Space.Dockerfile")
    (folder / "secret").symlink_to(machine / "secret")
    (folder / ".dockerignore").symlink_to(machine / "secret")
    repository(folder)
    with (folder / ".git" / "config").open("a") as config:
        config.write(f"[core]\nfsmonitor = {command}\n")
    (folder / "data" / "kept").unlink()
    (folder / "data").rmdir()
    (folder / "data").symlink_to(machine)
    return folder


def test_nothing_of_the_machine_is_run_or_read_or_written(run: OpenRun, tmp_path: Path) -> None:
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "secret").write_text("app.py\n")
    (machine / "kept").write_text("of the machine\n")
    (machine / "secret").chmod(0o600)
    before = {path.name for path in machine.iterdir()} | {"command"}
    with ImageDock(read_space(hostile(tmp_path / "clone", machine)), run, silent) as dock:
        instance = dock.boot(BootSpec())
        assert instance.boot.ready
        looked = instance.execute("sh", "-c", "cat secret data/kept .dockerignore; ls")
    assert "of the machine" not in looked.output
    assert re.findall(r"^app\.py$", looked.output, re.MULTILINE) == ["app.py"]  # what `ls` shows, no more
    assert {path.name for path in machine.iterdir()} == before
    assert (machine / "secret").read_text() == "app.py\n"


def test_a_dockerfile_elsewhere_is_not_rewritten(dock_name: str, tmp_path: Path) -> None:
    clone = space_of(tmp_path / "clone", serving(PORT), port=PORT).root
    (clone / "Dockerfile").rename(tmp_path / "elsewhere")
    (clone / "Dockerfile").symlink_to(tmp_path / "elsewhere")
    text = (tmp_path / "elsewhere").read_text()
    ended = subprocess.run(
        [sys.executable, "-m", "spacedock", "check", str(clone), f"--dock={dock_name}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "a link that leads out of" in ended.stdout + ended.stderr
    assert (tmp_path / "elsewhere").read_text() == text
