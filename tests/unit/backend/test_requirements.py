"""What is installed in the image."""

from __future__ import annotations

import re
from pathlib import Path

BACKEND = Path(__file__).parents[3] / "backend"
COMPILED = (BACKEND / "requirements.txt").read_text()
# Lines that end in a backslash go on in the next one.
PINS = [line for line in COMPILED.replace("\\\n", " ").splitlines() if line and line.lstrip()[0] != "#"]


def test_every_package_is_pinned_to_one_version_and_has_hashes() -> None:
    assert PINS
    assert [pin for pin in PINS if not re.match(r"[a-z0-9.-]+==\S+ +--hash=sha256:[0-9a-f]{64}", pin)] == []


def test_every_package_that_is_asked_for_is_compiled() -> None:
    asked = re.findall(r"^([a-z][a-z0-9-]*)", (BACKEND / "requirements.in").read_text(), re.MULTILINE)
    compiled = {re.split(r"==", pin)[0] for pin in PINS}
    assert asked
    assert set(asked) <= compiled


def test_where_packages_come_from_is_left_to_whoever_installs_them() -> None:
    assert "://" not in COMPILED
    assert "--index" not in COMPILED
