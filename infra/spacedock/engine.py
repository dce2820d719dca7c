"""The Docker engine, wherever it is: found, described, given images to build, and left as it was."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

import docker
from docker.errors import DockerException
from requests.exceptions import ConnectionError as NoConnection
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import Reaper
from testcontainers.core.docker_client import get_docker_host
from testcontainers.core.exceptions import ContainerConnectException

from spacedock.builder import BuildKit, BuildRecipe, build_classic
from spacedock.errors import BuildError, EngineError
from spacedock.progress import Say
from spacedock.runs import HOST_LABEL, RUN_LABEL, host, is_alive

IMAGE_LABEL = "hf-spacedock.image"
STAND_IN_LABEL = "hf-spacedock.stand-in"

_DEFAULT_ADDRESS = "npipe:////./pipe/docker_engine" if os.name == "nt" else "unix:///var/run/docker.sock"
_ANSWER_TIMEOUT = 2  # seconds
_REQUEST_TIMEOUT = 120  # seconds without a byte; a commit of a large layer is silent for long
_NOTHING: Mapping[str, str] = {}


class EngineLostError(EngineError, NoConnection):
    """The engine answered before, and does so no more. To a library it is what it always met then."""


class Tagged(Protocol):
    """An image by what to run."""

    @property
    def tag(self) -> str: ...


class Pins(Protocol):
    """Gives pinned images: the supply, which stands above the engine."""

    def pinned(self, key: str) -> Tagged: ...


class Engine:
    """A Docker engine that answers."""

    def __init__(self, client: docker.DockerClient, address: str) -> None:
        self.client = client
        self.address = address
        self.version: str = client.version()["Version"]

    @classmethod
    def connect(cls) -> Engine:
        """The engine that testcontainers will use too: DOCKER_HOST, the current context, the local socket.

        Raises EngineError within some two seconds when it does not answer.
        """
        address = get_docker_host() or _DEFAULT_ADDRESS
        try:
            engine = cls(_client(address, _ANSWER_TIMEOUT), address)
        except (DockerException, OSError) as error:
            raise no_answer(address, error) from error
        engine.client.api.timeout = _REQUEST_TIMEOUT
        _tell_when_lost(engine.client.api, address)
        return engine

    @contextmanager
    def told_when_lost(self) -> Iterator[None]:
        """What others ask of the engine meanwhile raises EngineLostError where it is lost."""
        with _told_when_lost(self.address):
            yield

    def another_client(self, *, timeout: int) -> docker.DockerClient:
        """A client of the same engine that gives up after `timeout` seconds; to be closed by the caller."""
        return _client(self.address, timeout)

    @staticmethod
    def answers() -> bool:
        """Whether there is an engine to connect to."""
        try:
            Engine.connect().close()
        except EngineError:
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    @property
    def api_version(self) -> str:
        """The version of the API that was agreed on."""
        return str(self.client.api.api_version)

    @property
    def description(self) -> str:
        """`Docker 20.10.24 at unix:///var/run/docker.sock`."""
        return f"Docker {self.version.partition('+')[0]} at {self.address}"

    @cached_property
    def buildkit(self) -> BuildKit | None:
        """The docker command that builds with BuildKit, if there is one."""
        return BuildKit.find()

    def build(  # noqa: PLR0913 - what a build can be given, all by name
        self,
        context: Path,
        *,
        tag: str,
        say: Say,
        dockerfile: str = "Dockerfile",
        args: Mapping[str, str] = _NOTHING,
        secrets: Mapping[str, str] = _NOTHING,
        labels: Mapping[str, str] = _NOTHING,
    ) -> str:
        """Build the folder for linux/amd64 and return the image's id. `dockerfile` may lie outside.

        Raises BuildError with the build's last lines, SlowBuildError where it went on for too long;
        FullDiskError and EngineLostError where it is not the build that fails.
        """
        recipe = BuildRecipe(
            context, context / dockerfile, tag, args, secrets, labels={IMAGE_LABEL: tag, **labels}
        )
        try:
            self._build(recipe, say)
        except BuildError:
            with suppress(DockerException):
                self.client.ping()  # an engine that is lost builds nothing: that is told, and not the Space
            raise
        return str(self.client.images.get(tag).id)

    def _build(self, recipe: BuildRecipe, say: Say) -> None:
        if self.buildkit:
            self.buildkit.build(recipe, self.address, say)
            return
        with closing(self.another_client(timeout=_REQUEST_TIMEOUT)) as client:
            build_classic(client, recipe, say)

    def address_in(self, network: str, container: str) -> str:
        """The IP address of a container in a network; a loopback one of whoever asks, where it has none.

        A container may live in the network namespace of another, which then has the address.
        """
        attributes = self.client.containers.get(container).attrs
        mode = str(attributes["HostConfig"]["NetworkMode"])
        if mode.startswith("container:"):
            return self.address_in(network, mode.removeprefix("container:"))
        mine = attributes["NetworkSettings"]["Networks"].get(network) or {}
        return mine.get("IPAddress") or "127.0.0.1"

    def sweep(self, *, everything: bool = False) -> list[str]:
        """Remove this host's containers, networks, volumes and Space images of dead runs, and say which.

        `everything` takes the living runs too, and all other images that the harness built.
        """
        removed = []
        for leftover in self._leftovers(images=everything):
            if everything or not is_alive(leftover.labels.get(RUN_LABEL, "")):
                with suppress(DockerException):  # another run was faster, or somebody else uses it
                    leftover.remove()
                    removed.append(leftover.name)
        return removed

    def _leftovers(self, *, images: bool) -> Iterator[_Leftover]:
        """In the order in which they can be removed."""
        mine: dict[str, str | list[str] | bool] = {"label": f"{HOST_LABEL}={host()}"}
        for item in self.client.containers.list(all=True, filters=mine, ignore_removed=True):
            yield _Leftover(f"container {item.name}", item.labels, partial(item.remove, v=True, force=True))
        for network in self.client.networks.list(filters=mine):
            yield _Leftover(f"network {network.name}", network.attrs["Labels"], network.remove)
        for volume in self.client.volumes.list(filters=mine):
            remove = partial(volume.remove, force=True)
            yield _Leftover(f"volume {volume.name}", volume.attrs["Labels"], remove)
        # The high level would look at each, and fail for one that somebody else removes meanwhile.
        for image in self.client.api.images(filters={"label": IMAGE_LABEL}):
            labels = image["Labels"] or {}
            a_runs = RUN_LABEL in labels  # a Space's; stand-ins and doubles serve other runs
            if (images or a_runs) and labels.get(HOST_LABEL, host()) == host():
                tags = [tag for tag in image["RepoTags"] or () if tag != "<none>:<none>"]
                for tag in tags or [str(image["Id"])]:
                    remove = partial(self.client.images.remove, tag, force=True)
                    yield _Leftover(f"image {tag}", labels, remove)

    def enter_reaper(self, supply: Pins) -> None:
        """Start Ryuk where its image can be had and runs, and have testcontainers do without elsewhere.

        Here and once: testcontainers starts it with its first container, and ours start in several threads,
        each of which would start one of the same name.
        """
        if testcontainers_config.ryuk_disabled:
            return
        try:
            testcontainers_config.ryuk_image = supply.pinned("ryuk").tag
            Reaper.get_instance()
        except (EngineError, DockerException, OSError, ContainerConnectException):
            Reaper.delete_instance()
            testcontainers_config.ryuk_disabled = True


@dataclass(frozen=True)
class _Leftover:
    name: str
    labels: Mapping[str, str]
    remove: Callable[[], object]


def _client(address: str, timeout: int) -> docker.DockerClient:
    if address.startswith("unix://"):
        # Where nobody listens, docker-py leaves its socket open, for Python to warn of at any later time.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.removeprefix("unix://"))
    environment = {**os.environ, "DOCKER_HOST": address}
    ssh = address.startswith("ssh://")
    return docker.from_env(timeout=timeout, environment=environment, use_ssh_client=ssh)


def _tell_when_lost(api: docker.APIClient, address: str) -> None:
    """Every request of this client raises EngineLostError where the engine is gone."""
    send = api.send

    def told(*args: Any, **options: Any) -> Any:
        with _told_when_lost(address):
            return send(*args, **options)

    api.send = told  # type: ignore[method-assign]


@contextmanager
def _told_when_lost(address: str) -> Iterator[None]:
    try:
        yield
    except EngineLostError:
        raise
    except NoConnection as error:
        lost = no_answer(address, error)
        raise EngineLostError(lost.what, remedy=lost.remedy) from error


def no_answer(address: str, error: Exception | None = None) -> EngineError:
    """Return what is to be said of an engine that does not answer."""
    # docker-py wraps the system's error in one of its own, which has only its words.
    if "Permission denied" in str(error):
        return EngineError(
            f"this user may not talk to the Docker engine at {address}",
            remedy="add the user to the `docker` group, or run as root",
        )
    return EngineError(
        f"no Docker engine answers at {address}",
        remedy="start Docker or set DOCKER_HOST; on Debian and Ubuntu `sudo infra/engine.sh` installs and "
        "starts one; `--dock=process` needs none",
    )
