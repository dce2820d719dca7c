"""Holds a Space to the contract: one verdict, however far it came, with a dock or by its files alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from spacedock.contract.promise import Promise
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.docks.conditions import AS_OBSERVED, Conditions
from spacedock.docks.dock import Dock
from spacedock.errors import NoConsentError, UsageError
from spacedock.progress import Progress
from spacedock.run.events import Listener, unheard
from spacedock.run.loop import Run
from spacedock.run.observations import observations
from spacedock.space import Space, read_space
from spacedock.verdict.model import Verdict, digest


def hold(  # noqa: PLR0913 - what a verdict is asked with, most of it by name
    path: Path,
    dock_name: str,
    promises: Iterable[Promise],
    progress: Progress,
    conditions: Conditions = AS_OBSERVED,
    *,
    trusted: bool = False,
    listen: Listener = unheard,
) -> Verdict:
    """Return what the contract finds of the Space at `path`; without a dock where there is none to boot.

    Of its files alone where no engine answers and it is not `trusted` to run without one, which it says.

    Raises UsageError where there is no folder, or a manifest that says not what it means; EngineError,
    BootError and BuildError where something else than the Space does not come up.
    """
    from spacedock.docks.choose import choose  # noqa: PLC0415 - needs docker, which is slow to import
    from spacedock.runs import open_run  # noqa: PLC0415

    promises = tuple(promises)
    space = _read(path, promises)
    if isinstance(space, Verdict):
        return space
    with ExitStack() as stack:
        run = stack.enter_context(open_run())
        try:
            dock = choose(dock_name, space, run, progress, conditions, trusted=trusted)
        except NoConsentError as error:
            return _by_files(space, promises, listen, error)
        return _held(space, promises, listen, dock)


def lint(path: Path, promises: Iterable[Promise], listen: Listener = unheard) -> Verdict:
    """Return what the contract finds of the Space's files: no engine, no container, no network.

    Raises UsageError as `hold` does.
    """
    promises = tuple(promises)
    space = _read(path, promises)
    return space if isinstance(space, Verdict) else _held(space, promises, listen, None)


def _by_files(space: Space, promises: tuple[Promise, ...], listen: Listener, why: NoConsentError) -> Verdict:
    """Return the static verdict, which says why it is no more."""
    verdict = _held(space, promises, listen, None)
    return replace(verdict, header=(*str(why).splitlines(), *verdict.header))


def _read(path: Path, promises: tuple[Promise, ...]) -> Space | Verdict:
    """Read the Space, or return the verdict on what is none."""
    try:
        return read_space(path)
    except UsageError as error:
        if not broken_by(error):
            raise
        return Verdict(str(path), "", "", (), findings_of(error, promises), 0.0)


def _held(space: Space, promises: tuple[Promise, ...], listen: Listener, dock: Dock | None) -> Verdict:
    began = time.monotonic()
    content = digest(space)
    with Run(space, dock, listen) as run:
        findings = run.judge(promises)
        header, name, seen = run.header, dock.name if dock else "", observations(space, run)
    seconds = time.monotonic() - began
    return Verdict(space.manifest.space.id, content, name, header, findings, seconds, seen)
