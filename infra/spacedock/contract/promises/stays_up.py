"""A Space does not end by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.boots import Cause
from spacedock.evidence.base import NotReady
from spacedock.evidence.boots import BootFacts
from spacedock.evidence.staying import SeenLast
from spacedock.space import Space


class StaysUp(Promise):
    """The main process ends with code 0 instead of serving, or ends after it was ready, with any code."""

    title = "its main process does not end by itself"
    reason = (
        "A script without a server loop, or a server in the background of a shell, ends as if all were well."
    )
    consequence = (
        "RUNTIME_ERROR: Exit code: 0. For Hugging Face a Space that ends has failed, whatever its code."
    )
    remedy = (
        "keep the server in the foreground as the main process: no `&` at the end of CMD, no daemon mode; a "
        "script ends in `serve_forever()`, `uvicorn.run(...)`, `demo.launch()`"
    )
    source = "incident process-exits-zero (stage after an exit inferred)"
    since = "0.2"
    evidence: ClassVar = (SeenLast,)

    def wants(self, _space: Space) -> tuple[SeenLast, ...]:
        """What has become of the instance as deployed."""
        return (SeenLast(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the boot as deployed; a start that fails says so with its code, and memory is another's."""
        deployed = seen(SeenLast())
        if said := _ended(deployed):
            yield self.problem(said, log=deployed.log, consequence=f"{deployed.state}.")
        elif not deployed.ready:
            raise NotReady(deployed)


def _ended(facts: BootFacts) -> str:
    """Return how it ended by itself; empty where it did not, or for a reason that it could not help."""
    if facts.alive or facts.over_its_limits:
        return ""
    if facts.result.cause is Cause.EXITED:
        return f"it {facts.result}, as if all were well" if facts.result.exit_code == 0 else ""
    if facts.result.ready:
        return f"it was {facts.result}, and ended by itself with code {facts.exit_code}"
    return ""
