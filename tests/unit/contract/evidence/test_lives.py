"""What is noticed of a Space's life, and what is shared of its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import respx

from spacedock.contract.evidence import lives
from spacedock.contract.evidence.lives import ending
from spacedock.contract.instances import Instances, NotReady
from spacedock.contract.observations import observations
from spacedock.docks.boots import AS_DEPLOYED, BootResult
from spacedock.docks.conditions import StartWindow
from spacedock.docks.instance import Stop
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space


@pytest.fixture(autouse=True)
def in_flight(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    held = SimpleNamespace(line="POST /api", cut="", finish=lambda: None)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    return held


def test_a_berth_is_stopped_once_whoever_asks(space: Space) -> None:
    dock = FakeDock()
    with Instances(dock) as instances:
        assert ending(space, instances) is ending(space, instances)
    assert len(dock.booted) == 1


def test_a_space_without_state_is_given_nothing_to_keep(space: Space) -> None:
    with respx.mock(), Instances(FakeDock()) as instances:
        assert ending(space, instances).state == ()


def test_what_a_berth_is_to_keep_is_written_and_read_before_it_is_stopped(
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
def test_the_end_is_noticed_with_seconds_and_exit_code(
    space: Space, in_flight: SimpleNamespace, stop: Stop, cut: str, says: str
) -> None:
    in_flight.cut = cut
    with Instances(FakeDock(otherwise=FakeInstance(stopped=stop))) as instances:
        ending(space, instances)
        assert says in observations(space, instances)


@pytest.mark.parametrize(("seconds", "said"), [(29.0, False), (31.0, True)])
def test_a_start_that_takes_more_than_half_of_its_window_is_noticed(
    space: Space, seconds: float, said: bool
) -> None:
    boot = BootResult(seconds, 8080, window=StartWindow(1800, 1 / 30))
    with Instances(FakeDock(otherwise=FakeInstance(boot=boot))) as instances:
        instances.boot(AS_DEPLOYED)
        lines = "\n".join(observations(space, instances))
    assert ("it took 31 s to start, more than half of its window of 60 s here, 30 min there" in lines) is said


def test_a_database_on_its_own_disk_is_noticed(space: Space) -> None:
    keeps = FakeInstance(changed=("/app/chat.db", "/app/log.txt"))
    with Instances(FakeDock(otherwise=keeps)) as instances:
        instances.boot(AS_DEPLOYED)
        lines = observations(space, instances)
    assert "kept on its own disk, which every restart, sleep and push wipes: /app/chat.db" in lines
