"""One frozen `Space`, read from front matter, Dockerfile and manifest."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from spacedock import durations, platform
from spacedock.errors import UsageError
from spacedock.space import features
from spacedock.space.dockerfile import Dockerfile, read_dockerfile
from spacedock.space.front_matter import FrontMatter, read_front_matter
from spacedock.space.manifest import Manifest, read_manifest

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
        return durations.seconds(str(wanted)) or platform.STARTUP_TIMEOUT.value

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
        file, since `upload_folder` leaves out only `.git` (client, DEFAULT_IGNORE_PATTERNS).
        """
        tracked = _git_tracked(self.root)
        if tracked is None:
            every = (path for path in self.root.rglob("*") if path.is_file() or path.is_symlink())
            tracked = [path.relative_to(self.root).as_posix() for path in every]
            tracked = [path for path in tracked if ".git" not in path.split("/")]
        there = sorted(path for path in tracked if os.path.lexists(self.root / path))
        return tuple(path for path in there if self.ships(path))

    def ships(self, path: str) -> bool:
        """Whether a path is part of what the manifest says is pushed."""
        wanted = self.manifest.space.ships
        return not wanted or any(path == name or path.startswith(f"{name}/") for name in wanted)


def read_space(where: Path) -> Space:
    """Read the Space at `where`: a folder, or a manifest.

    Without a manifest the folder itself is the Space, with no secrets and no origins to check. Raises
    UsageError, with file, line and remedy, for the first defect of front matter, Dockerfile, manifest.
    """
    manifest = _find_manifest(where)
    table = manifest.space
    home = manifest.path.parent
    root = (home / table.folder).resolve()
    if not root.is_dir():
        raise UsageError(
            f"`space.folder` is {table.folder}, which is no folder",
            path=manifest.path,
            remedy="correct the path",
        )
    for name in table.ships:
        if not (root / name).exists():
            raise UsageError(
                f"`space.ships` names {name}, which is not there",
                path=manifest.path,
                remedy="correct the path",
            )
    readme = home / table.readme if table.readme else root / "README.md"
    dockerfile = home / table.dockerfile if table.dockerfile else root / "Dockerfile"
    return Space(
        root=root,
        front_matter=read_front_matter(_short(readme)),
        dockerfile=read_dockerfile(_short(dockerfile)),
        manifest=manifest,
    )


def _find_manifest(where: Path) -> Manifest:
    if where.is_file():
        return read_manifest(_short(where))
    if not where.is_dir():
        raise UsageError("there is no such folder", path=where, remedy="name a folder that holds a Space")
    for place in MANIFEST_PLACES:
        if (where / place).is_file():
            return read_manifest(_short(where / place))
    return Manifest(path=where / MANIFEST_PLACES[0])


def _short(path: Path) -> Path:
    """Return the path as a reader in the current folder would write it."""
    resolved = path.resolve()
    try:
        return resolved.relative_to(Path.cwd())
    except ValueError:
        return resolved


def _git_tracked(root: Path) -> list[str] | None:
    """Return the files that git tracks below `root`; None where there is no git or no repository."""
    try:
        listing = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--full-name", "."],
            capture_output=True,
            check=True,
        )
        prefix = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--show-prefix"], capture_output=True, check=True, text=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    start = prefix.stdout.strip()
    return [name.removeprefix(start) for name in listing.stdout.decode().split("\0") if name]
