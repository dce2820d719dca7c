"""Where a registry answers, official images come from it. The engine is one that is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.engine import Engine
from spacedock.errors import EngineError
from spacedock.images.supply import Image, Supply, pins
from spacedock.progress import silent
from tests.integration.engine.second import MIRRORED


def stand_ins(engine: Engine) -> set[str]:
    """The images that the harness has built there, or that were given to it."""
    return {tag for image in engine.client.images.list(name="hf-spacedock/*") for tag in image.tags}


def test_the_engine_is_the_one_that_docker_host_names(remote: Engine) -> None:
    assert "tcp://127.0.0.1:" in remote.description


@pytest.mark.parametrize("key", MIRRORED)
def test_an_official_image_is_pulled_and_no_stand_in_is_made(remote: Engine, key: str) -> None:
    name = pins()[key]
    before = stand_ins(remote)
    assert Supply(remote, silent).pinned(key) == Image(name, name, stand_in=False)
    assert stand_ins(remote) == before


def test_what_the_mirror_does_not_have_is_named_even_when_it_is_asked_first(remote: Engine) -> None:
    supply = Supply(remote, silent)
    with pytest.raises(EngineError, match="spacedock/no-such-image:1 cannot be pulled"):
        supply.image("spacedock/no-such-image:1")
    assert not supply.pinned("python").stand_in


def test_it_builds_from_a_folder_of_this_machine(remote: Engine, context: Path) -> None:
    base = Supply(remote, silent).pinned("python").tag
    (context / "Dockerfile").write_text(f"FROM {base}\nCOPY hello /\nRUN python -c \"open('/hello')\"\n")
    (context / "hello").touch()
    image = remote.build(context, tag="spacedock-test:remote", say=lambda line: None)
    assert remote.client.images.get("spacedock-test:remote").id == image
