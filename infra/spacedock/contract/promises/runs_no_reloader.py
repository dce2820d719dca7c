"""A Space runs its server, not what watches files to start it anew."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import NotReady
from spacedock.evidence.reloading import reloads, said_by_a_reloader, started_reloaders
from spacedock.space import Space

_LONGEST = 120  # characters of a command that are shown


class RunsNoReloader(Promise):
    """Looked for among the processes that run, in what they say of themselves, then in the Dockerfile."""

    title = "it runs no development server and no reloader"
    reason = (
        "A reloader starts the server anew when a file changes, also one that the application wrote itself; "
        "when a start fails, it waits for a change instead of ending."
    )
    consequence = (
        "Memory is taken twice; whoever writes beside its code loops; a start that fails stays `Starting` "
        "instead of RUNTIME_ERROR."
    )
    remedy = (
        "start the server itself: no `--reload`, `fastapi run` instead of `fastapi dev`, `flask run` without "
        "`--debug`, `node` instead of `nodemon`, what `next build` or `vite build` made instead of `dev`"
    )
    source = "documentation of uvicorn, FastAPI, Flask, Vite and Next.js; incident reload-in-production"
    since = "0.3"
    level = Level.SHOULD

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look at what runs; where nothing of it tells, at what the Dockerfile starts."""
        instance = instances.boot(AS_DEPLOYED)
        serves = instance.boot.ready and instance.alive()
        if seen := (_among_processes(instance) if serves else "") or _started(space):
            yield self.problem(seen, instance=instance)
        elif not serves:
            raise NotReady(instance)


def _among_processes(instance: FullInstance) -> str:
    for process in instance.processes():
        if reloads(process.command):
            return _says(f"`{_shown(process.command)}` runs")
    said = said_by_a_reloader(instance.logs())
    return _says(f"its log has `{_shown(said)}`") if said else ""


def _started(space: Space) -> str:
    name = space.dockerfile.path.name
    found = next(started_reloaders(space), None)
    return _says(f"{name}:{found[0]} starts `{_shown(found[1])}`") if found else ""


def _says(where: str) -> str:
    return f"{where}: it starts the server anew when a file changes"


def _shown(command: str) -> str:
    return command if len(command) <= _LONGEST else f"{command[:_LONGEST]}…"
