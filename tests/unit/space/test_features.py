from __future__ import annotations

from pathlib import Path

import pytest

from spacedock import platform
from spacedock.space.features import FEATURES
from tests.unit.spaces import SOUND_DOCKERFILE, SOUND_MANIFEST, sound_space


def observations(
    folder: Path, *lines: str, dockerfile: str = SOUND_DOCKERFILE, manifest: str = SOUND_MANIFEST
) -> str:
    readme = "\n".join(["---", "sdk: docker", *lines, "---", ""])
    return "\n".join(
        sound_space(folder, readme=readme, dockerfile=dockerfile, manifest=manifest).not_emulated()
    )


def test_a_space_that_asks_for_nothing_more_is_not_bothered(tmp_path: Path) -> None:
    assert (
        observations(tmp_path, "title: x", "emoji: 🤖", "tags: [a]", "pinned: true", "hf_oauth: false") == ""
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hf_oauth: true", "README.md:3: `hf_oauth` not emulated: OAUTH_CLIENT_ID"),
        ("preload_from_hub: [gpt2]", "`preload_from_hub` not emulated: nothing is downloaded"),
        ("custom_headers: { cross-origin-opener-policy: same-origin }", "`custom_headers` not emulated"),
        ("disable_embedding: true", "`disable_embedding` not emulated"),
        ("base_path: /docs", "`base_path` not emulated"),
        ("suggested_hardware: t4-small", "the accelerator of t4-small is not emulated"),
        ("suggested_storage: small", "`suggested_storage` has no effect in a Docker Space"),
        ("python_version: 3.12", "`python_version` has no effect in a Docker Space"),
    ],
)
def test_what_no_dock_does_is_named_where_it_is_asked_for(tmp_path: Path, line: str, says: str) -> None:
    assert says in observations(tmp_path, line)


def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    said = observations(tmp_path, "app_prot: 8080")
    assert said.endswith(
        "README.md:3: `app_prot` is no key that the platform knows; did you mean `app_port`?"
    )


def test_an_unknown_key_that_is_like_no_other_is_named_alone(tmp_path: Path) -> None:
    assert observations(tmp_path, "zzz: 1").endswith("`zzz` is no key that the platform knows")


def test_a_flavour_with_a_gpu_is_named(tmp_path: Path) -> None:
    said = observations(tmp_path, manifest='[space]\nid = "owner/name"\nhardware = "a10g-small"\n')
    assert 'space.toml: `hardware = "a10g-small"`: the accelerator of a10g-small is not emulated' in said


def test_a_flavour_that_nobody_knew_is_named(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[space]\nhardware = "h100"\n')
    assert '`hardware = "h100"` is no flavour that was known in' in "\n".join(space.not_emulated())


def test_a_flavour_without_one_is_not(tmp_path: Path) -> None:
    assert observations(tmp_path, "suggested_hardware: cpu-upgrade") == ""


@pytest.mark.parametrize(
    "line", ["ENV HF_HOME=/data/cache", 'VOLUME ["/data"]', 'CMD ["app", "--db", "/data/a.db"]']
)
def test_a_dockerfile_that_runs_on_data_is_told_that_no_bucket_is_there(tmp_path: Path, line: str) -> None:
    said = observations(tmp_path, dockerfile=f"FROM python:3.11-slim\n{line}\n")
    assert f"Dockerfile:2: {line.partition(' ')[0]} names /data; no bucket is emulated" in said


@pytest.mark.parametrize("line", ["ENV A=/app/data", "ENV A=/database", "WORKDIR /data.d", "RUN mkdir /data"])
def test_another_folder_is_not_taken_for_data(tmp_path: Path, line: str) -> None:
    assert observations(tmp_path, dockerfile=f"FROM python:3.11-slim\n{line}\n") == ""


def test_a_variable_that_names_data_is_told_so(tmp_path: Path) -> None:
    said = observations(tmp_path, manifest='[variables]\nCACHE = "/data/cache"\n')
    assert "space.toml: CACHE names /data" in said


def test_every_key_of_a_feature_is_one_that_the_platform_knows() -> None:
    assert {key for feature in FEATURES for key in feature.keys} <= set(platform.KEYS.value)
