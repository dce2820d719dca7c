"""A Space ends when it is asked to."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock import platform
from spacedock.contract.base import Problem, Promise
from spacedock.contract.evidence.lives import TO_BE_STOPPED, ending
from spacedock.contract.instances import Instances
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Stop
from spacedock.space import Space


class StopsOnSigterm(Promise):
    """SIGTERM goes to PID 1 alone, as a container runtime sends it."""

    title = "it stops on SIGTERM"
    reason = "A shell as PID 1 does not pass the signal on: requests are cut off, state is half written."
    consequence = "At every restart and new build the Space is killed with SIGKILL when the grace is over."
    remedy = (
        'make the server PID 1: `CMD ["uvicorn", ...]`, or `exec` before it where a shell is needed: '
        '`CMD ["sh", "-c", "exec uvicorn ... --port ${PORT:-7860}"]`'
    )
    source = (
        "Docker documentation, `docker stop`; incident shell-form-pid1 (grace undocumented, 10 s asked here)"
    )
    since = "0.1"
    needs = frozenset({Capability.SIGNALS})

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """It ends its instance, so that it needs one of its own."""
        return (TO_BE_STOPPED,)

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Stop the instance and look what was left of it."""
        ended = ending(space, instances)
        if seen := _defect(ended.stop):
            yield self.problem(seen, instance=ended.instance)


def _defect(stop: Stop) -> str:
    """Return what is wrong with how the processes ended; empty when nothing is."""
    if stop.killed:
        why = ": its main process has no handler for it" if stop.unheard else ""
        grace = platform.STOP_GRACE_SECONDS.value
        return (
            f"still running {grace:.0f} s after SIGTERM{why}; SIGKILL ended it (exit code {stop.exit_code})"
        )
    if stop.orphans:
        return f"the main process ended, the server did not hear of it: {', '.join(stop.orphans)}"
    if stop.unheard:
        return "its main process has no handler for SIGTERM; the kernel drops the signal for such a PID 1"
    return ""
