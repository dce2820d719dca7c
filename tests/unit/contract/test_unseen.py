"""A promise is kept only where what it judges was seen: with that taken away it proves nothing or is broken.

Each is held in a dock where everything boots and nothing answers. What is kept all the same is broken by what
is named here, in the same dock: none is kept that could not be broken there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Promise
from spacedock.contract.registry import all_promises
from spacedock.docks.boots import BootResult, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import StartWindow
from spacedock.docks.image_facts import ImageAdditions
from spacedock.docks.instance import Denial, Process, Stop, Usage
from spacedock.docks.process.opened import OpenProcessDock
from spacedock.errors import SpaceBuildError
from spacedock.evidence import quiet
from spacedock.run.loop import Run
from tests.unit.contract.docks import Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening
from tests.unit.spaces import SOUND_README, sound_space

MANIFEST = """
[space]
id = "owner/name"
honours_port = true
[secrets]
API_KEY = {}
DATABASE_URL = { from = "postgres.url" }
[variables]
MODE = "plain"
[origins]
allowed = ["https://app.example"]
refused = ["https://old.example"]
[stream]
path = "/chat"
[websocket]
path = "/ws"
[[requests]]
path = "/x"
"""
DOCKS: Final = {
    "files": frozenset({Capability.FILES}),
    "process": OpenProcessDock.capabilities,
    "image": frozenset(Capability),
}
MAIL = Denial("smtp.gmail.com", 587, "tcp", platform=True)
CANARY = "canary-of-this-run"


@dataclass(frozen=True)
class Broken:
    """What breaks a promise: the dock that it is held in, and the parts of the Space that are not sound."""

    dock: Callable[[], FakeDock] = FakeDock
    parts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def booting(**instance: Any) -> Broken:
    return Broken(lambda: FakeDock(otherwise=FakeInstance(**instance)))


class Unbuilt(FakeDock):
    def __enter__(self) -> Unbuilt:
        raise SpaceBuildError("exit code 1", remedy="mend it")


def deployed(instance: FakeInstance) -> Broken:
    return Broken(lambda: FakeDock().when("as deployed", instance))


BREAKS: Final = {
    "binds-app-port": deployed(FakeInstance(boot=listening(Cause.LOOPBACK, "127.0.0.1", 8080))),
    "boots-as-deployed": booting(boot=exited(1)),
    "builds-from-what-is-pushed": Broken(Unbuilt),
    "calls-no-blocked-host": booting(
        denied=(Denial("api.telegram.org", 53, "udp", platform=True, blocked=True),)
    ),
    "copies-no-layer-twice": Broken(
        lambda: FakeDock(
            made=ImageAdditions(
                {},
                {},
                ("COPY . . # buildkit", "RUN /bin/sh -c chown -R 1000:1000 /app # buildkit"),
                (48 * 10**6,) * 2,
            )
        )
    ),
    "counts-its-cpus": booting(running=tuple(Process(at, 1, "worker") for at in range(2, 99))),
    "fits-its-hardware": booting(used=Usage(0, 0, 2**30, 50, ("Memory limit exceeded (1Gi)",))),
    "front-matter-is-valid": Broken(parts={"readme": SOUND_README.replace("title", "license: x\ntitle")}),
    "keeps-secrets-out-of-logs": Broken(
        lambda: FakeDock(canaries={"API_KEY": (CANARY,)}, otherwise=FakeInstance(log=CANARY))
    ),
    "keeps-secrets-out-of-the-image": Broken(
        lambda: FakeDock(layers={"COPY . .": {"/app/.env": b"API_KEY=abcdefghij"}})
    ),
    "keeps-secrets-out-of-the-push": Broken(files={"server/.env": "API_KEY=c0ffee51decade72\n"}),
    "names-each-setting-once": Broken(parts={"manifest": '[secrets]\nA = {}\n[variables]\nA = "1"\n'}),
    "needs-no-ipv6": booting(denied=(Denial("db.example", 5432, "tcp", platform=True, ipv6=True),)),
    "pushes-what-the-hub-takes": Broken(),  # the file is written below
    "runs-as-uid-1000": booting(user=0),
    "runs-no-reloader": booting(running=(Process(1, 0, "uvicorn app:app --reload"),)),
    "starts-in-time": booting(boot=BootResult(2.0, 8080, Cause.SILENT, window=StartWindow(60, 1 / 30))),
    "starts-without-env-file": deployed(FakeInstance(boot=exited(1))),
    "stays-up": booting(boot=exited(0)),
    "stops-on-sigterm": booting(stopped=Stop(seconds=10.0, exit_code=137, killed=True)),
    "survives-a-restart": Broken(Spent),
    "uses-open-ports": booting(denied=(MAIL,)),
    "writes-only-where-it-may": Broken(
        lambda: FakeDock(otherwise=FakeInstance(barred=("/srv/state",))),
    ),
}


@pytest.fixture(autouse=True)
def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(quiet, "_QUIET", 0.0)
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.route().mock(side_effect=httpx.ConnectError("refused"))
        yield


def held(promise: Promise, folder: Path, name: str, broken: Broken) -> Finding:
    space = sound_space(folder, **{"manifest": MANIFEST, **broken.parts})
    for path, text in broken.files.items():
        (space.root / path).parent.mkdir()
        (space.root / path).write_text(text)
    if broken is BREAKS["pushes-what-the-hub-takes"]:
        with (space.root / "large.bin").open("wb") as file:
            file.truncate(2 * 10**9)
    dock = None
    if name != "files":
        dock = broken.dock()
        dock.capabilities = DOCKS[name]
    if name == "process" and dock:
        dock._image_user = None  # as there
    with Run(space, dock) as run:
        (finding,) = run.judge([promise])
    return finding


@pytest.mark.parametrize("name", DOCKS)
@pytest.mark.parametrize("promise", all_promises(), ids=lambda promise: promise.id)
def test_what_was_not_seen_is_not_kept(tmp_path: Path, promise: Promise, name: str) -> None:
    unseen = held(promise, tmp_path / "sound", name, Broken())
    if unseen.outcome is Outcome.KEPT:
        assert promise.id in BREAKS, "what takes its object away?"
        broken = held(promise, tmp_path / "broken", name, BREAKS[promise.id])
        assert broken.outcome is Outcome.BROKEN, broken.detail
