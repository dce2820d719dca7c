"""The catalogue is whole: what it says of failures, promises and itself agrees."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from spacedock.contract.registry import all_promises
from spacedock.errors import UsageError
from spacedock.failures.base import Failure, Group, Layer, Where
from spacedock.failures.baselines import baselines
from spacedock.failures.catalogue import FOLDER, all_failures, filtered, find
from spacedock.failures.pages import pages
from spacedock.failures.specimen import mending, write

DOCS = Path(__file__).parents[3] / "docs" / "failures"

# No log of builder, Space or browser has a word of what is wrong with the images, or what is pushed; a
# shell that keeps a signal from the server looks in a log as tini does.
SILENT = {
    "key-committed",
    "mounted-secret-written-to-a-file",
    "recursive-chown-bloat",
    "secret-in-env",
    "secret-in-image-layer",
    "shell-form-pid1",
}

# What only Hugging Face or a vendor does: its queues, limits, machines, plans and tenants.
NOT_HERE = {
    "build-queued-forever",
    "build-time-too-long",
    "no-capacity",
    "plan-required-402",
    "supabase-tenant-not-found",
}

# How many failures each group has. By hand, with each one that comes: all else that is known of a failure is
# in its folder and goes with it, its page in docs/failures at the next writing.
FAILURES = {
    Group.REPOSITORY: 14,
    Group.BUILD: 18,
    Group.START: 35,
    Group.EDGE: 25,
    Group.DATABASE: 23,
    Group.VECTORS: 5,
    Group.LIBRARIES: 11,
}

each = pytest.mark.parametrize("failure", all_failures(), ids=lambda failure: failure.name)
each_specimen = pytest.mark.parametrize(
    "failure", [failure for failure in all_failures() if failure.specimen], ids=lambda failure: failure.name
)


def test_no_failure_has_vanished() -> None:
    assert Counter(failure.group for failure in all_failures()) == FAILURES


def test_all_but_those_of_the_platform_and_of_vendors_can_be_had() -> None:
    assert {failure.name for failure in all_failures() if failure.specimen is None} == NOT_HERE


def test_every_promise_has_a_failure() -> None:
    broken = {name for failure in all_failures() for name in failure.breaks}
    assert {promise.id for promise in all_promises()} == broken


def test_every_folder_holds_a_failure() -> None:
    folders = {
        path.name
        for path in FOLDER.iterdir()
        if path.is_dir() and path.name not in {"__pycache__", "baselines"}
    }
    assert folders == {failure.name for failure in all_failures()}


@each
def test_a_failure_is_named_as_a_file_and_said_in_a_line(failure: Failure) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", failure.name)
    assert "\n" not in failure.title
    assert not failure.title.endswith(".")
    assert failure.cause.strip().endswith(".")
    assert failure.remedy.strip().endswith(".")


@each
def test_a_failure_has_a_symptom_by_which_it_can_be_known(failure: Failure) -> None:
    assert any(symptom.certainty.weight >= 10 for symptom in failure.symptoms) or failure.name in SILENT


def test_all_but_a_few_specimens_say_enough_to_be_known_by() -> None:
    assert {failure.name for failure in all_failures() if failure.specimen and not failure.tells} == SILENT


@each_specimen
def test_a_specimen_differs_from_its_mended_twin(failure: Failure, tmp_path: Path) -> None:
    assert mending(failure, tmp_path)


@each_specimen
def test_a_specimen_is_a_folder_with_what_a_space_has(failure: Failure, tmp_path: Path) -> None:
    mended = write(failure, tmp_path / "mended", mended=True)
    assert (mended / "README.md").is_file()
    assert (mended / "Dockerfile").is_file()
    assert failure.specimen
    assert failure.specimen.baseline in baselines()


@each
def test_what_only_a_browser_says_comes_from_a_visit(failure: Failure) -> None:
    wanted = any(symptom.where is Where.BROWSER for symptom in failure.shown())
    assert not wanted or (failure.specimen and failure.specimen.visits)


def test_every_layer_has_a_failure() -> None:
    assert {failure.layer for failure in all_failures()} == set(Layer)


def test_a_name_that_is_none_is_met_with_those_near_it() -> None:
    with pytest.raises(UsageError, match="no failure `bind-lopback`") as caught:
        find("bind-lopback")
    assert "bind-loopback" in caught.value.remedy


def test_a_word_of_a_symptom_finds_its_failure() -> None:
    assert "bind-loopback" in {failure.name for failure in filtered("uvicorn running on http://127")}


def test_the_pages_are_those_that_the_catalogue_makes() -> None:
    made = pages(all_failures())
    assert {path.name: path.read_text() for path in DOCS.glob("*")} == made
