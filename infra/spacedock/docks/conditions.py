"""What the platform is taken to do in one run, and how long a boot may take in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from spacedock import platform
from spacedock.durations import spelled
from spacedock.edge.base import Manner


class Egress(StrEnum):
    """What a Space may connect to; documentation and observation disagree."""

    OBSERVED = "observed"  # mail ports are dropped, there is no IPv6
    DOCUMENTED = "documented"  # 80, 443 and 8080 only
    OPEN = "open"  # everything, real services included


@dataclass(frozen=True)
class Conditions:
    """What the platform is taken to do in one run, where sources disagree or time must be shorter."""

    egress: Egress = Egress.OBSERVED
    edge: Manner = Manner.OBSERVED
    time_scale: float = 1 / 30  # of the platform's start window: its 30 minutes are one here


AS_OBSERVED = Conditions()


@dataclass(frozen=True)
class StartWindow:
    """How long a boot may take: on the platform, and here, where time is scaled."""

    there: float = platform.STARTUP_TIMEOUT.value  # seconds
    scale: float = 1.0

    @property
    def here(self) -> float:
        """Seconds that are waited for a boot."""
        return self.there * self.scale

    def header(self) -> Iterator[str]:
        """Say it where it is not the platform's own."""
        if self.there != platform.STARTUP_TIMEOUT.value:
            yield f"start window: {self}"

    def __str__(self) -> str:
        if self.scale == 1:
            return spelled(self.there)
        return f"{self.here:.3g} s here, {spelled(self.there)} there"


PLATFORM_WINDOW = StartWindow()
