"""Finding an engine, and what is removed from it. A fake: tests/integration/engine has a real one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, DockerException
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import Reaper
from testcontainers.core.exceptions import ContainerConnectException

from spacedock.engine import IMAGE_LABEL, STAND_IN_LABEL, Engine, EngineLostError
from spacedock.errors import BuildError, EngineError
from spacedock.images.supply import Image
from spacedock.runs import HOST_LABEL, RUN_LABEL, OpenRun, host, open_run


@dataclass
class Thing:
    """A container, network, volume or image, as docker-py shows it."""

    name: str
    labels: dict[str, str]
    removed: bool = False
    in_use: bool = False

    @property
    def attrs(self) -> dict[str, Any]:
        return {"Labels": self.labels}

    @property
    def tags(self) -> list[str]:
        return [self.name]

    def remove(self, **_: object) -> None:
        if self.in_use:
            raise APIError("it is in use")
        self.removed = True


@dataclass
class Things:
    """One kind of things on an engine."""

    things: list[Thing] = field(default_factory=list)

    def list(self, filters: dict[str, str], **_: object) -> Iterator[Thing]:
        name, equals, value = filters["label"].partition("=")
        for thing in self.things:
            if name in thing.labels and (not equals or thing.labels[name] == value):
                yield thing

    def remove(self, name: str, **_: object) -> None:
        next(thing for thing in self.things if thing.name == name).remove()


@dataclass
class FakeApi:
    """The engine's API itself, which lists images without looking at each."""

    things: Things

    def images(self, filters: dict[str, str]) -> list[dict[str, object]]:
        found = self.things.list(filters)
        return [{"Id": "sha256:1", "RepoTags": [image.name], "Labels": image.labels} for image in found]


class FakeClient:
    def __init__(self) -> None:
        self.lost: Exception | None = None
        self.pings = 0
        self.containers, self.networks, self.volumes, self.images = Things(), Things(), Things(), Things()
        self.api = FakeApi(self.images)

    def version(self) -> dict[str, str]:
        return {"Version": "20.10.24+dfsg1"}

    def ping(self) -> bool:
        self.pings += 1
        if self.lost:
            raise self.lost
        return True


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path))


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def engine(client: FakeClient) -> Engine:
    return Engine(client, "tcp://127.0.0.1:2375")  # type: ignore[arg-type]


@pytest.fixture
def run() -> Iterator[OpenRun]:
    with open_run() as opened:
        yield opened


def of_dead_run() -> dict[str, str]:
    return {RUN_LABEL: "deadbeef", HOST_LABEL: host()}


def test_an_engine_says_which_and_where_it_is(engine: Engine) -> None:
    assert engine.description == "Docker 20.10.24 at tcp://127.0.0.1:2375"


@pytest.mark.parametrize(
    ("mode", "address", "found"),
    [("run", "10.1.2.3", "10.1.2.3"), ("container:owner", "", "10.9.9.9"), ("run", "", "127.0.0.1")],
)
def test_a_container_has_its_own_address_or_that_of_whose_network_it_lives_in(
    engine: Engine, client: FakeClient, mode: str, address: str, found: str
) -> None:
    known = {"space": attributes(mode, address), "owner": attributes("run", "10.9.9.9")}
    client.containers.get = lambda name: SimpleNamespace(attrs=known[name])  # type: ignore[attr-defined]
    assert engine.address_in("run", "space") == found


def attributes(mode: str, address: str) -> dict[str, Any]:
    """What an engine says of a container; one in another's network is in none by itself."""
    networks = {} if mode.startswith("container:") else {"run": {"IPAddress": address}}
    return {"HostConfig": {"NetworkMode": mode}, "NetworkSettings": {"Networks": networks}}


class TestConnecting:
    @pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:///no/such.sock"])
    def test_an_engine_that_does_not_answer_is_named_with_the_remedy(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(EngineError, match=address) as error:
            Engine.connect()
        assert "infra/engine.sh" in error.value.remedy
        assert not Engine.answers()

    def test_an_engine_that_says_nothing_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            monkeypatch.setattr("spacedock.engine._ANSWER_TIMEOUT", 1)
            monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{mute.getsockname()[1]}")
            assert not Engine.answers()

    def test_a_socket_that_is_not_ours_is_another_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(**_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
        monkeypatch.setattr("docker.from_env", refuse)
        with pytest.raises(EngineError) as error:
            Engine.connect()
        assert "docker` group" in error.value.remedy


class NoBuild:
    """A builder that fails, on an engine that may be gone by then."""

    def __init__(self, *_: object) -> None:
        pass

    def build(self, *_: object) -> None:
        raise BuildError("the build failed with exit code 1", remedy="mend the step")


class TestAFailedBuild:
    def test_on_an_engine_that_is_there_is_the_builds(
        self, engine: Engine, client: FakeClient, tmp_path: Path
    ) -> None:
        self.build(engine, client, tmp_path, BuildError)

    def test_on_an_engine_that_is_gone_is_the_engines(
        self, engine: Engine, client: FakeClient, tmp_path: Path
    ) -> None:
        client.lost = EngineLostError("no Docker engine answers", remedy="start Docker")
        self.build(engine, client, tmp_path, EngineLostError)

    def build(self, engine: Engine, client: FakeClient, context: Path, raised: type[Exception]) -> None:
        vars(engine)["buildkit"] = NoBuild()
        with pytest.raises(raised):
            engine.build(context, tag="a", say=print)
        assert client.pings == 1


class TestSweeping:
    @pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
    def test_what_a_dead_run_left_is_removed_and_named(
        self, engine: Engine, client: FakeClient, kind: str
    ) -> None:
        left = Thing("left", of_dead_run())
        getattr(client, kind).things.append(left)
        assert engine.sweep() == [f"{kind.removesuffix('s')} left"]
        assert left.removed

    def test_a_living_run_is_not_touched(self, engine: Engine, client: FakeClient, run: OpenRun) -> None:
        client.containers.things.append(Thing("mine", run.labels))
        assert engine.sweep() == []

    def test_another_hosts_dead_run_is_not_touched(self, engine: Engine, client: FakeClient) -> None:
        client.containers.things.append(Thing("theirs", {RUN_LABEL: "deadbeef", HOST_LABEL: "their-host"}))
        assert engine.sweep(everything=True) == []

    def test_what_somebody_uses_stays_and_is_not_named(self, engine: Engine, client: FakeClient) -> None:
        client.networks.things.append(Thing("shared", of_dead_run(), in_use=True))
        client.volumes.things.append(Thing("left", of_dead_run()))
        assert engine.sweep() == ["volume left"]

    def test_everything_takes_living_runs_too(self, engine: Engine, client: FakeClient, run: OpenRun) -> None:
        client.containers.things.append(Thing("mine", run.labels))
        assert engine.sweep(everything=True) == ["container mine"]

    def test_stand_ins_stay_for_the_next_run(self, engine: Engine, client: FakeClient) -> None:
        client.images.things.append(Thing("hf-spacedock/python:1", {IMAGE_LABEL: "x", STAND_IN_LABEL: "y"}))
        assert engine.sweep() == []

    def test_the_space_image_of_a_dead_run_goes(
        self, engine: Engine, client: FakeClient, run: OpenRun
    ) -> None:
        client.images.things += [
            Thing("hf-spacedock/space:dead", {IMAGE_LABEL: "x", **of_dead_run()}),
            Thing("hf-spacedock/space:mine", {IMAGE_LABEL: "x", **run.labels}),
        ]
        assert engine.sweep() == ["image hf-spacedock/space:dead"]

    def test_everything_takes_stand_ins_and_this_hosts_space_images(
        self, engine: Engine, client: FakeClient, run: OpenRun
    ) -> None:
        client.images.things += [
            Thing("hf-spacedock/python:1", {IMAGE_LABEL: "hf-spacedock/python:1"}),
            Thing("space:1", {IMAGE_LABEL: "space:1", **run.labels}),
            Thing("space:2", {IMAGE_LABEL: "space:2", HOST_LABEL: "their-host"}),
            Thing("postgres:18.6", {}),
        ]
        assert engine.sweep(everything=True) == ["image hf-spacedock/python:1", "image space:1"]


class TestReaper:
    @pytest.fixture(autouse=True)
    def settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(testcontainers_config, "ryuk_image", "testcontainers/ryuk:0")
        monkeypatch.setattr(testcontainers_config, "_ryuk_disabled", False)

    @pytest.fixture
    def pins(self) -> SimpleNamespace:
        image = Image("testcontainers/ryuk:1", "testcontainers/ryuk:1", stand_in=False)
        return SimpleNamespace(pinned=lambda key: image)

    def test_it_is_started_where_its_image_can_be_had(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch, pins: SimpleNamespace
    ) -> None:
        started: list[str] = []
        monkeypatch.setattr(Reaper, "get_instance", lambda: started.append(testcontainers_config.ryuk_image))
        engine.enter_reaper(pins)
        assert started == ["testcontainers/ryuk:1"]
        assert not testcontainers_config.ryuk_disabled

    @pytest.mark.parametrize(
        "error", [DockerException("no"), ConnectionRefusedError(), ContainerConnectException()]
    )
    def test_it_is_done_without_where_it_does_not_run(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch, pins: SimpleNamespace, error: Exception
    ) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setattr(Reaper, "get_instance", fail)
        engine.enter_reaper(pins)
        assert testcontainers_config.ryuk_disabled

    def test_it_is_done_without_where_it_cannot(self, engine: Engine) -> None:
        def refuse(key: str) -> Image:
            raise EngineError("no ryuk", remedy="")

        engine.enter_reaper(SimpleNamespace(pinned=refuse))
        assert testcontainers_config.ryuk_disabled

    def test_who_disabled_it_is_obeyed(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(testcontainers_config, "_ryuk_disabled", True)
        engine.enter_reaper(SimpleNamespace())
        assert testcontainers_config.ryuk_image == "testcontainers/ryuk:0"
