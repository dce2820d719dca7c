"""One word a thing: no two public classes share a name, and our own words stand in the glossary."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "infra" / "spacedock"
GLOSSARY = ROOT / "docs" / "glossary.md"
# Spaces, and what runs in containers of its own: what is in them is theirs.
_APART = re.compile(r"^(failures/[^/]+/.+|doubles/.+|images/probe/.+)$")


def public_classes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not _APART.match(place):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(place)
    return found


def test_no_two_public_classes_share_a_name() -> None:
    assert {name: places for name, places in public_classes().items() if len(places) > 1} == {}


def test_the_glossary_names_classes_that_there_are() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", GLOSSARY.read_text()))
    assert named
    assert named - set(public_classes()) == set()
