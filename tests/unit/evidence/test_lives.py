"""What is seen of an instance's end, and of the one that is booted after it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import respx

from spacedock.docks.instance import Stop
from spacedock.evidence import lives
from spacedock.evidence.base import NotReady
from spacedock.evidence.lives import Restarted, Stopped
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.evidence.conftest import look
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space


@pytest.fixture(autouse=True)
def in_flight(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    held = SimpleNamespace(line="POST /api", cut="", finish=lambda: None)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    return held


def test_an_instance_is_stopped_once_whoever_asks(space: Space) -> None:
    dock = FakeDock()
    with Run(space, dock) as run:
        assert run.look(Stopped()) is run.look(Stopped())
        run.look(Restarted())
    assert [spec.purpose for spec in dock.booted] == ["to be stopped with SIGTERM", "restarted"]


def test_a_space_without_state_is_given_nothing_to_keep(space: Space) -> None:
    with respx.mock():
        assert look(Stopped(), space, FakeDock()).state == ()


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

    with respx.mock(base_url="http://space.test") as server:
        server.route(path="/a").mock(side_effect=answered)
        assert [reply.text for reply in look(Stopped(), space, FakeDock()).state] == ["PUT", "GET"]
    assert asked == ["PUT", "GET", "held"]


def test_what_did_not_come_up_cannot_be_stopped(space: Space) -> None:
    with pytest.raises(NotReady):
        look(Stopped(), space, FakeDock(otherwise=FakeInstance(boot=exited(1))))


@pytest.mark.parametrize(
    ("stop", "cut", "says"),
    [
        (
            Stop(0.31, 0, killed=False),
            "",
            "it stops 0.31 s after SIGTERM, exit code 0; a request in flight (POST /api) was answered",
        ),
        (
            Stop(10.0, 137, killed=True),
            "was gone",
            "SIGKILL ended it 10.00 s after SIGTERM, exit code 137; a request in flight (POST /api) was gone",
        ),
    ],
)
def test_an_end_is_told_with_seconds_and_exit_code(
    space: Space, in_flight: SimpleNamespace, stop: Stop, cut: str, says: str
) -> None:
    in_flight.cut = cut
    assert str(look(Stopped(), space, FakeDock(otherwise=FakeInstance(stopped=stop)))) == says


def test_where_nothing_could_be_in_flight_nothing_is_told_of_it(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "hold", lambda *_, **__: None)
    assert str(look(Stopped(), space, FakeDock())) == "it stops 0.10 s after SIGTERM, exit code 0"
