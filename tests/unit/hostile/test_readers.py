"""What atheris is given to look through: each reader reads what is sound, and bears what is put together."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacedock.errors import SpacedockError
from tests.fuzz.readers import READERS, SOUND
from tests.unit.hostile import test_fuzz

FRAGMENTS = (
    *test_fuzz.README,
    *test_fuzz.DOCKERFILE,
    *test_fuzz.MANIFEST,
    *test_fuzz.WORKFLOW,
    *test_fuzz.IGNORED,
    *test_fuzz.CODE,
    *test_fuzz.STRANGE,
)


@pytest.mark.parametrize("name", READERS)
def test_what_is_sound_is_read(tmp_path: Path, name: str) -> None:
    assert READERS[name](SOUND[name], tmp_path) is not None


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=5)), max_size=25))
def test_nothing_but_a_defect_is_raised(tmp_path: Path, name: str, pieces: list[str]) -> None:
    text = "".join(pieces).encode("utf-8", "surrogatepass")
    for content in (text, SOUND[name] + text, text + SOUND[name]):
        with suppress(SpacedockError):
            READERS[name](content, tmp_path)
        for made in ("staged", "context"):
            shutil.rmtree(tmp_path / made, ignore_errors=True)
