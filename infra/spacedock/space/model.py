"""One frozen `Space`, read from front matter, Dockerfile and manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spacedock import durations, platform
from spacedock.errors import FrontMatterError, NoDockerfileError, UsageError
from spacedock.space import features
from spacedock.space.dockerfile import Dockerfile, read_dockerfile
from spacedock.space.files import files_below, followed
from spacedock.space.front_matter import FrontMatter, read_front_matter
from spacedock.space.git import repository_of
from spacedock.space.manifest import Manifest, read_manifest

_LONGEST_START = 7 * 86_400.0  # seconds that anybody waits
MANIFEST_PLACES = ("space.toml", "infra/space.toml")


@dataclass(frozen=True)
class Space:
    """A folder that Hugging Face can build, and what its manifest says of it."""

    root: Path
    front_matter: FrontMatter
    dockerfile: Dockerfile
    manifest: Manifest

    @property
    def app_port(self) -> int:
        """Where Hugging Face expects the server."""
        return self.front_matter.app_port

    @property
    def startup_seconds(self) -> float:
        """The start window: how long Hugging Face waits for the server."""
        wanted = self.front_matter.values.get("startup_duration_timeout")
        return min(durations.seconds(str(wanted)) or platform.STARTUP_TIMEOUT.value, _LONGEST_START)

    @property
    def stop_grace_seconds(self) -> float:
        """How long Hugging Face waits between SIGTERM and SIGKILL, as far as it was told."""
        wanted = self.front_matter.values.get("termination_grace_period")
        given = durations.seconds(str(wanted)) or platform.STOP_GRACE_SECONDS.value
        return min(given, platform.MOST_STOP_GRACE_SECONDS.value)

    @property
    def host(self) -> str:
        """The host that Hugging Face would serve it at."""
        return platform.space_host(self.manifest.space.id)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The manifest's allowed origins, `$SPACE_HOST` filled in."""
        return tuple(origin.replace("$SPACE_HOST", self.host) for origin in self.manifest.origins.allowed)

    def not_emulated(self) -> tuple[str, ...]:
        """Return what the Space asks of the platform and no dock does, and keys that nobody knows."""
        return tuple(features.not_emulated(self.front_matter, self.dockerfile, self.manifest))

    def files(self) -> tuple[str, ...]:
        """Return what a push would carry, as sorted POSIX paths below `root`.

        In a git repository that is what git tracks, as it stands in the working tree; elsewhere every
        file, since `upload_folder` leaves out only `.git` (client, DEFAULT_IGNORE_PATTERNS). Raises GitError
        where there is a repository and git cannot say.
        """
        repository = repository_of(self.root)
        found = repository.tracked(self.root) if repository else sorted(_every_file(self.root))
        return tuple(path for path in found if self.ships(path))

    def ships(self, path: str) -> bool:
        """Whether a path is part of what the manifest says is pushed."""
        wanted = self.manifest.space.ships
        return not wanted or any(path == name or path.startswith(f"{name}/") for name in wanted)


def read_space(where: Path) -> Space:
    """Read the Space at `where`: a folder, or a manifest.

    Without a manifest the folder itself is the Space, with no secrets and no origins to check. Raises
    UsageError, with file, line and remedy, for the first defect of front matter, Dockerfile, manifest, and
    for what leads out of the repository or, where there is none, out of the folder.
    """
    outermost = _outermost(where)
    manifest = _find_manifest(where, outermost)
    table = manifest.space
    home = followed(manifest.path.parent)
    root = followed(_named(manifest, "folder", home / table.folder, outermost))
    if not os.path.isdir(root):  # noqa: PTH112 - a name that no file can have is none
        raise UsageError(
            f"`space.folder` is {table.folder}, which is no folder",
            path=manifest.path,
            remedy="correct the path",
        )
    for name in table.ships:
        _named(manifest, "ships", Path(os.path.normpath(root / name)), root, by_links=False)
        if not os.path.lexists(root / name):
            raise UsageError(
                f"`space.ships` names {name}, which is not there",
                path=manifest.path,
                remedy="correct the path",
            )
    readme = root / "README.md"
    if table.readme:
        readme = _named(manifest, "readme", home / table.readme, outermost)
    dockerfile = root / "Dockerfile"
    if table.dockerfile:
        dockerfile = _named(manifest, "dockerfile", home / table.dockerfile, outermost)
    for path, error in ((readme, FrontMatterError), (dockerfile, NoDockerfileError)):
        if _leads_out(path, outermost):
            raise error(
                f"it is a link that leads out of {outermost}: the link would be pushed, and not the file",
                path=path,
                remedy="put the file itself there",
            )
    return Space(
        root=root,
        front_matter=read_front_matter(_short(readme)),
        dockerfile=read_dockerfile(_short(dockerfile)),
        manifest=manifest,
    )


def _outermost(where: Path) -> Path:
    """Return the folder that nothing of a Space may lead out of: its repository's, else the one given.

    Where a manifest is named, that is the folder in which it would be found.
    """
    folder = followed(where)
    if folder.is_file():
        places = (
            place for place in map(Path, MANIFEST_PLACES) if folder.parts[-len(place.parts) :] == place.parts
        )
        depth = max((len(place.parts) for place in places), default=1)
        folder = folder.parents[depth - 1]
    if not folder.is_dir():
        raise UsageError("there is no such folder", path=where, remedy="name a folder that holds a Space")
    repository = repository_of(folder)
    return repository.top if repository else folder


def _find_manifest(where: Path, outermost: Path) -> Manifest:
    if where.is_file():
        return read_manifest(_short(where))
    for place in MANIFEST_PLACES:
        if not os.path.lexists(where / place):
            continue
        if _leads_out(where / place, outermost):
            raise UsageError(
                f"it is a link that leads out of {outermost}",
                path=where / place,
                remedy="put the file itself there, or name the manifest that is meant",
            )
        return read_manifest(_short(where / place))
    return Manifest(path=where / MANIFEST_PLACES[0])


def _named(manifest: Manifest, key: str, path: Path, outermost: Path, *, by_links: bool = True) -> Path:
    """Return a path that the manifest names. Raises UsageError where it leads out of what it may name.

    Where it is not followed `by_links`, a link is pushed as a link, wherever it leads.
    """
    if _leads_out(path, outermost) if by_links else not path.is_relative_to(outermost):
        raise UsageError(
            f"`space.{key}` leads out of {outermost}",
            path=manifest.path,
            remedy="name what lies below it, or check the folder that holds all of the Space",
        )
    return path


def _leads_out(path: Path, outermost: Path) -> bool:
    """Whether a path, its links followed, is not below a folder."""
    try:
        return not followed(path).is_relative_to(outermost)
    except ValueError:  # a NUL in it
        return True


def _every_file(root: Path) -> Iterator[str]:
    """Yield each file and link below `root`, but for those of a repository."""
    for path in files_below(root):
        name = path.relative_to(root)
        if ".git" not in name.parts:
            yield name.as_posix()


def _short(path: Path) -> Path:
    """Return the path as a reader in the current folder would write it."""
    resolved = followed(path)
    try:
        return resolved.relative_to(Path.cwd())
    except ValueError:
        return resolved
