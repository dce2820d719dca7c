"""Find the promises, and hold one Space in one dock to them."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import httpx

from spacedock.contract import promises
from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise, tail
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.unbuilt import Unbuilt
from spacedock.errors import SpaceBuildError, UsageError
from spacedock.evidence.base import NotReady
from spacedock.space import Space


def all_promises() -> tuple[Promise, ...]:
    """Return one instance of each promise, found in `contract/promises`: by id, those that come last last."""
    modules = (importlib.import_module(f"{promises.__name__}.{found.name}") for found in _modules())
    found = (_promise_in(module.__name__, vars(module)) for module in modules)
    return tuple(sorted(found, key=lambda promise: promise.last))


def chosen(ids: Iterable[str]) -> tuple[Promise, ...]:
    """Return the promises named; all of them when none is. Raises UsageError for a name that is none."""
    by_id = {promise.id: promise for promise in all_promises()}
    wanted = tuple(ids)
    for name in wanted:
        if name not in by_id:
            raise UsageError(f"there is no promise `{name}`", remedy=f"use one of {', '.join(by_id)}")
    return tuple(by_id[name] for name in wanted) or tuple(by_id.values())


def start_ahead(asked: Iterable[Promise], space: Space, instances: Instances) -> None:
    """Start every boot that the promises are sure to want and that this dock can use."""
    if isinstance(instances.dock, Unbuilt):
        return
    for promise in asked:
        if not _why_not(promise, space, instances):
            instances.start_ahead(promise.specs(space))
            promise.ahead(space, instances.dock)


def examine(promise: Promise, space: Space, instances: Instances) -> Finding:
    """Check one promise. Problems come back redacted: no secret of the run is in them."""
    if why_not := _why_not(promise, space, instances):
        return why_not
    started = time.monotonic()
    outcome, detail, log = Outcome.KEPT, "", ""
    problems: list[Problem] = []
    try:
        problems.extend(promise.check(space, instances))
    except SpaceBuildError as error:
        outcome, detail = Outcome.BLOCKED, f"the Space does not build: {error.what}"
    except NotReady as error:
        outcome, detail, log = Outcome.BLOCKED, str(error), tail(error.instance.logs())
    except (OSError, httpx.TransportError):
        ended = instances.gone(AS_DEPLOYED)  # while it was asked something
        if ended is None:
            raise
        outcome, detail, log = Outcome.BLOCKED, str(NotReady(ended)), tail(ended.logs())
    if problems:
        outcome = Outcome.BROKEN
    canaries = instances.dock.canaries
    return Finding(
        promise,
        outcome,
        tuple(_redacted(problem, canaries) for problem in problems),
        redact(detail, canaries),
        redact(log, canaries),
        time.monotonic() - started,
    )


def redact(text: str, canaries: Mapping[str, tuple[str, ...]]) -> str:
    """Return `text` with every secret of the run replaced by the name of its variable in brackets."""
    for name, values in canaries.items():
        for value in values:
            text = text.replace(value, f"[{name}]")
    return text


def _why_not(promise: Promise, space: Space, instances: Instances) -> Finding | None:
    missing = promise.needs - instances.dock.capabilities
    if missing:
        what = ", ".join(sorted(missing))
        return Finding(
            promise, Outcome.NOT_PROVEN, detail=f"the {instances.dock.name} dock cannot show: {what}"
        )
    if nothing := promise.nothing_to_check(space):
        return Finding(promise, Outcome.NOT_ASKED, detail=nothing)
    return None


def _redacted(problem: Problem, canaries: Mapping[str, tuple[str, ...]]) -> Problem:
    return replace(problem, seen=redact(problem.seen, canaries), log=redact(problem.log, canaries))


def _modules() -> Iterator[pkgutil.ModuleInfo]:
    return iter(sorted(pkgutil.iter_modules(promises.__path__), key=lambda found: found.name))


def _promise_in(module: str, names: Mapping[str, object]) -> Promise:
    """Return the one promise that a module defines."""
    (found,) = (
        value
        for value in names.values()
        if isinstance(value, type) and issubclass(value, Promise) and value.__module__ == module
    )
    return found()
