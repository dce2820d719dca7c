"""What breaks no promise and a reader of the verdict should know all the same."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.berths import Berths
from spacedock.space import Space

_MIB = 2**20


def noticed(space: Space, berths: Berths) -> tuple[str, ...]:
    """Return what of the Space is not emulated, and what its berths used and were denied."""
    return (*space.not_emulated(), *_usage(berths), *_denials(berths))


def _usage(berths: Berths) -> Iterator[str]:
    used = [berth.usage() for berth in berths.boarded()]
    if memory := max((usage.peak_memory or 0 for usage in used), default=0):
        yield f"peak memory {memory / _MIB:.0f} MiB"
    if written := max((usage.written or 0 for usage in used), default=0):
        yield f"written to the container's own layer: {written / _MIB:.1f} MiB, lost at every restart"


def _denials(berths: Berths) -> Iterator[str]:
    every = (denial for berth in berths.boarded() for denial in berth.denials())
    yield from (f"it tried {denial}" for denial in dict.fromkeys(every))
