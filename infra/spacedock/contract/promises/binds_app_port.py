"""A Space answers on the port that Hugging Face asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.boots import BootResult, Cause
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted, BootFacts
from spacedock.evidence.ports import BootedAnywhere, with_port
from spacedock.space import Space


class BindsAppPort(Promise):
    """PORT unset: the front matter's port. PORT set: that one, where the Space says that it honours it."""

    title = "it answers on app_port, from outside the container"
    reason = "Hugging Face connects to one port and reads neither EXPOSE nor the log."
    consequence = (
        "The Space stays `Starting` until `Launch timed out, workload was not healthy after "
        f"{platform.STARTUP_TIMEOUT.text}`."
    )
    remedy = "bind 0.0.0.0 and the port that README.md names as `app_port` (7860 when it names none)"
    source = "spaces-config-reference, app_port; incidents bind-loopback, app-port-mismatch, port-env-assumed"
    since = "0.1"
    evidence: ClassVar = (Booted, BootedAnywhere)

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """Return the boots without PORT, which the platform is not known to set, and with it.

        A Space that does not honour PORT must survive one that names the port it has anyway.
        """
        if not space.manifest.space.honours_port:
            return (Booted(), Booted(with_port(space.app_port)))
        return (Booted(), Booted(with_port(platform.DEFAULT_APP_PORT.value)), BootedAnywhere())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the boot without PORT first; when that fails, the others tell nothing more."""
        deployed = seen(Booted())
        if deployed.result.cause is Cause.EXITED or deployed.result.late:
            raise NotReady(deployed)  # it does not come to the point of listening
        for wanted in self.wants(space):
            facts: BootFacts = seen(wanted)
            if not facts.result.ready:
                yield self._port_problem(facts)
                return

    def _port_problem(self, facts: BootFacts) -> Problem:
        asked = "PORT unset" if facts.spec.port is None else f"PORT={facts.spec.port}"
        return self.problem(f"{asked}: {facts.result}", log=facts.log, remedy=_remedy(facts.result))


def _remedy(boot: BootResult) -> str:
    match boot.cause:
        case Cause.LOOPBACK:
            return "bind 0.0.0.0 instead of 127.0.0.1: uvicorn `--host 0.0.0.0`"
        case Cause.OTHER_PORT:
            found = boot.listeners[0].port
            return (
                f"make both agree: `app_port: {found}` in README.md, or start the server on {boot.port} "
                "(`--port ${PORT:-N}` where PORT may be set)"
            )
        case _:
            return "start a server in the foreground that answers HTTP; see its log below"
