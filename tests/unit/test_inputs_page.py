"""docs/hostile-inputs.md has a row for each input, and each row a test."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.unit.hostile.table import ROOT


def test_the_page_is_what_the_tests_are() -> None:
    """In a process of its own: pytest collects once."""
    written = subprocess.run(
        [sys.executable, "-m", "tests.unit.hostile.table"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        text=True,
    ).stdout
    page = (ROOT / "docs" / "hostile-inputs.md").read_text()
    assert page == written, "write it anew: python -m tests.unit.hostile.table > docs/hostile-inputs.md"
