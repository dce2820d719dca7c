"""Real builds, with each of the builders that this machine has."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from spacedock import engine as engine_module
from spacedock.builder import BuildRecipe
from spacedock.engine import IMAGE_LABEL, Engine
from spacedock.errors import BuildError, SlowBuildError
from spacedock.images.supply import Supply
from spacedock.progress import silent
from tests.integration.engine.conftest import Start, output

TAG = "spacedock-test:built"


@pytest.fixture(params=["buildkit", "classic"])
def building(
    request: pytest.FixtureRequest, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """The engine, with one builder; what it builds goes with the test."""
    if request.param == "classic":
        monkeypatch.setitem(vars(engine), "buildkit", None)
    elif engine.buildkit is None:
        pytest.skip("no docker command here has BuildKit: apt-get install docker-buildx")
    yield engine
    with suppress(ImageNotFound):
        engine.client.images.remove(TAG, force=True)


@pytest.fixture
def base(engine: Engine) -> str:
    return Supply(engine, silent).pinned("python").tag


def test_a_folder_becomes_an_image(building: Engine, base: str, context: Path, start: Start) -> None:
    (context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY greeting /\n")
    (context / "greeting").write_text("hello")
    said: list[str] = []
    image = building.build(context, tag=TAG, say=said.append, args={"BASE": base}, labels={"a": "b"})
    labels = building.client.images.get(image).labels
    assert (labels["a"], labels[IMAGE_LABEL]) == ("b", TAG)
    assert output(start(image, ["sleep", "600"]), "cat", "/greeting") == "hello"
    assert said


def test_a_dockerfile_may_lie_elsewhere(building: Engine, base: str, context: Path, tmp_path: Path) -> None:
    (tmp_path / "Other.Dockerfile").write_text(f"FROM {base}\nCOPY greeting /\n")
    (context / "greeting").write_text("hello")
    building.build(context, tag=TAG, say=print, dockerfile=str(tmp_path / "Other.Dockerfile"))


def test_a_build_that_goes_on_is_ended(
    building: Engine, base: str, context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BuildRecipe", partial(BuildRecipe, seconds=5.0))
    (context / "Dockerfile").write_text(f"FROM {base}\nRUN echo begun; sleep 300\n")
    began = time.monotonic()
    with pytest.raises(SlowBuildError, match="did not end within 5 s") as ended:
        building.build(context, tag=TAG, say=print)
    assert time.monotonic() - began < 60
    assert "begun" in ended.value.log


def test_a_failed_build_says_what_the_step_said(building: Engine, base: str, context: Path) -> None:
    (context / "Dockerfile").write_text(f"FROM {base}\nRUN echo the-reason >&2; exit 3\n")
    with pytest.raises(BuildError) as error:
        building.build(context, tag=TAG, say=lambda line: None)
    assert "the-reason" in error.value.log


@pytest.mark.parametrize("building", ["buildkit"], indirect=True)
def test_a_secret_reaches_its_step_and_stays_nowhere(
    building: Engine, base: str, context: Path, start: Start
) -> None:
    (context / "Dockerfile").write_text(
        f"FROM {base}\nRUN --mount=type=secret,id=TOKEN md5sum /run/secrets/TOKEN >/seen\n"
    )
    image = building.build(context, tag=TAG, say=lambda line: None, secrets={"TOKEN": "canary"})
    container = start(image, ["sleep", "600"])
    assert output(container, "cat", "/seen").startswith(hashlib.md5(b"canary").hexdigest())
    assert output(container, "sh", "-c", "env; cat /run/secrets/* 2>&1 || true").count("canary") == 0
    assert "canary" not in str(building.client.images.get(image).history())
