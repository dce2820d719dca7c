"""Tiny Spaces in the image dock: one image, whose server does what an order's environment says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import docker
import httpx
import pytest
from docker.errors import DockerException

from spacedock.docks import ready
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import StartWindow
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.engine import Engine
from spacedock.errors import BuildError
from spacedock.progress import silent
from spacedock.runs import RUN_LABEL, OpenRun, open_run
from spacedock.space import Space
from tests.unit.docks.servers import serving, space_of

PORT = 8080
# Starts as the environment says: HABIT runs first, HOST and AT are where it listens.
APP = serving(
    f"int(os.environ.get('AT', os.environ.get('PORT', {PORT})))", before="exec(os.environ.get('HABIT', ''))\n"
).replace("'0.0.0.0'", "os.environ.get('HOST', '0.0.0.0')")
MANIFEST = '[secrets]\nAPI_KEY = {}\n[variables]\nMODE = "fast"\n'


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    """The dock of the Space that does as it is told."""
    space = space_of(tmp_path_factory.mktemp("space"), APP, port=PORT, manifest=MANIFEST)
    with ImageDock(space, run, silent, boot_timeout=30) as opened:
        yield opened


def habit(script: str, **environment: str) -> BootSpec:
    return BootSpec(script, environment=(("HABIT", script), *environment.items()))


def told(url: str) -> dict[str, Any]:
    """What the Space says it finds."""
    found: dict[str, Any] = httpx.get(url).json()
    return found


def left_of(run: OpenRun) -> list[str]:
    """What the engine has of a run."""
    client = docker.from_env()
    filters: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run.id}"}
    left = [
        *(str(container.name) for container in client.containers.list(all=True, filters=filters)),
        *(str(network.name) for network in client.networks.list(filters=filters)),
        *(tag for image in client.images.list(filters=filters) for tag in image.tags),
    ]
    client.close()
    return left


def test_a_space_boots_as_the_platforms_user_in_the_platforms_environment(dock: OpenImageDock) -> None:
    instance = dock.boot(BootSpec())
    assert instance.boot.ready
    seen = told(instance.url)
    assert seen["uid"] == instance.identity() == 1000
    assert not seen["env_file"]
    environment = seen["environment"]
    assert environment.items() >= instance.environment.items()
    assert environment["MODE"] == "fast"
    assert environment["CPU_CORES"] == "2"
    assert "PORT" not in environment
    assert dock.canaries["API_KEY"] == (environment["API_KEY"],)


def test_a_command_runs_where_the_main_process_runs(dock: OpenImageDock) -> None:
    code = "import os, sys; print(os.getuid(), os.environ['MODE'], flush=True); sys.exit('no more')"
    ended = dock.boot(BootSpec()).execute("python", "-c", code)
    assert ended.exit_code == 1
    assert sorted(ended.output.splitlines()) == ["1000 fast", "no more"]


def test_an_order_chooses_port_user_secrets_and_env_file(dock: OpenImageDock) -> None:
    spec = BootSpec(port=9123, user="image", env_file=True, withheld=frozenset({"API_KEY"}))
    instance = dock.boot(spec)
    assert instance.boot.ready
    seen = told(instance.url)
    assert seen["uid"] == instance.identity() == 0
    assert seen["env_file"]
    assert seen["environment"]["PORT"] == "9123"
    assert "API_KEY" not in seen["environment"]


def test_a_crash_is_told_by_exit_code_and_both_streams_in_order(dock: OpenImageDock) -> None:
    instance = dock.boot(
        habit("print('one', flush=True); time.sleep(0.1); print('two', file=sys.stderr); sys.exit(78)")
    )
    assert (instance.boot.cause, instance.boot.exit_code, instance.boot.out_of_memory) == (
        Cause.EXITED,
        78,
        False,
    )
    assert instance.logs() == "one\ntwo\n"
    assert list(instance.follow()) == ["one", "two"]
    assert not instance.alive()
    assert instance.identity() is None
    assert instance.stop(grace=30).seconds == 0


def test_loopback_is_told(dock: OpenImageDock) -> None:
    instance = dock.boot(habit("", HOST="127.0.0.1"))
    assert instance.boot.cause is Cause.LOOPBACK
    assert [str(listener) for listener in instance.boot.listeners] == [f"127.0.0.1:{PORT}"]


def test_another_port_is_told(dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "ELSEWHERE_IS_CERTAIN", 0.5)
    instance = dock.boot(habit("", AT="8000"))
    assert instance.boot.cause is Cause.OTHER_PORT
    assert [str(listener) for listener in instance.boot.listeners] == ["0.0.0.0:8000"]


def test_a_space_that_works_is_waited_for_though_a_helper_listens(
    dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(ready, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(ready, "ELSEWHERE_IS_CERTAIN", 0.4)
    loads = "helper = socket.create_server(('', 9090))\nwhile time.process_time() < 2: pass"
    assert dock.boot(habit(loads)).boot.ready


def test_silence_is_told_at_the_time_limit(dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = replace(dock._setting, window=StartWindow(1.0))
    monkeypatch.setattr(dock._launcher, "_setting", hasty)
    instance = dock.boot(habit("signal.pause()"))
    assert (instance.boot.cause, instance.boot.listeners) == (Cause.SILENT, ())


def test_more_memory_than_the_flavour_has_is_told_apart(
    dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(dock._setting.limits, memory=64 * 2**20)
    monkeypatch.setattr(dock._launcher, "_setting", replace(dock._setting, limits=limits))
    boot = dock.boot(habit("hoard = bytearray(os.urandom(1)) * 2**28")).boot
    assert (boot.cause, boot.exit_code, boot.out_of_memory) == (Cause.EXITED, 137, True)


@pytest.mark.parametrize(
    ("script", "killed", "unheard"),
    [
        ("", False, False),
        ("signal.signal(signal.SIGTERM, lambda *_: None)", True, False),
        ("signal.signal(signal.SIGTERM, signal.SIG_DFL)", True, True),
    ],
    ids=["handles", "ignores", "has no handler"],
)
def test_a_stop_is_seen(dock: OpenImageDock, script: str, killed: bool, unheard: bool) -> None:
    instance = dock.boot(habit(script))
    stop = instance.stop(grace=1.0 if killed else 30.0)
    assert (stop.killed, stop.unheard) == (killed, unheard)
    assert stop.exit_code == (137 if killed else 0)
    assert not instance.alive()


def test_boots_of_several_threads_have_ports_of_their_own(dock: OpenImageDock) -> None:
    with ThreadPoolExecutor(3) as pool:
        instances = list(pool.map(dock.boot, [BootSpec(str(number)) for number in range(3)]))
    assert all(instance.boot.ready for instance in instances)
    assert len({instance.url for instance in instances}) == 3


def test_a_closed_instance_is_gone_and_its_log_stays(dock: OpenImageDock) -> None:
    instance = dock.boot(habit("print('said', flush=True)"))
    instance.close()
    instance.close()
    assert instance.logs() == "said\n"
    assert not instance.alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(instance.url)


def test_the_header_names_engine_hardware_and_capabilities(dock: OpenImageDock) -> None:
    assert dock.header[0].startswith("Docker ")
    assert dock.header[1].startswith("hardware cpu-basic: 2 vCPU")
    assert dock.capabilities >= {Capability.IMAGE, Capability.IDENTITY, Capability.LIMITS}
    assert not dock.shares_ports


@pytest.fixture
def opened(run: OpenRun, tmp_path: Path) -> Iterator[Callable[..., OpenImageDock]]:
    """Dock a Space with a Dockerfile of its own."""
    with ExitStack() as stack:

        def dock(dockerfile: str, manifest: str = "") -> OpenImageDock:
            space = space_of(tmp_path, APP, port=PORT, dockerfile=dockerfile, manifest=manifest)
            return stack.enter_context(ImageDock(space, run, silent))

        yield dock


def test_sockets_are_seen_in_an_image_without_cat(opened: Callable[..., OpenImageDock]) -> None:
    dockerfile = (
        "FROM python:3.11-slim\nRUN rm /bin/cat\nCOPY app.py .\nENV HOST=127.0.0.1\n"
        'CMD ["python", "app.py"]\n'
    )
    instance = opened(dockerfile).boot(BootSpec())
    assert instance.boot.cause is Cause.LOOPBACK
    assert instance.identity() == 1000


def test_a_look_into_a_container_that_has_died_leaves_nothing(dock: OpenImageDock, run: OpenRun) -> None:
    instance = dock.boot(habit("raise SystemExit(3)"))
    before = left_of(run)
    with pytest.raises(DockerException):
        dock._setting.around.read(instance._container.id, ("/proc/net/tcp",))
    assert left_of(run) == before


def test_a_command_that_is_not_there_is_an_exit(opened: Callable[..., OpenImageDock]) -> None:
    instance = opened('FROM python:3.11-slim\nCMD ["no-such-server"]\n').boot(BootSpec())
    assert (instance.boot.cause, instance.boot.exit_code) == (Cause.EXITED, 127)
    assert "no-such-server" in instance.logs()


def test_the_build_is_given_variables_and_mounted_secrets(opened: Callable[..., OpenImageDock]) -> None:
    engine = Engine.connect()
    buildkit = engine.buildkit
    engine.close()
    if buildkit is None:
        pytest.skip("needs a docker command with BuildKit: apt-get install docker-buildx")
    mount = "--mount=type=secret,id=API_KEY,mode=0444,required=true"
    dockerfile = (
        'FROM python:3.11-slim\nWORKDIR /app\nARG MODE\nRUN test "$MODE" = fast\n'
        # New each time, because a secret is no part of what the build's cache goes by.
        f"RUN {mount} test -s /run/secrets/API_KEY && echo {token_hex()}\n"
        'COPY app.py .\nCMD ["python", "app.py"]\n'
    )
    assert opened(dockerfile, MANIFEST).boot(BootSpec()).boot.ready


def test_a_failed_build_names_the_dockerfile_and_leaves_nothing(
    tmp_path: Path, dock_name: str, request: pytest.FixtureRequest
) -> None:
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    dockerfile = "FROM python:3.11-slim\nRUN echo out of luck && exit 3\nCMD true\n"
    space = space_of(tmp_path, "", port=PORT, dockerfile=dockerfile)
    with open_run() as own:
        with pytest.raises(BuildError) as caught:
            ImageDock(space, own, silent).__enter__()
        assert caught.value.path == space.dockerfile.path
        assert "out of luck" in caught.value.log
        assert left_of(own) == []


def test_nothing_is_left_of_a_dock(tmp_path: Path, dock_name: str) -> None:
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    space: Space = space_of(tmp_path, APP, port=PORT)
    with open_run() as own:
        with ImageDock(space, own, silent) as dock:
            dock.boot(BootSpec())
            assert len(left_of(own)) >= 4  # container, sandbox, network, image; a spare sandbox comes
        assert left_of(own) == []
