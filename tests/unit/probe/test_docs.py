"""The probe's page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from spacedock.probe.fields import FIELDS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "probe.md").read_text()


def test_the_fields_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\w+) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(field.name, field.tells, field.needs or "any") for field in FIELDS]


def test_the_example_in_python_can_be_compiled() -> None:
    example = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example
    compile(example[1], "docs/probe.md", "exec")
