"""A Space answers on the port that Hugging Face asks."""

from __future__ import annotations

import re
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
        if deployed.result.failed or deployed.result.late:
            raise NotReady(deployed)  # it does not come to the point of listening
        for wanted in self.wants(space):
            facts: BootFacts = seen(wanted)
            if not facts.result.ready:
                yield self._port_problem(space, facts)
                return

    def _port_problem(self, space: Space, facts: BootFacts) -> Problem:
        asked = "PORT unset" if facts.spec.port is None else f"PORT={facts.spec.port}"
        return self.problem(f"{asked}: {facts.result}", log=facts.log, remedy=_remedy(space, facts.result))


# How a server is told where to listen, by the words that start it.
_LISTENS = {
    r"\b(?:next|node|npm|npx|yarn|pnpm|bun|server\.m?js)\b": (
        "Node `server.listen(port, '0.0.0.0')`, Next.js `ENV HOSTNAME=0.0.0.0`, Vite `--host 0.0.0.0`"
    ),
    r"\bgunicorn\b": "gunicorn `--bind 0.0.0.0:{port}`",
    r"\bstreamlit\b": "streamlit `--server.address 0.0.0.0`",
    r"\bflask\b": "flask `run --host 0.0.0.0`",
    r"\b(?:rails|puma)\b": "`-b 0.0.0.0`",
    r"\b(?:uvicorn|fastapi|hypercorn)\b": "uvicorn `--host 0.0.0.0`",
    r"": "where the server is started: uvicorn `--host 0.0.0.0`, Flask `app.run(host=...)`",
}
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def _listens(space: Space) -> str:
    """Return how to bind every address of IPv4: with the variable that says else, where an ENV does."""
    steps = space.dockerfile.final_stage
    for step in steps:
        for name, value in step.pairs if step.cmd == "ENV" else ():
            if value in _LOCAL:
                return (
                    f"`ENV {name}=0.0.0.0` instead of `{name}={value}` ({space.dockerfile.path}:{step.line})"
                )
    starts = " ".join(step.original for step in steps if step.cmd in {"CMD", "ENTRYPOINT"})
    how = next(how for pattern, how in _LISTENS.items() if re.search(pattern, starts))
    return how.replace("{port}", str(space.app_port))


def _remedy(space: Space, boot: BootResult) -> str:
    match boot.cause:
        case Cause.LOOPBACK:
            return f"bind 0.0.0.0 instead of loopback: {_listens(space)}"
        case Cause.IPV6_ONLY:
            return f"bind 0.0.0.0 instead of `::`: {_listens(space)}; or have the socket take IPv4 too"
        case Cause.OTHER_PORT:
            found = boot.listeners[0].port
            return (
                f"make both agree: `app_port: {found}` in README.md, or start the server on {boot.port} "
                "(`--port ${PORT:-N}` where PORT may be set)"
            )
        case _:
            return "start a server in the foreground that answers HTTP; see its log below"
