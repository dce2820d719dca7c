"""The textbook's Space in the dock that `--dock` names, with its book in Qdrant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.choose import choose
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space
from tests.integration.app.readers import Reader
from tests.integration.commands import ROOT


@pytest.fixture(scope="package")
def dock(dock_name: str) -> Iterator[OpenDock]:
    """The dock, once for all tests of the application."""
    with open_run() as run, choose(dock_name, read_space(ROOT), run, silent) as opened:
        yield opened


@pytest.fixture(scope="package")
def book(dock: OpenDock) -> str:
    """What the ingestion said that filled Qdrant, run where the Space runs."""
    instance = dock.boot(BootSpec("ingestion"))
    try:
        ended = instance.execute("python", "-m", "backend.ingest")
        assert ended.exit_code == 0, ended.output
        return ended.output
    finally:
        instance.close()


@pytest.fixture(scope="module")
def instance(dock: OpenDock, book: str) -> Iterator[FullInstance]:
    """The Space, for tests that ask more often than a reader may."""
    booted = dock.boot(BootSpec("asked", environment=(("RATE_LIMIT", "1000/second"),)))
    assert booted.boot.ready, booted.logs()
    yield booted
    booted.close()


@pytest.fixture
def reader(instance: FullInstance) -> Iterator[Reader]:
    """Somebody who asks that Space."""
    with Reader(instance) as opened:
        yield opened
