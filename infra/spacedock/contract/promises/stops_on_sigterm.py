"""A Space ends when it is asked to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.instance import Stop
from spacedock.evidence.lives import Stopped
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
    evidence: ClassVar = (Stopped,)

    def wants(self, _space: Space) -> tuple[Stopped, ...]:
        """It ends its instance, so that it needs one of its own."""
        return (Stopped(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look what was left of an instance that was stopped."""
        ended = seen(Stopped())
        if defect := _defect(ended.stop):
            yield self.problem(defect, log=ended.log)


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
