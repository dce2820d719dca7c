"""A service in a container of its own, beside the Space on the network of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException
from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget

from spacedock.confinement import confined, start
from spacedock.errors import EngineError
from spacedock.reading import log_of

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.network import Network

    from spacedock.images.supply import Image
    from spacedock.runs import OpenRun


class ContainerHost:
    """A container on the run's network under the service's name; a published port is the harness's way in.

    `more` are options of the engine, beside those that every container has.
    """

    def __init__(  # noqa: PLR0913 - what it is put together from, all by name
        self,
        container: DockerContainer,
        *,
        image: Image,
        name: str,
        port: int,
        network: Network,
        run: OpenRun,
        **more: Any,
    ) -> None:
        # Without the prefix that testcontainers can be set to put before names: the engine has the image.
        container.image = image.tag
        self._container = (
            container.with_network(network)
            .with_network_aliases(name)
            .with_kwargs(**confined(run), **more)
            .with_name(run.name(name))
            .waiting_for(_Later())
        )
        self._name = name
        self._port = port
        self._address: str | None = None

    def start(self) -> None:
        """Create and start the container. Raises EngineError when the engine does not."""
        try:
            start(self._container)
        except (DockerException, RequestException) as error:
            raise EngineError(
                f"the engine did not start the container of {self._name}: {error}",
                remedy="mend what the engine says; `spacedock clean` removes what earlier runs left on it",
            ) from error

    def address(self) -> str | None:
        """Where the engine publishes the port, as testcontainers finds it: the engine may be elsewhere.

        Raises EngineError where somebody has removed the container.
        """
        if self._address is None:
            with (
                self._told_when_gone(),
                suppress(TimeoutError, ConnectionError),
            ):  # how it says that the container is not running
                port = self._container.get_exposed_port(self._port)
                self._address = f"{self._container.get_container_host_ip()}:{port}"
        return self._address

    def exit_code(self) -> int | None:
        """None as long as the container runs. Raises EngineError where somebody has removed it."""
        container = self._container.get_wrapped_container()
        with self._told_when_gone():
            container.reload()
        if container.status not in {"exited", "dead"}:
            return None
        return int(container.attrs["State"]["ExitCode"])

    def logs(self) -> str:
        """The end of both streams, in order."""
        return log_of(self._container.get_wrapped_container())

    @contextmanager
    def _told_when_gone(self) -> Iterator[None]:
        try:
            yield
        except NotFound as error:
            raise EngineError(
                f"the container of {self._name} was removed before it answered",
                remedy="find out who removed it, and run again",
            ) from error

    def end(self) -> None:
        """Remove the container with its volumes."""
        try:
            self._container.stop()
        except APIError as error:
            if error.status_code not in {404, 409}:  # it is gone, or somebody is removing it
                raise


class _Later(WaitStrategy):
    """No wait within `start`: testcontainers' own are slow, and some do not notice a death."""

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:
        """Return at once."""


def told(image: Image) -> str:
    """Say which image it is, as a reader of the verdict must know it."""
    return f"a stand-in for {image.name}" if image.stand_in else image.name
