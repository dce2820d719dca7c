"""What is shared of a Space's end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import respx

from spacedock.contract.evidence import lives
from spacedock.contract.evidence.lives import ending
from spacedock.contract.instances import Instances
from spacedock.evidence.base import NotReady
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space


@pytest.fixture(autouse=True)
def in_flight(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    held = SimpleNamespace(line="POST /api", cut="", finish=lambda: None)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    return held


def test_an_instance_is_stopped_once_whoever_asks(space: Space) -> None:
    dock = FakeDock()
    with Instances(dock) as instances:
        assert ending(space, instances) is ending(space, instances)
    assert len(dock.booted) == 1


def test_a_space_without_state_is_given_nothing_to_keep(space: Space) -> None:
    with respx.mock(), Instances(FakeDock()) as instances:
        assert ending(space, instances).state == ()


def test_what_an_instance_is_to_keep_is_written_and_read_before_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(lives, "hold", lambda *_, **__: asked.append("held"))
    manifest = '[state]\nwrite = { path = "/a", method = "PUT" }\nread = { path = "/a" }\n'
    space = sound_space(tmp_path, manifest=manifest)

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, text=request.method)

    with respx.mock(base_url="http://space.test") as server, Instances(FakeDock()) as instances:
        server.route(path="/a").mock(side_effect=answered)
        assert [answer.text for answer in ending(space, instances).state] == ["PUT", "GET"]
    assert asked == ["PUT", "GET", "held"]


def test_what_did_not_come_up_cannot_be_stopped(space: Space) -> None:
    with Instances(FakeDock(otherwise=FakeInstance(boot=exited(1)))) as instances, pytest.raises(NotReady):
        ending(space, instances)
