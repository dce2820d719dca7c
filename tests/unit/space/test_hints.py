from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.space.hints import build_hints
from tests.unit.spaces import sound_space

END = 'CMD ["true"]\n'


def hints(folder: Path, dockerfile: str) -> list[str]:
    return list(build_hints(sound_space(folder, dockerfile=dockerfile + END)))


@pytest.mark.parametrize("use", ["RUN echo $MODE", "ENV A=${MODE:-fast}", "COPY ${MODE}.json ."])
def test_an_arg_above_from_that_a_stage_uses_is_named_with_its_line(tmp_path: Path, use: str) -> None:
    (hint,) = hints(tmp_path, f"ARG MODE=fast\nFROM python:3.11-slim\n{use}\n")
    assert "Dockerfile:1: `ARG MODE` stands above FROM only" in hint


@pytest.mark.parametrize(
    "dockerfile",
    [
        "ARG IMAGE=python:3.11-slim\nFROM $IMAGE\n",
        "ARG TAG=3.11-slim\nARG IMAGE=python:$TAG\nFROM $IMAGE\n",
        "ARG MODE\nFROM python:3.11-slim\nARG MODE\nRUN echo $MODE\n",
        "ARG MODE\nFROM python:3.11-slim\nENV MODE=fast\nRUN echo $MODE\n",
        "ARG MODE\nFROM python:3.11-slim\nRUN echo $MODERN\n",
    ],
)
def test_an_arg_that_means_what_it_says_is_left_alone(tmp_path: Path, dockerfile: str) -> None:
    assert hints(tmp_path, dockerfile) == []


def test_a_secret_as_a_build_argument_is_named_with_what_to_use_instead(tmp_path: Path) -> None:
    (hint,) = hints(tmp_path, "FROM python:3.11-slim\nARG API_KEY\nRUN pip download $API_KEY\n")
    assert "Dockerfile:2: `ARG API_KEY` is empty in a build" in hint
    assert "--mount=type=secret,id=API_KEY" in hint


def test_an_arg_is_named_once_at_its_first_line(tmp_path: Path) -> None:
    (hint,) = hints(tmp_path, "FROM python:3.11-slim\nARG API_KEY\nFROM python:3.11-slim\nARG API_KEY\n")
    assert "Dockerfile:2:" in hint
