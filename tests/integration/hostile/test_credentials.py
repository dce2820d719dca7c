"""What pip and apt are configured with here may be secret: no layer has it that a Space could read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from spacedock import canary
from spacedock.engine import Engine
from spacedock.images import workshop
from spacedock.images.supply import Supply
from spacedock.images.trust import Trust
from spacedock.images.workshop import Workshop
from spacedock.progress import silent

pytestmark = pytest.mark.usefixtures("needs_image_dock")
SEES = "FROM {base}\nRUN grep -q {secret} /etc/pip.conf && grep -rq {secret} /etc/apt && touch /seen\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with closing(Engine.connect()) as engine:
        yield engine


@pytest.fixture(scope="module")
def base(engine: Engine) -> str:
    """The Python that builds here start from, made with what this host really trusts."""
    return Supply(engine, silent).pinned("python").tag


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """A password of mirrors and of a proxy, of this host as Workshop finds it."""
    password = canary.fresh(24)
    trust = Trust.of_this_host()
    mirrored = replace(
        trust,
        pip_conf=f"{trust.pip_conf}extra-index-url = https://ada:{password}@mirror.invalid/simple\n",
        apt_options=(
            *trust.apt_options,
            f'Acquire::http::Proxy::mirror.invalid "http://ada:{password}@p:1";',
        ),
    )
    monkeypatch.setattr(Trust, "of_this_host", lambda: mirrored)
    return password


def holds(engine: Engine, image: str, text: str) -> bool:
    """Whether any layer of an image, or its settings, have the text."""
    before = b""
    for chunk in engine.client.images.get(image).save():
        if text.encode() in before[-len(text) :] + chunk:
            return True
        before = chunk
    return text in str(engine.client.images.get(image).history())


def remove(engine: Engine, *images: str) -> None:
    for image in images:
        try:
            engine.client.images.remove(image, force=True)
        except ImageNotFound:
            continue


def test_a_stand_in_has_none(engine: Engine, secret: str) -> None:
    if shutil.which("mmdebstrap") is None:
        pytest.skip("stand-ins need mmdebstrap: apt-get install mmdebstrap")
    image = Workshop(engine, silent).python("python:3.11-slim")
    try:
        assert holds(
            engine, image, "mirror.invalid"
        )  # which is no secret, so that the search is none in vain
        assert not holds(engine, image, secret)
    finally:
        remove(engine, image)


def test_a_build_of_ours_sees_them_and_keeps_none(
    engine: Engine, base: str, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.buildkit is None or not base.startswith("hf-spacedock/"):
        pytest.skip("needs BuildKit, and a base of ours")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "Dockerfile").write_text(SEES.format(base=base, secret=secret[:6]))
    monkeypatch.setattr(workshop, "CONTEXTS", tmp_path)
    image = Workshop(engine, silent).build("ours", base, title="a test", labels={})
    try:
        assert holds(engine, image, "seen")
        assert not holds(engine, image, secret)
    finally:
        remove(engine, image)
