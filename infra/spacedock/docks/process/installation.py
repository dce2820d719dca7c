"""What a Space's boots as a process share: its plan, its interpreter, its virtual environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spacedock.docks.process.instance import Start
from spacedock.docks.process.interpreter import Interpreter
from spacedock.docks.process.paths import Paths
from spacedock.docks.process.plan import Plan
from spacedock.platform import USER_ID


@dataclass(frozen=True)
class Installation:
    """A Space that is laid out and installed in `folder`; `programs` is its environment's `bin`."""

    folder: Path
    plan: Plan
    python: Interpreter
    programs: Path

    def stage(self, folder: Path, given: Mapping[str, str], env_file: str | None) -> Start:
        """Stage what a main process finds: the image's files as far as they come from the Space."""
        plan = self.plan
        paths = self._paths(folder / "root")
        shutil.copytree(plan.tree, paths.tree, symlinks=True)
        workdir = paths.staged(plan.workdir)
        home = paths.staged(paths.home) if paths.home else folder / "home"
        for place in (workdir, home):
            place.mkdir(parents=True, exist_ok=True)
        log = folder / "log"
        log.touch()
        if env_file is not None:
            (workdir / ".env").write_text(env_file, encoding="utf-8")
        _give_away(folder)
        image = {name: paths.map(value) for name, value in plan.environment.items()}
        image |= {"PATH": paths.search(plan.environment.get("PATH", "")), "HOME": str(home)}
        command = [paths.map(word) for word in plan.command]
        return Start(command, paths.tree, workdir, {**image, **given}, log)

    def header(self) -> Iterator[str]:
        """What is different here from the Space's image."""
        python = self.python
        yield f"no Docker: Python {python.version} ({python.path}), the Dockerfile's packages and its CMD"
        if not python.exact:
            yield f"the image has Python {python.wanted}, and none that can be used was found on this machine"
        user = f"as uid {USER_ID.value}" if os.geteuid() == 0 else f"as your own user (uid {os.geteuid()})"
        yield f"runs {user}; USER in the Dockerfile: {self.plan.user or 'none'}"
        yield "not shown here: the image, the owners of its files, the flavour's CPU, memory and disk"
        yield "egress is not limited here: real services can be reached"
        yield "peak memory is the sum over its processes, in which what they share counts for each"
        for instruction in self.plan.not_run:
            yield f"not carried out beyond `pip install`: {instruction}"

    def _paths(self, tree: Path) -> Paths:
        home = self.plan.environment.get("HOME")
        return Paths(tree, self.plan.workdir, PurePosixPath(home) if home else None, self.programs)


def _give_away(folder: Path) -> None:
    """Let the Space's user own its files when the harness is root; only the image knows better."""
    if os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER_ID.value, USER_ID.value, follow_symlinks=False)
