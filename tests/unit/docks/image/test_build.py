"""What the builder is given: bases, public arguments, mounted secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.image.build import (
    mounted_secrets,
    public_arguments,
    remedy,
    require_architecture,
    substitute,
    wants_services,
)
from spacedock.errors import BuildError
from spacedock.images.supply import Image
from spacedock.space import Space
from tests.unit.docks.servers import space_of

START = 'CMD ["true"]\n'


def space_with(folder: Path, dockerfile: str, manifest: str = "") -> Space:
    return space_of(folder, "", port=8080, dockerfile=dockerfile, manifest=manifest)


def substituted(space: Space, folder: Path, *, stand_in: bool = True) -> tuple[dict[str, str], str]:
    copy = folder / "copy"
    copy.write_text(space.dockerfile.path.read_text())
    images = {}
    for base in (*space.dockerfile.bases, *space.dockerfile.copied_from):
        tag = f"local/{base.image}" if stand_in else base.image
        images[base] = Image(base.image, tag, stand_in)
    return substitute(copy, space.dockerfile, images), copy.read_text()


def test_a_base_from_an_argument_is_replaced_by_the_argument(tmp_path: Path) -> None:
    dockerfile = f"ARG BASE=python:3.11\nFROM ${{BASE}}\n{START}"
    space = space_with(tmp_path, dockerfile)
    assert substituted(space, tmp_path) == ({"BASE": "local/python:3.11"}, dockerfile)


def test_a_base_by_name_is_replaced_in_the_copy_on_its_own_line(tmp_path: Path) -> None:
    dockerfile = f"# python:3.11 it is\nFROM python:3.11 AS a\nFROM python:3.12\nCOPY --from=a /x /x\n{START}"
    space = space_with(tmp_path, dockerfile)
    arguments, copy = substituted(space, tmp_path)
    assert arguments == {}
    assert copy.splitlines()[:3] == [
        "# python:3.11 it is", "FROM local/python:3.11 AS a", "FROM local/python:3.12",
    ]  # fmt: skip
    assert space.dockerfile.path.read_text() == dockerfile


def test_what_files_are_copied_from_is_replaced_too(tmp_path: Path) -> None:
    space = space_with(tmp_path, f"FROM python:3.12\nCOPY --chmod=755 \\\n --from=python:3.11 /x /x\n{START}")
    _, copy = substituted(space, tmp_path)
    assert copy.splitlines()[2] == " --from=local/python:3.11 /x /x"


def test_what_the_copy_leads_to_is_not_written(tmp_path: Path) -> None:
    space = space_with(tmp_path, f"FROM python:3.11\n{START}")
    (tmp_path / "outside").write_text(space.dockerfile.path.read_text())
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    (base,) = space.dockerfile.bases
    substitute(tmp_path / "link", space.dockerfile, {base: Image(base.image, "local/python", stand_in=True)})
    assert "local/python" in (tmp_path / "link").read_text()
    assert "local/python" not in (tmp_path / "outside").read_text()


def test_a_base_is_replaced_below_lines_that_no_parser_counts_and_where_its_own_goes_on(
    tmp_path: Path,
) -> None:
    dockerfile = f"# a\x0cb\u2028c\nFROM \\\npython:3.11\n{START}"
    assert substituted(space_with(tmp_path, dockerfile), tmp_path)[1].split("\n")[:3] == [
        "# a\x0cb\u2028c", "FROM \\", "local/python:3.11",
    ]  # fmt: skip


def test_a_comment_in_another_encoding_stays_as_it_is(tmp_path: Path) -> None:
    space = space_with(tmp_path, f"FROM python:3.11\n{START}")
    (tmp_path / "copy").write_bytes(b"FROM python:3.11\n# Gr\xf6\xdfe\n")
    images = {base: Image(base.image, "local/python", stand_in=True) for base in space.dockerfile.bases}
    substitute(tmp_path / "copy", space.dockerfile, images)
    assert (tmp_path / "copy").read_bytes() == b"FROM local/python\n# Gr\xf6\xdfe\n"


def test_a_syntax_image_cannot_be_had_without_a_registry(tmp_path: Path) -> None:
    dockerfile = f"# syntax=docker/dockerfile:1\nFROM python:3.11\n{START}"
    assert substituted(space_with(tmp_path, dockerfile), tmp_path)[1].splitlines()[0] == "#"


def test_nothing_changes_where_the_images_are_the_real_ones(tmp_path: Path) -> None:
    dockerfile = f"# syntax=docker/dockerfile:1\nARG BASE=python:3.11\nFROM $BASE\n{START}"
    space = space_with(tmp_path, dockerfile)
    assert substituted(space, tmp_path, stand_in=False) == ({}, dockerfile)


MANIFEST = """
[secrets]
TOKEN = {}
KEY = { from = "openai.api_key" }
[variables]
MODE = "fast"
UNUSED = "x"
ADDRESS = { from = "qdrant.url" }
"""


def test_declared_variables_are_arguments_and_secrets_never_are(tmp_path: Path) -> None:
    space = space_with(tmp_path, f"FROM python:3.11\nARG MODE\nARG TOKEN\n{START}", MANIFEST)
    assert public_arguments(space, {}) == {"MODE": "fast"}
    assert not wants_services(space)


def test_a_variable_that_a_service_supplies_makes_the_build_wait(tmp_path: Path) -> None:
    space = space_with(tmp_path, f"FROM python:3.11\nARG ADDRESS\n{START}", MANIFEST)
    assert wants_services(space)
    assert public_arguments(space, {"ADDRESS": "http://q"}) == {"ADDRESS": "http://q"}


@pytest.mark.parametrize(
    "mount",
    ["--mount=type=secret,id=TOKEN,mode=0444,required=true", "--mount=id=TOKEN,type=secret"],
)
def test_mounted_secrets_are_known_by_their_ids(tmp_path: Path, mount: str) -> None:
    run = f"RUN {mount} --mount=type=secret,id=FOREIGN --mount=type=cache,id=KEY,target=/c true\n"
    space = space_with(tmp_path, f"FROM python:3.11\n{run}{START}", MANIFEST)
    assert mounted_secrets(space) == {"TOKEN"}
    assert wants_services(space)


NOT_FOUND = 'ERROR: failed to calculate checksum of ref x::y: "/{}": not found'
NOT_FOUND_BY_ANOTHER = (
    'failed to compute cache key: "/{}" not found: not found',
    "COPY failed: file not found in build context or excluded by .dockerignore: stat {}: file does not exist",
)


class TestWhatMendsAFailedBuild:
    def said(self, folder: Path, log: str, *, on_disk: str = "", ships: str = "") -> str:
        manifest = f'[space]\nships = ["README.md", "Dockerfile"{ships}]\n[secrets]\nTOKEN = {{}}\n'
        if on_disk:
            (folder / on_disk).write_text("{}")
        return remedy(log, space_with(folder, f"FROM python:3.11\n{START}", manifest))

    def test_a_file_that_is_here_and_not_pushed_is_to_be_pushed(self, tmp_path: Path) -> None:
        said = self.said(tmp_path, NOT_FOUND.format("data.json"), on_disk="data.json")
        assert said.startswith("add data.json to git")

    def test_a_step_that_met_a_full_disk_wants_room(self, tmp_path: Path) -> None:
        said = self.said(tmp_path, "#5 3.1 OSError: [Errno 28] No space left on device")
        assert said.startswith("make room on the engine's disk")

    def test_a_file_that_is_pushed_is_to_be_let_through(self, tmp_path: Path) -> None:
        said = self.said(tmp_path, NOT_FOUND.format("data.json"), on_disk="data.json", ships=', "data.json"')
        assert said == "let .dockerignore leave data.json in"

    @pytest.mark.parametrize("words", [NOT_FOUND, *NOT_FOUND_BY_ANOTHER])
    def test_a_file_that_is_nowhere_is_to_be_added(self, tmp_path: Path, words: str) -> None:
        assert "nothing of that name is pushed" in self.said(tmp_path, words.format("data.json"))

    @pytest.mark.parametrize("word", ["2>/dev/null", "||"])
    def test_a_word_of_a_shell_in_copy_is_no_file(self, tmp_path: Path, word: str) -> None:
        assert "COPY is no shell" in self.said(tmp_path, NOT_FOUND.format(word))

    @pytest.mark.parametrize("words", ["secret HF_TOKEN: not found", "secret HF_TOKEN not found: not found"])
    def test_a_secret_that_the_build_was_not_given_is_to_be_named(self, tmp_path: Path, words: str) -> None:
        said = self.said(tmp_path, f"ERROR: failed to solve: {words}")
        assert said.startswith("name HF_TOKEN in the manifest's [secrets]")

    @pytest.mark.parametrize(
        "words",
        [
            'failed to do request: Head "https://r.invalid/v2/o/manifests/1": dial tcp: no such host',
            "failed to resolve source metadata for docker.io/library/python:3.99: not found",
            "pull access denied for o/none, repository does not exist",
            "manifest for python:3.99 not found: manifest unknown",
        ],
    )
    def test_a_base_that_cannot_be_had_is_to_be_another(self, tmp_path: Path, words: str) -> None:
        assert "correct FROM" in self.said(tmp_path, f"ERROR: failed to solve: {words}")

    def test_a_step_that_failed_by_itself_is_left_to_its_own_words(self, tmp_path: Path) -> None:
        assert self.said(tmp_path, "ERROR: process did not complete: exit code: 3") == ""


class TestArchitecture:
    def test_the_platforms_own_is_fine(self, tmp_path: Path) -> None:
        require_architecture(space_with(tmp_path, f"FROM python:3.11\n{START}").dockerfile, "linux/amd64")

    def test_a_pin_to_another_is_named_with_its_line(self, tmp_path: Path) -> None:
        dockerfile = f"FROM a AS b\nFROM --platform=linux/arm64 python:3.11\n{START}"
        with pytest.raises(BuildError, match="exec format error") as caught:
            require_architecture(space_with(tmp_path, dockerfile).dockerfile, "linux/arm64")
        assert caught.value.line == 2
        assert caught.value.remedy == "take `--platform=linux/arm64` out of FROM"

    def test_a_base_of_another_is_told(self, tmp_path: Path) -> None:
        dockerfile = space_with(tmp_path, f"FROM arm64v8/python:3.11\n{START}").dockerfile
        with pytest.raises(BuildError) as caught:
            require_architecture(dockerfile, "linux/arm64")
        assert "start from an image for it" in caught.value.remedy
