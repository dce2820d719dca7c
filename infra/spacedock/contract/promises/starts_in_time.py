"""A Space listens before Hugging Face gives up waiting for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import NotReady
from spacedock.evidence.boots import Booted
from spacedock.space import Space


class StartsInTime(Promise):
    """Nothing listens on the port when the start window is over, though the main process lives."""

    title = "it listens before the start window is over"
    reason = "A model or an index that is loaded before the server binds keeps the whole Space from starting."
    consequence = (
        f"{platform.LAUNCH_TIMEOUT_STAGE.value}: "
        f"{platform.LAUNCH_TIMEOUT_TEXT.value.format(window=platform.STARTUP_TIMEOUT.text)}."
    )
    remedy = (
        "bring what it loads in with the image (`preload_from_hub`, COPY), or bind first and load in the "
        "background; else write a longer `startup_duration_timeout` into README.md. Time is scaled here: "
        "with `--time-scale 1` the dock waits as long as the platform"
    )
    source = (
        "spaces-config-reference, startup_duration_timeout; incidents startup-download-timeout, "
        "migration-blocks-startup"
    )
    since = "0.2"
    evidence: ClassVar = (Booted,)

    def wants(self, _space: Space) -> tuple[Booted, ...]:
        """The boot as deployed."""
        return (Booted(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the boot as deployed; one that ended, or listens elsewhere, is another promise's."""
        deployed = seen(Booted())
        if deployed.result.late:
            result, consequence = deployed.result, f"{deployed.state}."
            if result.idle and not result.listeners:
                told = f"{result}: there is no server in it, and nothing that works towards one"
                yield self.problem(told, log=deployed.log, consequence=consequence, remedy=_NO_SERVER)
            else:
                yield self.problem(str(result), log=deployed.log, consequence=consequence)
        elif not deployed.result.ready:
            raise NotReady(deployed)


_NO_SERVER = (
    "a Space has to answer HTTP: start a small server beside what it does (a thread with `http.server` on "
    "0.0.0.0 and app_port is enough), or run a bot or a worker where nothing has to listen"
)
