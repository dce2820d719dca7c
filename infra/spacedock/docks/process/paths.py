"""Where a container's paths lie when its files are staged in a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath

# An absolute path at the start of a word, of an element of a PATH, or behind `=`; never the inside of a URL.
_PATH = re.compile(r"(?<![\w.$}/-])/(?!/)[\w.@+%-]+(?:/[\w.@+%-]+)*")
_SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True)
class Paths:
    """A staged tree with its working directory and home, and the `bin` of its virtual environment."""

    tree: Path
    workdir: PurePosixPath
    home: PurePosixPath | None
    programs: Path

    def staged(self, path: PurePosixPath) -> Path:
        """Return where a container's path is, or would be, in the tree."""
        return self.tree / normpath(path).strip("/")

    def map(self, text: str) -> str:
        """Replace the paths that the Space brings, or the virtual environment in the image's stead."""
        return _PATH.sub(lambda match: str(self._here(PurePosixPath(match[0]))), text)

    def search(self, path: str) -> str:
        """Return the PATH: the virtual environment, what the image's PATH adds from the Space, the system."""
        own = [str(self.staged(PurePosixPath(part))) for part in path.split(":") if part.startswith("/")]
        return os.pathsep.join([str(self.programs), *filter(_is_folder, own), *_SYSTEM])

    def _here(self, path: PurePosixPath) -> PurePosixPath | Path:
        staged = self.staged(path)
        if os.path.lexists(staged):
            return staged
        program = self.programs / path.name
        if path.parent.name == "bin" and os.path.lexists(program):
            return program
        own = (folder for folder in (self.workdir, self.home) if folder and folder != PurePosixPath("/"))
        return staged if any(path.is_relative_to(folder) for folder in own) else path


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - a name that no file can have is none
