"""What a Space's boots as a process share: its plan, its interpreter, its virtual environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spacedock import nobody
from spacedock.docks.process.bubblewrap import Quarters
from spacedock.docks.process.instance import Start
from spacedock.docks.process.interpreter import Interpreter
from spacedock.docks.process.paths import Paths
from spacedock.docks.process.plan import Plan
from spacedock.docks.process.tree import inside, write
from spacedock.errors import SpaceBuildError, is_this_machines
from spacedock.platform import USER_ID


@dataclass(frozen=True)
class Installation:
    """A Space that is laid out and installed in `folder`; `programs` is its environment's `bin`.

    What runs of it runs in `quarters`.
    """

    folder: Path
    plan: Plan
    python: Interpreter
    programs: Path
    quarters: Quarters

    def stage(self, folder: Path, given: Mapping[str, str], env_file: str | None) -> Start:
        """Stage what a main process finds: the image's files as far as they come from the Space.

        Raises SpaceBuildError where its folders cannot be.
        """
        plan = self.plan
        paths = self._paths(folder / "root")
        shutil.copytree(plan.tree, paths.tree, symlinks=True)
        scratch = folder / "tmp"
        try:
            workdir = inside(paths.tree, plan.workdir)
            home = inside(paths.tree, paths.home) if paths.home else folder / "home"
            for place in (workdir, home, scratch):
                place.mkdir(parents=True, exist_ok=True)
            if env_file is not None:
                write(paths.tree, plan.workdir / ".env", env_file)
        except OSError as error:
            if is_this_machines(error):
                raise
            raise SpaceBuildError(
                f"WORKDIR {plan.workdir} or HOME cannot be a folder: {error.strerror}",
                remedy="correct it, and the links that it goes through",
            ) from None
        log = folder.with_suffix(".log")  # not the Space's: whoever reads it would follow what it left there
        log.touch()
        give_away(folder, self.quarters.user)
        image = {name: paths.map(value) for name, value in plan.environment.items()}
        image |= {"PATH": paths.search(plan.environment.get("PATH", "")), "HOME": str(home)}
        if not self.quarters.bubblewrap:
            image.setdefault("TMPDIR", str(scratch))
        command = [paths.map(word) for word in plan.command]
        return Start(command, folder, workdir, {**image, **given}, log, self.quarters.around(folder))

    def not_carried_out(self) -> Iterator[str]:
        """Return what of the image's build was not done here in any way."""
        if not (self.plan.python and self.python.exact):
            yield f"FROM {self.plan.base}"
        yield from self.plan.not_run

    def header(self) -> Iterator[str]:
        """What is different here from the Space's image."""
        python = self.python
        yield f"no Docker: Python {python.version} ({python.path}), the Dockerfile's packages and its CMD"
        if not python.exact:
            yield f"the image has Python {python.wanted}, and none that can be used was found on this machine"
        yield f"runs {self._user()}; USER in the Dockerfile: {self.plan.user or 'none'}"
        yield "not shown here: the image, the owners of its files, the flavour's CPU, memory and disk"
        yield "egress is not limited here: real services can be reached"
        yield "peak memory is the sum over its processes, in which what they share counts for each"
        for instruction in self.plan.not_run:
            yield f"not carried out beyond `pip install`: {instruction}"

    def _user(self) -> str:
        """Return whom it runs as, and what keeps it from this machine."""
        user = self.quarters.user
        if self.quarters.bubblewrap:
            outside = f"uid {os.geteuid()}, your own" if user is None else f"uid {user}, whom nobody has"
            return f"in bubblewrap as uid {USER_ID.value}, outside of it {outside}"
        if user is None:
            return f"as your own user (uid {os.geteuid()}), whose files are open to it: no bubblewrap works"
        return f"as uid {user}, whom nobody has; /tmp and /dev/shm are this machine's (no bubblewrap works)"

    def _paths(self, tree: Path) -> Paths:
        home = self.plan.environment.get("HOME")
        return Paths(tree, self.plan.workdir, PurePosixPath(home) if home else None, self.programs)


def give_away(folder: Path, user: int | None) -> None:
    """Let the Space's user own its files when the harness is root; only the image knows better.

    The folder comes last: until then nobody can put a link where a path leads through.
    """
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            nobody.give(Path(place, name), user)
    nobody.give(folder, user)
