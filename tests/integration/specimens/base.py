"""This Space changed for the worse by a line, and what must be said of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spacedock.space import Space, read_space

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Change:
    """In `file`, `before` becomes `after`."""

    file: str
    before: str
    after: str

    def apply(self, folder: Path) -> None:
        """Make the change. Fails when the line to change is no longer there, or is not the only one."""
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.before) == 1, f"`{self.before}` is not once in {self.file}"
        path.write_text(text.replace(self.before, self.after))


@dataclass(frozen=True)
class Specimen:
    """Changes that break exactly the promise `breaks`, whose problem says `says`."""

    name: str
    breaks: str
    says: str
    changes: tuple[Change, ...]
    image_only: bool = False

    def write(self, folder: Path) -> Space:
        """Write this repository's Space with the changes into `folder`."""
        for name in (*read_space(ROOT).files(), "infra/space.toml"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        for change in self.changes:
            change.apply(folder)
        return read_space(folder)
