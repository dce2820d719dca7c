"""What the promises about a Space's life share: one instance is stopped, and one is booted after it."""

from __future__ import annotations

from dataclasses import dataclass

from spacedock import platform
from spacedock.contract.evidence.asking import Answer, send
from spacedock.contract.instances import Instances
from spacedock.docks.boots import BootSpec
from spacedock.docks.instance import FullInstance, Stop
from spacedock.evidence.inflight import Held, hold
from spacedock.space import Space

TO_BE_STOPPED = BootSpec(purpose="to be stopped with SIGTERM")
_NAME = "ending"


@dataclass(frozen=True)
class Ending:
    """How an instance ended that was told to."""

    instance: FullInstance
    stop: Stop
    request: Held | None  # that was in flight; None where the Space lets none be
    state: tuple[Answer, ...] = ()  # to the `write` and the `read` of the manifest's [state], if it has one

    def __str__(self) -> str:
        after = f"{self.stop.seconds:.2f} s after SIGTERM, exit code {self.stop.exit_code}"
        how = f"SIGKILL ended it {after}" if self.stop.killed else f"it stops {after}"
        if self.request is None:
            return how
        return f"{how}; a request in flight ({self.request.line}) {self.request.cut or 'was answered'}"


def ending(space: Space, instances: Instances) -> Ending:
    """Give the instance that is there for it something to keep, and stop it with a request in flight.

    It is the same ending for whoever asks later.
    Raises NotReady where it did not come up.
    """
    return instances.once(_NAME, lambda: _end(space, instances.ready(TO_BE_STOPPED)))


def seen_ending(instances: Instances) -> Ending | None:
    """Return the ending that was seen in this run, if any was."""
    found: Ending | None = instances.learned(_NAME)
    return found


def _end(space: Space, instance: FullInstance) -> Ending:
    grace = platform.STOP_GRACE_SECONDS.value
    state = _write(space, instance)
    request = hold(space, instance.url, within=grace)
    stop = instance.stop(grace, meanwhile=request.finish if request else None)
    return Ending(instance, stop, request, state)


def _write(space: Space, instance: FullInstance) -> tuple[Answer, ...]:
    state = space.manifest.state
    return (send(instance, state.write), send(instance, state.read)) if state else ()
