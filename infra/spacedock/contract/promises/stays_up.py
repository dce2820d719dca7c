"""A Space does not end by itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, Cause
from spacedock.docks.instance import FullInstance
from spacedock.docks.life import state_of
from spacedock.evidence.base import NotReady
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0


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

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look at the boot as deployed; a start that fails says so with its code, and memory is another's."""
        instance = instances.boot(AS_DEPLOYED)
        if instance.boot.ready and instance.alive() and _hangs_up(space, instance):
            instances.gone(AS_DEPLOYED)  # it may be ending right now
        if seen := _ended(instance):
            yield self.problem(seen, instance=instance, consequence=f"{state_of(instance)}.")
        elif not instance.boot.ready or not instance.alive():
            raise NotReady(instance)


def _hangs_up(space: Space, instance: FullInstance) -> bool:
    """Whether there is nobody any more who would answer, be it late."""
    try:
        httpx.get(instance.url + space.manifest.space.ready, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        return isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))
    return False


def _ended(instance: FullInstance) -> str:
    """Return how it ended by itself; empty where it did not, or for a reason that it could not help."""
    if instance.alive() or instance.out_of_memory() or instance.usage().exceeded:
        return ""
    if instance.boot.cause is Cause.EXITED:
        return f"it {instance.boot}, as if all were well" if instance.boot.exit_code == 0 else ""
    if instance.boot.ready:
        return f"it was {instance.boot}, and ended by itself with code {instance.exit_code()}"
    return ""
