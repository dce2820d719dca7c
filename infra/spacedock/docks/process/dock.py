"""The dock without Docker: the Dockerfile's packages in a virtual environment, its CMD as a process.

It shows how the server behaves, and nothing of the image; its header names what it cannot show.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from spacedock.docks.alongside import Alongside, service_modules
from spacedock.docks.conditions import AS_OBSERVED, Conditions, StartWindow
from spacedock.docks.context import lay_out, leave_out_ignored
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.process.bubblewrap import find_quarters
from spacedock.docks.process.installation import Installation, give_away
from spacedock.docks.process.interpreter import find_interpreter
from spacedock.docks.process.opened import OpenProcessDock, factory
from spacedock.docks.process.plan import Plan, read_plan
from spacedock.docks.process.venv import Installing, virtual_environment
from spacedock.errors import UsageError
from spacedock.progress import Progress
from spacedock.runs import OpenRun, cache_folder
from spacedock.space import Space


class ProcessDock:
    """Boots a Space as a process of this machine. A context manager: entering installs what it needs."""

    name = OpenProcessDock.name
    capabilities = OpenProcessDock.capabilities
    shares_ports = OpenProcessDock.shares_ports

    def __init__(
        self,
        space: Space,
        run: OpenRun,
        progress: Progress,
        conditions: Conditions = AS_OBSERVED,
        *,
        boot_timeout: float | None = None,
    ) -> None:
        self.conditions = conditions
        self._space = space
        self._run = run
        self._progress = progress
        self._window = StartWindow(space.startup_seconds, conditions.time_scale)
        if boot_timeout is not None:
            self._window = StartWindow(boot_timeout)
        self._stack = ExitStack()

    def __enter__(self) -> OpenProcessDock:
        if sys.platform == "win32":
            raise UsageError(
                "the process dock needs Linux or macOS",
                remedy="use --dock=image with Docker Desktop, or run in WSL",
            )
        with ExitStack() as stack:
            opened = self._open(stack)
            self._stack = stack.pop_all()
        return opened

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _open(self, stack: ExitStack) -> OpenProcessDock:
        modules = service_modules(self._space)
        factories = {name: factory(module, self._run) for name, module in modules.items()}
        alongside = stack.enter_context(Alongside(factories, self._progress))
        installation = self._install()
        services = alongside.ready()
        opened = OpenProcessDock(
            self._space,
            self._run,
            installation,
            BootEnvironment.load(self._space, services),
            services,
            alongside,
            self.conditions,
            self._window,
        )
        stack.callback(opened.close)
        return opened

    def _install(self) -> Installation:
        """Read the Dockerfile and make its virtual environment."""
        folder = Path(tempfile.mkdtemp(prefix="process-", dir=self._run.folder))
        folder.chmod(0o755)  # the Space's user passes through it
        context = lay_out(self._space, folder / "context")
        leave_out_ignored(context)
        plan = read_plan(self._space.dockerfile, context, folder, _arguments(self._space))
        user = self._run.user
        python = find_interpreter(plan.python, user)
        venvs = cache_folder("venvs")
        shown = (folder, venvs, python.prefix, python.path.parent)
        quarters = find_quarters(user, shown, str(python.path), "-I", "-c", "")
        sources: tuple[Path, ...] = ()
        if any(install.local for install in plan.installs):
            plan, sources = _set_apart(plan, folder)
            for source in sources:
                give_away(source, user)
        with self._progress("making the Space's virtual environment") as say:
            installing = Installing(folder / "installing", quarters, sources)
            made = virtual_environment(venvs, python, plan.installs, installing, say)
        return Installation(folder, plan, python, made / "bin", quarters)


def _set_apart(plan: Plan, folder: Path) -> tuple[Plan, tuple[Path, ...]]:
    """Return the plan with a copy of its tree, and where packages of the Space itself may now be built."""
    sources = tuple(place for place in folder.iterdir() if place.is_dir())
    untouched = folder / "untouched"
    shutil.copytree(plan.tree, untouched, symlinks=True)
    return replace(plan, tree=untouched), sources


def _arguments(space: Space) -> dict[str, str]:
    """Return the public variables: build arguments (D spaces-sdks-docker, Variables/Buildtime)."""
    return {name: variable.value for name, variable in space.manifest.variables.items() if variable.value}
