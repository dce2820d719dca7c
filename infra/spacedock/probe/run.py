"""The probe in a dock."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx

from spacedock import images
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.errors import BootError
from spacedock.probe.fields import masked
from spacedock.probe.recording import CLAIMED_ADDRESS, grace_in, parsed
from spacedock.progress import Progress
from spacedock.space import Space, read_space

FOLDER = Path(images.__path__[0]) / "probe"

_TIMEOUT = 60.0  # seconds; it answers when its attempts to connect have ended


def probe_space(scratch: Path) -> Space:
    """Return the probe as a Space. It is copied: where the package lies, git may be told to ignore it."""
    folder = scratch / "probe"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return read_space(folder)


def record(dock: OpenDock, progress: Progress, *, grace: float, scale: float = 1.0) -> dict[str, Any]:
    """Boot the probe, ask it, stop it, and return what it saw, as far as the dock can show it.

    `grace` is in the platform's seconds; `scale` shortens the wait for its end. Raises BootError when the
    probe does not come up.
    """
    with progress("booting the probe"):
        instance = dock.boot(_spec(dock))
    if not instance.boot.ready:
        raise BootError(f"the probe {instance.boot}", remedy="its log says why", log=instance.logs())
    with progress("asking it what it sees"):
        report = parsed(_asked(dock, instance), "the probe")
    with progress(f"stopping it: SIGTERM, {grace * scale:.0f} s, SIGKILL"):
        instance.stop(grace * scale)
    seconds = grace_in(instance.logs())
    instance.close()
    report["grace"] = None if seconds is None else round(seconds / scale, 1)
    report["probe"] = {**report["probe"], "place": _place(dock)}
    return masked(report, dock.capabilities)


def _place(dock: OpenDock) -> str:
    return f"the {dock.name} dock, egress {dock.conditions.egress}, edge {dock.conditions.edge}"


def _spec(dock: OpenDock) -> BootSpec:
    """Return the boot: as deployed; where nothing limits what it reaches, it tries nothing outside."""
    limited = Capability.EGRESS in dock.capabilities
    return BootSpec(purpose="to be probed", environment=() if limited else (("PROBE_TARGETS", ""),))


def _asked(dock: OpenDock, instance: FullInstance) -> str:
    """Return its report, asked for through the edge where there is one."""
    if Capability.EDGE in dock.capabilities:
        client = instance.edge().client(dock.conditions.edge)
    else:
        client = httpx.Client(base_url=instance.url, trust_env=False)
    try:
        with client:
            answer = client.get("/report", headers={"X-Forwarded-For": CLAIMED_ADDRESS}, timeout=_TIMEOUT)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        what = f"the probe gave no report: {error}"
        raise BootError(what, remedy="its log says why", log=instance.logs()) from error
    return answer.text
