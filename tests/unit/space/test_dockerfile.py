from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.space.dockerfile import Base, Dockerfile, expand, read_dockerfile


def dockerfile(folder: Path, text: str) -> Dockerfile:
    path = folder / "Dockerfile"
    path.write_text(text)
    return read_dockerfile(path)


def test_a_base_knows_the_argument_that_names_it(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "ARG PYTHON_IMAGE=python:3.11-slim\nFROM ${PYTHON_IMAGE}\n")
    assert found.bases == (Base("python:3.11-slim", "PYTHON_IMAGE", 2),)


def test_a_base_with_a_part_from_an_argument_has_no_argument_of_its_own(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "ARG V=3.11\nFROM python:$V-slim\n")
    assert found.bases == (Base("python:3.11-slim", None, 2),)


def test_stages_and_scratch_come_from_nowhere(tmp_path: Path) -> None:
    text = "FROM node:20 AS web\nFROM scratch AS empty\nFROM web\nFROM python:3.11-slim\n"
    assert [base.image for base in dockerfile(tmp_path, text).bases] == ["node:20", "python:3.11-slim"]


def test_what_files_are_copied_from_comes_from_outside_unless_a_stage_has_its_name(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11 AS Build\n"
        "COPY --from=ghcr.io/o/uv:1 --chmod=755 /uv /bin/\n"
        "RUN --mount=type=bind,from=busybox,target=/b --mount=type=cache,target=/c true\n"
        "FROM python:3.12\nCOPY --from=build /x /x\nCOPY --from=0 /x /y\nCOPY --from=$LATER /x /z\n"
    )
    found = dockerfile(tmp_path, text).copied_from
    assert [(base.image, base.line) for base in found] == [("ghcr.io/o/uv:1", 2), ("busybox", 3)]


def test_the_final_stage_is_what_runs(tmp_path: Path) -> None:
    text = "FROM node:20 AS web\nCMD first\nFROM python:3.11-slim\nUSER 1000\nCMD second\n"
    assert [step.cmd for step in dockerfile(tmp_path, text).final_stage] == ["FROM", "USER", "CMD"]


def test_only_arguments_within_a_stage_can_be_given_at_build_time(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "ARG OUTSIDE=1\nFROM a\nARG INSIDE\nARG WITH=default\n")
    assert found.declared_args == {"INSIDE", "WITH"}


def test_environment_is_read_in_both_spellings(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "FROM a\nENV A=1 B=\"two words\" C='3'\nENV OLD spelling of it\n")
    assert [pair for step in found.instructions if step.cmd == "ENV" for pair in step.pairs] == [
        ("A", "1"),
        ("B", "two words"),
        ("C", "3"),
        ("OLD", "spelling of it"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no instructions"), ("RUN true\n", "no FROM"), ("ARG BASE\nFROM $BASE\n", "names no image")],
)
def test_what_no_image_can_come_of_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        dockerfile(tmp_path, text)
    assert says in caught.value.what
    assert caught.value.place.endswith(("Dockerfile", "Dockerfile:1", "Dockerfile:2"))


def test_an_absent_dockerfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Dockerfile here"):
        read_dockerfile(tmp_path / "Dockerfile")


def test_variables_expand_as_the_builder_expands_them() -> None:
    assert expand("$A-${B}-${C:-c}-${A:-z}-$D", {"A": "1", "B": "2"}) == "1-2-c-1-"


def test_a_default_of_one_variable_may_be_another(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "ARG V=3.11\nARG IMAGE=python:$V\nFROM ${IMAGE}-slim\n")
    assert found.bases == (Base("python:3.11-slim", None, 3),)


def test_only_an_argument_that_is_declared_names_a_base(tmp_path: Path) -> None:
    found = dockerfile(tmp_path, "FROM ${X:-python:3.11-slim} AS a\nARG X\nFROM ${X:-node:20}\n")
    assert found.bases == (Base("python:3.11-slim", None, 1), Base("node:20", None, 3))


def test_what_stands_for_a_variable_that_is_set_is_taken_only_then() -> None:
    assert expand("${A:+-$}${B:+-x}", {"A": "1"}) == "-$"


def test_a_variable_of_itself_grows_no_further_than_a_process_is_given() -> None:
    text = "x" * 1000
    for _ in range(40):
        text = expand("$A$A", {"A": text})
    assert len(text) < 2**18


def test_a_dockerfile_elsewhere_is_named_where_there_is_none_at_the_root(tmp_path: Path) -> None:
    for folder in ("backend", "node_modules/x", ".github/x"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Dockerfile").write_text("FROM python:3.11-slim\n")
    with pytest.raises(UsageError) as caught:
        read_dockerfile(tmp_path / "Dockerfile")
    assert caught.value.what.endswith(
        "at the root of the repository, and Hugging Face reads no other: not backend/Dockerfile"
    )
    assert "git mv backend/Dockerfile Dockerfile" in caught.value.remedy
