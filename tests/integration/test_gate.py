"""The gate: this repository's Space, held to every promise in the dock that `--dock` names."""

from __future__ import annotations

import httpx

from spacedock.docks.base import Berth
from spacedock.suite import SpaceContract


class TestTextbookSpace(SpaceContract):
    """The retrieval backend, as it would be pushed."""


def test_every_service_is_reached_from_within_the_space(spacedock_berth: Berth) -> None:
    answer = httpx.get(f"{spacedock_berth.url}/ready", timeout=20, trust_env=False)
    assert answer.status_code == 200, answer.text
