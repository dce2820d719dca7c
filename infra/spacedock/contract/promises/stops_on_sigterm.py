"""A Space ends when it is asked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.lives import Ending, Stopped
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
    source = "Docker documentation, `docker stop`; incident shell-form-pid1; platform fact STOP_GRACE_SECONDS"
    since = "0.1"
    evidence: ClassVar = (Stopped,)

    def wants(self, _space: Space) -> tuple[Stopped, ...]:
        """It ends its instance, so that it needs one of its own."""
        return (Stopped(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look what was left of an instance that was stopped."""
        ended = seen(Stopped())
        if defect := _defect(ended, space.stop_grace_seconds):
            yield self.problem(defect[0], log=ended.log, remedy=defect[1])


_SHELL = re.compile(r"^(?:\S*/)?(?:ba|da|a|z)?sh(?:\s|$)")
_SHOWN = 80  # characters of a command
_EXEC = StopsOnSigterm.remedy
_HANDLER = (
    "handle the signal: Python `signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))`, Node "
    '`process.on(\'SIGTERM\', ...)`; or start it under an init that does: `ENTRYPOINT ["tini", "--"]`'
)
_HANGS = (
    "bound what it does before it ends: threads as `daemon=True`, hooks and lifespans with a time limit, "
    "uvicorn `--timeout-graceful-shutdown 5`; or a longer `termination_grace_period` in README.md"
)


def _defect(ended: Ending, grace: float) -> tuple[str, str] | None:
    """Return what is wrong with how the processes ended, and what mends that; None when nothing is."""
    stop = ended.stop
    if stop.orphans:
        orphans = ", ".join(stop.orphans)
        return f"the main process ended, the server did not hear of it: {orphans}", _EXEC
    if not (stop.killed or stop.unheard):
        return None
    main = f" (`{ended.main[:_SHOWN]}`)" if ended.main else ""
    still = f"still running {grace:.0f} s after SIGTERM: " if stop.killed else ""
    killed = f"; SIGKILL ended it (exit code {stop.exit_code})" if stop.killed else ""
    if not stop.unheard:
        why = "hears the signal and does not end: a shutdown hook, a thread or a request holds it up"
        return f"{still}its main process{main} {why}{killed}", _HANGS
    if _SHELL.match(ended.main):
        why = "is a shell, which ends for no signal and passes none on"
        return f"{still}its main process{main} {why}{killed}", _EXEC
    why = "has no handler for SIGTERM; the kernel drops the signal for such a PID 1"
    return (
        f"{still}its main process{main} {why}{killed}",
        _HANDLER if ended.main else f"{_HANDLER}; or {_EXEC}",
    )
