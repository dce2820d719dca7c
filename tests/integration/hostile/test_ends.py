"""Containers of ours that somebody ends in the middle: it is told at once, and is no fault of the Space's."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from spacedock.engine import Engine
from spacedock.errors import EngineError
from spacedock.failures.baselines import baseline
from spacedock.runs import RUN_LABEL
from tests.integration.commands import run_of, spacedock

pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("needs_image_dock")]
AT_MOST = 60.0  # seconds; it took 71 to say nothing


def end(run: str, what_for: str) -> int:
    """End every container that is there for this and has begun to work, and say how many."""
    with closing(Engine.connect()) as engine:
        ours = engine.client.containers.list(filters={"label": f"{RUN_LABEL}={run}"})
        named = [each for each in ours if str(each.name).startswith(f"spacedock-{run}-{what_for}")]
        wanted = [each for each in named if each.logs(tail=1)]
        for container in wanted:
            container.kill()
        return len(wanted)


@pytest.mark.parametrize("what_for", ["sandbox", "edge"])
def test_one_that_is_ended_in_the_middle_is_told(tmp_path: Path, what_for: str) -> None:
    place = shutil.copytree(baseline("web"), tmp_path / "space")
    with spacedock("check", place, "image") as process:
        assert process.stderr
        assert any("boots-as-deployed kept" in line for line in process.stderr)
        ours = run_of(process)
        while not end(ours, what_for):
            assert process.poll() is None, f"it ended without {what_for}"
        began = time.monotonic()
        told, said = process.communicate(timeout=300)
    assert process.returncode == EngineError.exit_code, told + said
    assert f"the {what_for} " in told
    assert re.search("ended in the middle of the run|exited with code [0-9]+ before it answered", told)
    assert "Traceback" not in told + said
    assert time.monotonic() - began < AT_MOST
