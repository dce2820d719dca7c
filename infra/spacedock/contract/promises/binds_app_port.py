"""A Space answers on the port that Hugging Face asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cached_property

from spacedock import platform
from spacedock.contract.base import Problem, Promise
from spacedock.contract.instances import Instances, NotReady
from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec, Cause
from spacedock.docks.instance import FullInstance
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

    def specs(self, space: Space) -> tuple[BootSpec, ...]:
        """Return the boots without PORT, which the platform is not known to set, and with it.

        A Space that does not honour PORT must survive one that names the port it has anyway.
        """
        ports = [space.app_port]
        if space.manifest.space.honours_port:
            ports = [platform.DEFAULT_APP_PORT.value, self._any_port]
        return (AS_DEPLOYED, *(BootSpec(purpose=f"with PORT={port}", port=port) for port in ports))

    @cached_property
    def _any_port(self) -> int:
        """A port that nobody has reason to expect, and that is free where docks share this machine's."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look at the boot without PORT first; when that fails, the others tell nothing more."""
        for spec in self.specs(space):
            instance = instances.boot(spec)
            if spec == AS_DEPLOYED and (instance.boot.cause is Cause.EXITED or instance.boot.late):
                raise NotReady(instance)  # it does not come to the point of listening
            if not instance.boot.ready:
                yield self._port_problem(instance)
                return

    def _port_problem(self, instance: FullInstance) -> Problem:
        asked = "PORT unset" if instance.spec.port is None else f"PORT={instance.spec.port}"
        return self.problem(f"{asked}: {instance.boot}", instance=instance, remedy=_remedy(instance.boot))


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
