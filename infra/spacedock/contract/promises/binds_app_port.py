"""A Space answers on the port that Hugging Face asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cached_property

from spacedock import platform
from spacedock.contract.base import AS_DEPLOYED, Problem, Promise
from spacedock.contract.berths import Berths, NotReady
from spacedock.docks.base import Berth, Boot, Cause, Order
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

    def orders(self, space: Space) -> tuple[Order, ...]:
        """Return the boots without PORT, which the platform is not known to set, and with it.

        A Space that does not honour PORT must survive one that names the port it has anyway.
        """
        ports = [space.app_port]
        if space.manifest.space.honours_port:
            ports = [platform.DEFAULT_APP_PORT.value, self._any_port]
        return (AS_DEPLOYED, *(Order(purpose=f"with PORT={port}", port=port) for port in ports))

    @cached_property
    def _any_port(self) -> int:
        """A port that nobody has reason to expect, and that is free where docks share this machine's."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def check(self, space: Space, berths: Berths) -> Iterator[Problem]:
        """Look at the boot without PORT first; when that fails, the others tell nothing more."""
        for order in self.orders(space):
            berth = berths.board(order)
            if order == AS_DEPLOYED and (berth.boot.cause is Cause.EXITED or berth.boot.late):
                raise NotReady(berth)  # it does not come to the point of listening
            if not berth.boot.ready:
                yield self._port_problem(berth)
                return

    def _port_problem(self, berth: Berth) -> Problem:
        asked = "PORT unset" if berth.order.port is None else f"PORT={berth.order.port}"
        return self.problem(f"{asked}: {berth.boot}", berth=berth, remedy=_remedy(berth.boot))


def _remedy(boot: Boot) -> str:
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
