"""This repository's own Space: its parts agree with each other."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

import yaml

from backend.config import Settings
from backend.origins import DEFAULT_ORIGINS
from spacedock.space import read_space

ROOT = Path(__file__).parents[2]
SPACE = read_space(ROOT)
MANIFEST = SPACE.manifest


def test_the_secrets_are_the_required_settings() -> None:
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert set(MANIFEST.required_secrets) == required


def test_every_variable_is_a_setting() -> None:
    assert set(MANIFEST.all_variables) <= {name.upper() for name in Settings.model_fields}


def test_the_allowed_origins_are_the_defaults_and_the_spaces_own() -> None:
    assert set(SPACE.allowed_origins) == {*DEFAULT_ORIGINS, f"https://{SPACE.host}"}


def test_no_railway_origin_is_allowed_anywhere() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "backend").rglob("*.py"))
    assert "railway" not in sources
    assert not [origin for origin in SPACE.allowed_origins if "railway" in origin]
    assert [origin for origin in MANIFEST.origins.refused if "railway" in origin]


def test_the_image_binds_app_port_when_port_is_unset() -> None:
    command = SPACE.dockerfile.final_stage[-1].original
    assert f"${{PORT:-{SPACE.app_port}}}" in command


def test_what_ships_is_what_the_workflow_pushes() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "gate.yml").read_text())
    script = workflow["jobs"]["push"]["steps"][-1]["run"]
    archived = re.search(r"git archive HEAD (.*?) \|", script)
    assert archived
    assert tuple(archived[1].split()) == MANIFEST.space.ships


def test_nothing_that_git_ignores_is_let_into_the_image() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_no_document_installs_somebody_elses_package() -> None:
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*"), ROOT / "tox.ini"]
    guilty = [path for path in files if path.is_file() and "install spacedock" in path.read_text()]
    assert guilty == []


def test_every_dependency_says_why_it_and_not_its_rival() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *chain(*project["dependency-groups"].values())]
    named += chain(*project["project"]["optional-dependencies"].values())
    named += [
        line for line in (ROOT / "backend" / "requirements.in").read_text().splitlines() if line[0] != "#"
    ]
    named += [line for line in (ROOT / "infra" / "tox.txt").read_text().splitlines() if line[0] != "#"]
    packages = {re.match(r"[\w-]+", line)[0] for line in named}  # type: ignore[index]
    rows = re.findall(r"^\| ([\w, -]+) \|", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE)
    explained = {name.strip() for row in rows for name in row.split(",")}
    assert packages - explained == set()
