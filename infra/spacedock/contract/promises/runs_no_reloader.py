"""A Space runs its server, not what watches files to start it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.docks.instance import Process
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted, Processes
from spacedock.evidence.reloading import reloads, said_by_a_reloader, started_reloaders
from spacedock.space import Space

_LONGEST = 120  # characters of a command that are shown


class RunsNoReloader(Promise):
    """Looked for in the Dockerfile, then among the processes that run and in what they say of themselves."""

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
    evidence: ClassVar = (Booted, Processes)

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """Nothing need run where the Dockerfile tells."""
        return () if _started(space) else (Booted(), Processes())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at what the Dockerfile starts; where that does not tell, at what runs."""
        if said := _started(space):
            yield self.problem(said)
            return
        facts = seen(Booted())
        if not facts.ready:
            raise NotReady(facts)
        if said := _among_processes(seen(Processes()), facts.log):
            yield self.problem(said, log=facts.log)


def _among_processes(processes: Iterable[Process], log: str) -> str:
    for process in processes:
        if reloads(process.command):
            return _says(f"`{_shown(process.command)}` runs")
    said = said_by_a_reloader(log)
    return _says(f"its log has `{_shown(said)}`") if said else ""


def _started(space: Space) -> str:
    name = space.dockerfile.path.name
    found = next(started_reloaders(space), None)
    return _says(f"{name}:{found[0]} starts `{_shown(found[1])}`") if found else ""


def _says(where: str) -> str:
    return f"{where}: it starts the server anew when a file changes"


def _shown(command: str) -> str:
    return command if len(command) <= _LONGEST else f"{command[:_LONGEST]}…"
