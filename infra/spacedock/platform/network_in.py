"""Network in: the one port, and when a Space counts as started."""

from __future__ import annotations

from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

_REFERENCE = "spaces-config-reference"

DEFAULT_APP_PORT: Final = Fact(
    "the port that is expected without `app_port`",
    7860,
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, app_port",
    "2026-08",
)
EXPOSED_PORTS: Final = Fact(
    "how many ports are reachable from outside",
    1,
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, app_port",
    "2026-08",
)
EXPOSE_IS_READ: Final = Fact(
    "`EXPOSE` is consulted", False, Confidence.DOCUMENTED, f"{_REFERENCE}, app_port", "2026-08"
)
PORT_IS_SET: Final = Fact(
    "the platform sets PORT",
    False,
    Confidence.OBSERVED,
    "not among the built-in variables of spaces-overview; Spaces that relied on it timed out",
    "2026",
    text="no; an image's own `ENV PORT` and a variable of the Space pass through",
    other=View(True, Confidence.INFERRED, "research note of this repository's first Space", "2026"),
    choice="binds-app-port boots it without PORT and with PORT",
    probe="environment.names",
)
READY_WHEN: Final = Fact(
    "what makes a Space count as started",
    "TCP connect",
    Confidence.OBSERVED,
    "undocumented; logs of deployed Spaces show no HTTP request",
    "2026",
    text="a TCP connect to `app_port` at the container's own address",
    other=View("200 to HEAD /", Confidence.REPORTED, "forum 174616, incident head-root-405", "2026"),
    choice="a dock waits for an HTTP answer, which implies the connect; answers-head asks for HEAD",
)
STARTUP_TIMEOUT: Final = Fact(
    "the start window, seconds, without `startup_duration_timeout`",
    1800.0,
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, startup_duration_timeout",
    "2026-08",
    text="30 min",
)
LAUNCH_TIMEOUT_TEXT: Final = Fact(
    "what a Space is told that did not start in time",
    "Launch timed out, workload was not healthy after {window}",
    Confidence.REPORTED,
    "many users: bound to loopback, or another port",
    "2026",
)
LAUNCH_TIMEOUT_STAGE: Final = Fact(
    "the stage after the start window",
    "RUNTIME_ERROR",
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, startup_duration_timeout",
    "2026-08",
)
