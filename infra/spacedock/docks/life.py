"""The stages of a Space's life with the platform's words for them, and what moves it from one to the next."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from spacedock import platform
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance, Stop
from spacedock.durations import spelled
from spacedock.errors import BuildError, FrontMatterError, NoDockerfileError, SpacedockError, UsageError
from spacedock.space import Space

_TAIL = 15  # lines of the log that stand as the reason of an exit


class Stage(StrEnum):
    """Where a Space stands, as the client names it; a test holds these against `platform.STAGES`."""

    NO_APP_FILE = "NO_APP_FILE"
    CONFIG_ERROR = "CONFIG_ERROR"
    BUILDING = "BUILDING"
    BUILD_ERROR = "BUILD_ERROR"
    APP_STARTING = "APP_STARTING"
    RUNNING = "RUNNING"
    RUNNING_BUILDING = "RUNNING_BUILDING"
    RUNNING_APP_STARTING = "RUNNING_APP_STARTING"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    SLEEPING = "SLEEPING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    DELETING = "DELETING"


@dataclass(frozen=True)
class PlatformState:
    """A stage, and what the platform says beside it."""

    stage: Stage
    text: str = ""

    @property
    def headline(self) -> str:
        """The text without the log's tail, in which anything may stand."""
        return self.text.partition(". Reason:")[0]

    def __str__(self) -> str:
        return f"{self.stage}: {self.headline}" if self.text else self.stage


def state_of(instance: FullInstance, at_rest: Stage | None = None) -> PlatformState:
    """Return what the platform would show of an instance; `at_rest` says why it was stopped, where it was."""
    if at_rest is not None:
        return PlatformState(at_rest)
    if instance.boot.late:  # the platform has ended it then, whatever became of it here
        return _too_late(instance)
    if not instance.alive():
        return PlatformState(Stage(platform.EXIT_STAGE.value), _end_of(instance))
    return PlatformState(Stage.RUNNING) if instance.boot.ready else _too_late(instance)


def _too_late(instance: FullInstance) -> PlatformState:
    text = platform.LAUNCH_TIMEOUT_TEXT.value.format(window=spelled(instance.boot.window.there))
    return PlatformState(Stage(platform.LAUNCH_TIMEOUT_STAGE.value), text)


def state_before(space: Space) -> PlatformState | None:
    """Return what the platform shows of a Space that it does not come to build; None where it does.

    Its settings share one environment, in which a name has room once.
    """
    twice = set(space.manifest.secrets) & set(space.manifest.variables)
    return PlatformState(Stage.CONFIG_ERROR, platform.COLLISION_TEXT.value) if twice else None


def state_after(error: SpacedockError) -> PlatformState | None:
    """Return what the platform would show where a boot is not come to; None where it has no word for it."""
    if isinstance(error, BuildError):
        code = re.search(r"exit code:? (\d{1,9})\b", f"{error.what}\n{error.log}")
        text = platform.BUILD_ERROR_TEXT.value.format(code=code[1] if code else 1, reason=error.what)
        return PlatformState(Stage.BUILD_ERROR, text)
    if isinstance(error, NoDockerfileError):
        return PlatformState(Stage.NO_APP_FILE)
    if isinstance(error, FrontMatterError):
        return PlatformState(Stage.CONFIG_ERROR, error.what)
    return None


def _end_of(instance: FullInstance) -> str:
    if exceeded := instance.usage().exceeded:
        return exceeded[-1]
    if instance.out_of_memory():
        memory = instance.environment.get("MEMORY", "").removesuffix("Gi")
        return platform.OOM_TEXT.value.format(memory=memory)
    tail = "\n".join(instance.logs().splitlines()[-_TAIL:])
    return platform.EXIT_TEXT.value.format(code=instance.exit_code(), tail=tail)


@dataclass(frozen=True)
class Handover:
    """What a redeploy led to: the old one is stopped where the new one came up, and serves on where not."""

    old: FullInstance
    new: FullInstance
    stop: Stop | None  # of the old one


class Life:
    """One Space in a dock from boot to boot: it sleeps, wakes, is restarted and redeployed.

    Each boot is a new container of the image, so that nothing of the one before is on its disk. A context
    manager: entering boots it, leaving closes what runs. `tell` hears each state as it begins.
    """

    def __init__(
        self,
        dock: OpenDock,
        spec: BootSpec | None = None,
        *,
        grace: float = platform.STOP_GRACE_SECONDS.value,
        tell: Callable[[PlatformState], None] | None = None,
    ) -> None:
        self._dock = dock
        self._spec = spec or BootSpec()
        self._grace = grace
        self._tell = tell if tell is not None else lambda _state: None
        self._passing: PlatformState | None = None
        self._at_rest: Stage | None = None
        self.instance: FullInstance  # that serves, or did last

    @property
    def state(self) -> PlatformState:
        """What the platform would show at this moment."""
        return self._passing or state_of(self.instance, self._at_rest)

    def sleep(self) -> Stop:
        """Stop it for want of visitors. Its edge, where it has one, answers 503 until it is woken."""
        return self._end(Stage.SLEEPING)

    def pause(self) -> Stop:
        """Stop it as its owner does; no visit wakes it."""
        return self._end(Stage.PAUSED)

    def wake(self) -> FullInstance:
        """Boot it anew, with nothing of what it had on its disk."""
        return self._start_over()

    def restart(self) -> FullInstance:
        """Stop it and boot it anew, with nothing of what it had on its disk."""
        self.instance.stop(self._grace)
        return self._start_over()

    def redeploy(self, build: Callable[[], None] | None = None) -> Handover:
        """Build what is new (`build`) and boot it beside the old one, which is stopped once the new is ready.

        Raises UsageError on a dock that cannot run two instances at once.
        """
        if Capability.OVERLAP not in self._dock.capabilities:
            raise UsageError(
                f"the {self._dock.name} dock cannot run two instances at once", remedy="use --dock=image"
            )
        old = self.instance
        try:
            if build is not None:
                self._pass(Stage.RUNNING_BUILDING)
                build()
            self._pass(Stage.RUNNING_APP_STARTING)
            new = self._dock.boot(self._spec)
        finally:
            self._passing = None
        if not new.boot.ready:
            self._tell(state_of(new))
            return Handover(old, new, None)
        self.instance = new
        self._tell(self.state)
        stop = old.stop(self._grace)
        old.close()
        return Handover(old, new, stop)

    def _start_over(self) -> FullInstance:
        self.instance.close()
        return self._boot()

    def _boot(self) -> FullInstance:
        self._pass(Stage.APP_STARTING)
        try:
            self.instance = self._dock.boot(self._spec)
        finally:
            self._passing = None
        self._at_rest = None
        self._tell(self.state)
        return self.instance

    def _end(self, at_rest: Stage) -> Stop:
        stop = self.instance.stop(self._grace)
        self._at_rest = at_rest
        self._tell(self.state)
        return stop

    def _pass(self, stage: Stage) -> None:
        self._passing = PlatformState(stage)
        self._tell(self._passing)

    def __enter__(self) -> Self:
        self._boot()
        return self

    def __exit__(self, *exc: object) -> None:
        self.instance.close()
