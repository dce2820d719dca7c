"""What a dock does around its instances' containers: it reads beside them, and puts an edge in front."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from docker.errors import DockerException

from spacedock.confinement import confined
from spacedock.edge.nginx import NginxEdge, Site
from spacedock.reading import log_of

if TYPE_CHECKING:
    from spacedock.docks.image.place import Place
    from spacedock.space import Space


_PATIENCE = 10.0  # seconds


class Around:
    """Helpers beside a Space's container, each in a container of its own, given that container's id."""

    def __init__(self, space: Space, place: Place) -> None:
        self._space = space
        self._place = place
        self._edges: dict[str, None] = {}

    def header(self) -> tuple[str, ...]:
        """The edges that were started so far."""
        return tuple(self._edges)

    def edge(self, container: str, port: int) -> NginxEdge:
        """Start the platform's proxy in front of a port."""
        place, about = self._place, self._space.manifest.space
        upstream = f"{place.address_of(container)}:{port}"
        site = Site(about.id, upstream, private=about.visibility == "private")
        edge = NginxEdge(site, place.network, place.supply, place.run).__enter__()
        self._edges[edge.header] = None
        return edge

    def read(self, container: str, paths: tuple[str, ...]) -> str:
        """Read files for an image without `cat`, from a container that shares its network and processes."""
        beside = self._place.engine.client.containers.create(
            self._place.supply.pinned("python").tag,
            ["sh", "-c", 'cat "$@" 2>/dev/null || true', "sh", *map(_beside, paths)],
            network_mode=f"container:{container}",
            pid_mode=f"container:{container}",
            cap_add=["SYS_PTRACE"],  # to see the root directory of another user's process
            name=self._place.run.name("beside"),
            **confined(self._place.run),
        )
        try:
            beside.start()  # fails where the Space's container has died meanwhile
            beside.wait(timeout=_PATIENCE)
            return log_of(beside, stderr=False)
        finally:
            with suppress(DockerException):
                beside.remove(force=True, v=True)


def _beside(path: str) -> str:
    """Return where a container that shares another's processes sees a file that is not the kernel's own."""
    return f"/proc/1/root{path}" if path.startswith("/sys/") else path
