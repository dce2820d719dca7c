"""What the dock does about a base that cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacedock.docks.image import construction
from spacedock.errors import EngineError, NoSuchImageError
from spacedock.images.supply import Image
from tests.unit.spaces import sound_space

DOCKERFILE = 'FROM quay.io/o/tools:1 AS tools\nFROM python:3.11-slim\nCMD ["true"]\n'


class FakeSupply:
    """Has every image but those of quay.io."""

    def __init__(self, error: type[EngineError]) -> None:
        self.error = error

    def image(self, name: str) -> Image:
        if name.startswith("quay.io"):
            raise self.error("no registry answers", remedy="wait")
        return Image(name, f"local/{name}", stand_in=True)


def bases(folder: Path, error: type[EngineError]) -> dict[Any, Image]:
    dockerfile = sound_space(folder, dockerfile=DOCKERFILE).dockerfile
    return construction.had(dockerfile.bases, FakeSupply(error))  # type: ignore[arg-type]


def test_why_a_base_cannot_be_had_is_left_to_the_builder_to_say(tmp_path: Path) -> None:
    assert [image.name for image in bases(tmp_path, NoSuchImageError).values()] == ["python:3.11-slim"]


def test_a_network_without_a_registry_is_no_fault_of_the_space(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        bases(tmp_path, EngineError)


@pytest.mark.parametrize(
    "line", ["COPY --from=quay.io/o/uv:1 /uv /bin/", "RUN --mount=from=quay.io/o/uv:1 true"]
)
def test_neither_is_one_without_what_files_are_copied_from(tmp_path: Path, line: str) -> None:
    dockerfile = sound_space(tmp_path, dockerfile=f'FROM python:3.11-slim\n{line}\nCMD ["true"]\n').dockerfile
    with pytest.raises(EngineError):
        construction.had(dockerfile.copied_from, FakeSupply(EngineError))  # type: ignore[arg-type]
