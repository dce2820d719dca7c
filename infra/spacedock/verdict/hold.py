"""Reads a Space, boots it and holds it to the contract: one verdict, however far that came."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from spacedock.contract.base import Finding, Promise
from spacedock.contract.examine import examine, start_ahead
from spacedock.contract.instances import Instances
from spacedock.contract.observations import observations
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.docks.choose import choose
from spacedock.docks.conditions import AS_OBSERVED, Conditions
from spacedock.docks.unbuilt import entered
from spacedock.errors import UsageError
from spacedock.progress import Progress
from spacedock.runs import open_run
from spacedock.space import Space, read_space
from spacedock.verdict.model import Verdict, digest


def hold(
    path: Path,
    dock_name: str,
    promises: Iterable[Promise],
    progress: Progress,
    conditions: Conditions = AS_OBSERVED,
) -> Verdict:
    """Return what the contract finds of the Space at `path`; without a dock where there is none to boot.

    Raises UsageError where there is no folder, or a manifest that says not what it means; EngineError,
    BootError and BuildError where something else than the Space does not come up.
    """
    promises = tuple(promises)
    try:
        space = read_space(path)
    except UsageError as error:
        if not broken_by(error):
            raise
        return Verdict(str(path), "", "", (), findings_of(error, promises), 0.0)
    return _held(space, dock_name, promises, progress, conditions)


def _held(
    space: Space, dock_name: str, promises: tuple[Promise, ...], progress: Progress, conditions: Conditions
) -> Verdict:
    """Build, boot and examine."""
    started = time.monotonic()
    content = digest(space)
    with (
        open_run() as run,
        entered(choose(dock_name, space, run, progress, conditions)) as dock,
        Instances(dock) as instances,
    ):
        start_ahead(promises, space, instances)
        findings: list[Finding] = []
        for promise in promises:
            with progress(f"checking {promise.id}"):
                findings.append(examine(promise, space, instances))
        header, name, seen = dock.header, dock.name, observations(space, instances)
    return Verdict(
        space.manifest.space.id, content, name, header, tuple(findings), time.monotonic() - started, seen
    )
