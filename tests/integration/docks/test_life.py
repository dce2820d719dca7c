"""Tiny Spaces from boot to boot in the image dock: their stages, their disk, and requests in flight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.conditions import Conditions
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.docks.life import Life, PlatformState, Stage, state_of
from spacedock.edge.base import Manner
from spacedock.evidence.inflight import hold
from spacedock.progress import silent
from spacedock.runs import OpenRun
from spacedock.space import Space
from tests.integration.opened import held as held_to
from tests.unit.docks.servers import serving, space_of

PORT = 8080
GRACE = 30.0  # seconds; a server that stops takes none of it
# HABIT runs before it serves. A POST is read, kept on the disk, and answered with how often that was.
POSTS = """
def do_POST(self):
    text = self.rfile.read(int(self.headers["Content-Length"]))
    with open("/tmp/posts", "ab+") as posts:
        posts.write(text)
        posts.seek(0)
        body = posts.read()
    self.send_response(200)
    self.send_header("Content-Length", str(len(body)))
    self.end_headers()
    self.wfile.write(body)

Answers.do_POST = do_POST
Answers.protocol_version = "HTTP/1.1"
exec(os.environ.get("HABIT", ""))
"""
MANIFEST = '[origins]\nallowed = ["https://app.example"]\n'

# Serves in threads that outlive the end of the main one, and stops taking requests when it is told to.
LETS_REQUESTS_END = """
http.server.ThreadingHTTPServer.daemon_threads = False
server = http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Answers)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
sys.exit(0)
"""
ENDS_WHEN_IT_IS_ASKED_TO_POST = "Answers.do_POST = lambda self: os._exit(3)"
KNOWS_NO_POST = "del Answers.do_POST"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    folder = tmp_path_factory.mktemp("space")
    return space_of(folder, serving(PORT, before=POSTS), port=PORT, manifest=MANIFEST)


@pytest.fixture(scope="module")
def dock(run: OpenRun, space: Space) -> Iterator[OpenImageDock]:
    """The dock of the Space that does as it is told."""
    with ImageDock(space, run, silent) as opened:
        yield opened


def habit(script: str) -> BootSpec:
    return BootSpec(script, environment=(("HABIT", script),))


def post(url: str, text: str) -> str:
    """What the disk holds of this post and those before it."""
    return httpx.post(url, content=text, trust_env=False).text


def test_waking_boots_it_anew_and_nothing_is_left_on_its_disk(dock: OpenImageDock) -> None:
    told: list[PlatformState] = []
    with Life(dock, tell=told.append) as life:
        assert post(life.instance.url, "one ") == "one "
        assert post(life.instance.url, "two ") == "one two "
        stop = life.sleep()
        assert (stop.exit_code, stop.killed) == (0, False)
        assert life.state == PlatformState(Stage.SLEEPING)
        assert post(life.wake().url, "three ") == "three "
    assert [state.stage for state in told] == [
        Stage.APP_STARTING,
        Stage.RUNNING,
        Stage.SLEEPING,
        Stage.APP_STARTING,
        Stage.RUNNING,
    ]


def test_a_restart_wipes_its_disk(dock: OpenImageDock) -> None:
    with Life(dock) as life:
        post(life.instance.url, "one ")
        assert post(life.restart().url, "two ") == "two "


def test_visitors_of_a_sleeping_space_are_told_that_it_is_away(dock: OpenImageDock) -> None:
    with Life(dock) as life, life.instance.edge().client(Manner.OBSERVED) as visitor:
        assert visitor.post("/", content="one").text == "one"
        life.sleep()
        assert visitor.post("/", content="two").status_code == 503


def test_the_old_container_serves_until_the_new_one_is_ready(dock: OpenImageDock) -> None:
    answers = []

    def visit(state: PlatformState) -> None:
        if state.stage in {Stage.RUNNING_BUILDING, Stage.RUNNING_APP_STARTING}:
            answers.append(post(life.instance.url, "again "))

    with Life(dock, tell=visit) as life:
        post(life.instance.url, "old ")
        handover = life.redeploy(build=lambda: None)
        assert answers == ["old again ", "old again again "]
        assert handover.stop
        assert handover.stop.exit_code == 0
        assert not handover.old.alive()
        assert post(life.instance.url, "new ") == "new "


def test_the_old_container_serves_on_where_the_new_one_fails(dock: OpenImageDock) -> None:
    with Life(dock) as life:
        life._spec = habit("sys.exit(1)")
        assert life.redeploy().stop is None
        assert post(life.instance.url, "old") == "old"


def test_a_space_that_ends_with_0_has_failed(dock: OpenImageDock) -> None:
    instance = dock.boot(habit("print('all done', flush=True); sys.exit(0)"))
    assert state_of(instance) == PlatformState(Stage.RUNTIME_ERROR, "Exit code: 0. Reason: all done")


def test_too_much_memory_is_told_as_the_platform_tells_it(
    dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(dock._setting.limits, memory=64 * 2**20)
    monkeypatch.setattr(dock._launcher, "_setting", replace(dock._setting, limits=limits))
    instance = dock.boot(habit("hoard = bytearray(os.urandom(1)) * 2**28"))
    assert state_of(instance) == PlatformState(Stage.RUNTIME_ERROR, "Memory limit exceeded (0.0625Gi)")


def test_the_front_matters_window_is_waited_for_at_the_runs_scale(run: OpenRun, tmp_path: Path) -> None:
    readme = "---\ntitle: A Space\nsdk: docker\napp_port: 8080\nstartup_duration_timeout: 2m\n---\n"
    space = space_of(
        tmp_path,
        serving(PORT, before="signal.pause()\n"),
        port=PORT,
        files={"README.md": readme},
    )
    with ImageDock(space, run, silent, Conditions(time_scale=0.01)) as dock:
        instance = dock.boot(BootSpec())
        assert "start window: 1.2 s here, 2 min there" in dock.header
        assert instance.boot.cause is Cause.SILENT
        assert instance.boot.seconds >= 1.2
        assert str(instance.boot).startswith("no HTTP answer on port 8080 after 1.2 s here, 2 min there")
        assert state_of(instance) == PlatformState(
            Stage.RUNTIME_ERROR, "Launch timed out, workload was not healthy after 2 min"
        )


def test_a_server_that_ends_after_it_was_ready_breaks_a_promise_and_blocks_the_others(
    dock: OpenImageDock, space: Space
) -> None:
    instance = dock.boot(habit(ENDS_WHEN_IT_IS_ASKED_TO_POST))
    with pytest.raises(httpx.TransportError):
        post(instance.url, "end")
    assert instance.ended(within=10)
    uid, stays = held_to(space, dock, ["runs-as-uid-1000", "stays-up"], instance)
    assert "ended by itself with code 3" in stays.problems[0].seen
    assert uid.outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("script", "cut"),
    [(LETS_REQUESTS_END, ""), ("", "was cut off")],
    ids=["ends requests first", "ends at once"],
)
def test_a_request_in_flight_is_seen_to_survive_or_not(
    dock: OpenImageDock, space: Space, script: str, cut: str
) -> None:
    instance = dock.boot(habit(script))
    held = hold(space, instance.url, GRACE)
    assert held
    stop = instance.stop(GRACE, meanwhile=held.finish)
    assert (stop.exit_code, stop.killed) == (0, False)
    assert held.cut.partition(" (")[0] == cut


def test_where_nothing_is_read_nothing_is_in_flight(dock: OpenImageDock, space: Space) -> None:
    assert hold(space, dock.boot(habit(KNOWS_NO_POST)).url, GRACE) is None
