"""The Space's image, built from what would be pushed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import DockerException

from spacedock.docks.context import lay_out
from spacedock.docks.image.build import public_arguments, remedy, require_architecture, substitute
from spacedock.docks.image.contents import Contents
from spacedock.errors import BuildError, NoSuchImageError, SlowBuildError, SpaceBuildError

if TYPE_CHECKING:
    from spacedock.docks.image.place import Place
    from spacedock.images.supply import Image, Supply
    from spacedock.progress import Progress
    from spacedock.space import Base, Space


@dataclass(frozen=True)
class BuiltImage:
    """An image of the Space, as it is on the engine."""

    tag: str
    contents: Contents
    notes: tuple[str, ...]  # what a reader of the verdict must know

    @property
    def workdir(self) -> str:
        """Where its main process starts; empty for the root folder."""
        return str(self.contents.config.get("WorkingDir") or "/").rstrip("/")


@dataclass(frozen=True)
class Construction:
    """Builds the image of one Space; `close` removes it, and its layers stay in the build cache."""

    space: Space
    place: Place
    progress: Progress
    tag: str

    @classmethod
    def of(cls, space: Space, place: Place, progress: Progress) -> Construction:
        """One with a name of its own: a run may build a Space several times."""
        return cls(space, place, progress, place.run.name("space"))

    def build(self, values: Mapping[str, str], mounted: Mapping[str, str], stack: ExitStack) -> BuiltImage:
        """Build what would be pushed, and have `stack` give up what looks into it.

        Raises SpaceBuildError where the Space is to blame, and EngineError where an image that it names
        cannot be had for reasons of this machine's.
        """
        context = lay_out(self.space, Path(tempfile.mkdtemp(prefix="image-", dir=self.place.run.folder)))
        dockerfile, supply = self.space.dockerfile, self.place.supply
        images, others = had(dockerfile.bases, supply), had(dockerfile.copied_from, supply)
        arguments = substitute(context / "Dockerfile", dockerfile, {**images, **others})
        began = time.monotonic()
        self._run(context, {**public_arguments(self.space, values), **arguments}, mounted)
        seconds = time.monotonic() - began
        contents = Contents(self.place.engine, self.tag, [image.tag for image in images.values()])
        stack.callback(contents.close)
        require_architecture(self.space.dockerfile, contents.architecture)
        stand_ins = [
            f"{image.name} is a stand-in: {image.tag}"
            for image in (*images.values(), *others.values())
            if image.stand_in
        ]
        return BuiltImage(self.tag, contents, (*stand_ins, f"{contents}, built in {seconds:.1f} s"))

    def close(self) -> None:
        """Remove the image, and containers of it or in the network that are left."""
        client = self.place.engine.client
        # By image, since who joins a sandbox has no network of its own; and by the network's name, since a
        # container that was created and did not start knows no network's id.
        for ours in ({"ancestor": self.tag}, {"network": self.place.network.name}):
            with suppress(DockerException):
                for container in client.containers.list(all=True, filters={**ours}, ignore_removed=True):
                    container.remove(force=True, v=True)
        with suppress(DockerException):
            client.images.remove(self.tag, force=True, noprune=True)

    def _run(self, context: Path, arguments: Mapping[str, str], mounted: Mapping[str, str]) -> None:
        with self.progress("building the Space's image") as say:
            try:
                self.place.engine.build(
                    context,
                    tag=self.tag,
                    say=say,
                    args=arguments,
                    secrets=mounted,
                    labels=self.place.run.labels,
                )
            except BuildError as error:
                cause = "" if isinstance(error, SlowBuildError) else remedy(error.log, self.space)
                raise SpaceBuildError(
                    error.what,
                    path=self.space.dockerfile.path,  # not the copy's
                    remedy=cause or error.remedy,
                    log=error.log,
                ) from error


def had(wanted: Iterable[Base], supply: Supply) -> dict[Base, Image]:
    """Return the images that the build takes from outside.

    Why one cannot be had for its own sake, the builder says best itself. Raises EngineError where it is not
    to blame: no registry answers at all.
    """
    images = {}
    for base in wanted:
        with suppress(NoSuchImageError):
            images[base] = supply.image(base.image)
    return images
