"""What is to be seen of a Space's image, without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Whom an image runs as by itself, and what the platform's user finds in it."""

    named: str = ""  # the USER of the image; empty where it names none
    user: int | None = 0  # the number of that; None where its passwd does not know the name
    home: str = "/root"  # of that user
    in_passwd: bool = True  # whether the platform's user has an entry
    workdir: str = "/"
    writes_workdir: bool = True  # whether the platform's user may write there

    def __str__(self) -> str:
        number = "unknown uid" if self.user is None else f"uid {self.user}"
        return f"{number}, USER {self.named}" if self.named else f"{number}, no USER in the image"


@dataclass(frozen=True)
class ImageAdditions:
    """What the build added to its base image's settings; `steps` are the instructions of it, in order.

    `sizes` are the bytes of the layer that each step made: 0 where it made none.
    """

    environment: Mapping[str, str]
    labels: Mapping[str, str]
    steps: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Sighting:
    """What was seen in a file of the image, and the instruction that put the file there."""

    what: str
    path: str
    step: str


# Names what is to be seen in a file, given its absolute path and its content in chunks.
FileInspector = Callable[[str, Iterator[bytes]], Iterable[str]]
