"""What can be wrong with a service on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pass", "refuse", "hang", "slow", "garbage", "cut", "close", "cold"]

_TIMED = {"slow", "cold"}


@dataclass(frozen=True)
class NetworkFault:
    """What the connections to one service meet; what each kind does, doubles/faultproxy.py says.

    Raises ValueError where `seconds` are missing or out of place: `slow` and `cold` have them.
    """

    kind: Kind
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if (self.seconds > 0) != (self.kind in _TIMED):
            raise ValueError(f"seconds above 0 belong to {' and '.join(sorted(_TIMED))}, not to {self}")
