"""A Space does not end by itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.base import AS_DEPLOYED, Problem, Promise
from spacedock.contract.berths import Berths, NotReady
from spacedock.docks.base import Berth, Cause
from spacedock.docks.life import state_of
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

    def check(self, space: Space, berths: Berths) -> Iterator[Problem]:
        """Look at the boot as deployed; a start that fails says so with its code, and memory is another's."""
        berth = berths.board(AS_DEPLOYED)
        if berth.boot.ready and berth.alive() and _hangs_up(space, berth):
            berths.gone(AS_DEPLOYED)  # it may be ending right now
        if seen := _ended(berth):
            yield self.problem(seen, berth=berth, consequence=f"{state_of(berth)}.")
        elif not berth.boot.ready or not berth.alive():
            raise NotReady(berth)


def _hangs_up(space: Space, berth: Berth) -> bool:
    """Whether there is nobody any more who would answer, be it late."""
    try:
        httpx.get(berth.url + space.manifest.space.ready, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        return isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))
    return False


def _ended(berth: Berth) -> str:
    """Return how it ended by itself; empty where it did not, or for a reason that it could not help."""
    if berth.alive() or berth.out_of_memory() or berth.usage().exceeded:
        return ""
    if berth.boot.cause is Cause.EXITED:
        return f"it {berth.boot}, as if all were well" if berth.boot.exit_code == 0 else ""
    if berth.boot.ready:
        return f"it was {berth.boot}, and ended by itself with code {berth.exit_code()}"
    return ""
