"""The dock without Docker: the Dockerfile's packages in a virtual environment, its CMD as a process.

It shows how the server behaves, and nothing of the image; its header names what it cannot show.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from itertools import count
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Self

from spacedock.docks.alongside import Alongside, service_module, service_modules
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import AS_OBSERVED, Conditions, StartWindow
from spacedock.docks.context import lay_out, leave_out_ignored
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.image_facts import FileInspector, ImageAdditions, Sighting
from spacedock.docks.process.instance import ProcessInstance, Start
from spacedock.docks.process.interpreter import Interpreter, find_interpreter
from spacedock.docks.process.paths import Paths
from spacedock.docks.process.plan import Plan, read_plan
from spacedock.docks.process.ports import require_free
from spacedock.docks.process.venv import virtual_environment
from spacedock.docks.ready import watch
from spacedock.errors import UsageError
from spacedock.platform import USER_ID
from spacedock.progress import Progress
from spacedock.runs import Run, cache_folder
from spacedock.services.base import Service
from spacedock.services.faults import network
from spacedock.services.faults.network import NetworkFaults
from spacedock.space import Space


class ProcessDock:
    """Boots a Space as a process of this machine."""

    name = "process"
    capabilities = frozenset(
        {
            Capability.FILES,
            Capability.BOOT,
            Capability.VARY,
            Capability.LOGS,
            Capability.SIGNALS,
            Capability.SERVICES,
        }
    )
    shares_ports = True

    def __init__(
        self,
        space: Space,
        run: Run,
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
        self._numbers = count(1)
        self._stack = ExitStack()
        self._folder: Path
        self._plan: Plan
        self._python: Interpreter
        self._programs: Path
        self._boot_environment: BootEnvironment
        self._alongside: Alongside
        self.services: Mapping[str, Service] = {}

    @property
    def header(self) -> tuple[str, ...]:
        """What is different here from the Space's image."""
        told = (line for service in self.services.values() for line in service.header)
        return (*_header(self._plan, self._python), *self._window.header(), *told)

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        return self._boot_environment.canaries

    def image_identity(self) -> None:
        """None: no image is here."""

    def boot(self, spec: BootSpec) -> ProcessInstance:
        """Boot the Space in a fresh copy of its files. Raises BootError when its port is taken."""
        port = spec.port or self._space.app_port
        require_free(port)
        given = self._boot_environment.environment(spec)
        folder = self._folder / f"instance-{next(self._numbers)}"
        start = self._lay_instance(
            folder, given, self._boot_environment.env_file() if spec.env_file else None
        )
        began = time.monotonic()
        instance = ProcessInstance(start, spec, port, given, self._run.adopt)
        self._stack.callback(instance.close)
        instance.boot = watch(instance, self._space.manifest.space.ready, began=began, window=self._window)
        if instance.boot.cause is Cause.EXITED:
            instance.close()  # as a container's, its other processes end with the first
        return instance

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, or return the one that runs."""
        return self._alongside.add(service, _factory(service_module(service), self._run))

    def faults(self) -> NetworkFaults:
        """Proxies in a child process, for as long as they are entered."""
        return network.in_process(self._alongside.running, self._space.manifest.sources, self._run)

    def made(self) -> ImageAdditions:
        raise NotImplementedError("no image is built here")

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        raise NotImplementedError("no image is built here")

    def _lay_instance(self, folder: Path, given: Mapping[str, str], env_file: str | None) -> Start:
        """Stage what the main process finds: the image's files as far as they come from the Space."""
        plan = self._plan
        paths = _paths(plan, folder / "root", self._programs)
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

    def _build(self) -> None:
        """Read the Dockerfile and make its virtual environment."""
        context = lay_out(self._space, self._folder / "context")
        leave_out_ignored(context)
        self._plan = read_plan(self._space.dockerfile, context, self._folder, _arguments(self._space))
        self._python = find_interpreter(self._plan.python, USER_ID.value if os.geteuid() == 0 else None)
        with self._progress("making the Space's virtual environment") as say:
            folder = virtual_environment(cache_folder("venvs"), self._python, self._plan.installs, say)
        self._programs = folder / "bin"

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            raise UsageError(
                "the process dock needs Linux or macOS",
                remedy="use --dock=image with Docker Desktop, or run in WSL",
            )
        self._folder = Path(tempfile.mkdtemp(prefix="process-", dir=self._run.folder))
        self._folder.chmod(0o755)  # the Space's user passes through it
        modules = service_modules(self._space)
        factories = {name: _factory(module, self._run) for name, module in modules.items()}
        with ExitStack() as stack:
            self._alongside = stack.enter_context(Alongside(factories, self._progress))
            self._build()
            self.services = self._alongside.ready()
            self._boot_environment = BootEnvironment.load(self._space, self.services)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()


def _factory(module: ModuleType, run: Run) -> Callable[[], Service]:
    def start() -> Service:
        service: Service = module.in_process(run)
        return service

    return start


def _arguments(space: Space) -> dict[str, str]:
    """Return the public variables: build arguments (D spaces-sdks-docker, Variables/Buildtime)."""
    return {name: variable.value for name, variable in space.manifest.variables.items() if variable.value}


def _paths(plan: Plan, tree: Path, programs: Path) -> Paths:
    home = plan.environment.get("HOME")
    return Paths(tree, plan.workdir, PurePosixPath(home) if home else None, programs)


def _give_away(folder: Path) -> None:
    """Let the Space's user own its files when the harness is root; only the image knows better."""
    if os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER_ID.value, USER_ID.value, follow_symlinks=False)


def _header(plan: Plan, python: Interpreter) -> Iterator[str]:
    yield f"no Docker: Python {python.version} ({python.path}), the Dockerfile's packages and its CMD"
    if not python.exact:
        yield f"the image has Python {python.wanted}, and none that can be used was found on this machine"
    user = f"as uid {USER_ID.value}" if os.geteuid() == 0 else f"as your own user (uid {os.geteuid()})"
    yield f"runs {user}; USER in the Dockerfile: {plan.user or 'none'}"
    yield "not shown here: the image, the owners of its files, the flavour's CPU, memory and disk"
    yield "egress is not limited here: real services can be reached"
    yield "peak memory is the sum over its processes, in which what they share counts for each"
    for instruction in plan.not_run:
        yield f"not carried out beyond `pip install`: {instruction}"
