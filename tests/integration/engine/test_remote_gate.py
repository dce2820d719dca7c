"""The whole gate against an engine that is elsewhere, with official images from its registry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from spacedock.engine import Engine
from spacedock.images.supply import pins

ROOT = Path(__file__).parents[3]


def test_this_space_keeps_its_promises_on_an_engine_that_is_elsewhere(remote: Engine) -> None:
    gate = subprocess.run(
        [sys.executable, "-m", "spacedock", "check", str(ROOT), "--dock=image"],
        env={**os.environ, "DOCKER_HOST": remote.address, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert gate.returncode == 0, gate.stdout + gate.stderr
    assert remote.address in gate.stdout
    assert pins()["postgres"] in gate.stdout
    assert "stand-in" not in gate.stdout
    assert not remote.client.containers.list(all=True)
