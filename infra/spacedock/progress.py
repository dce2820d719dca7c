"""How long work is reported while it runs; printing it is the caller's business."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Say(Protocol):
    """Shows one line of detail below the step that is running."""

    def __call__(self, line: str, /) -> None: ...


class Progress(Protocol):
    """Opens a step, `with progress("building the Space image") as say: ...`."""

    def __call__(self, step: str, /) -> AbstractContextManager[Say]: ...


@contextmanager
def silent(_step: str, /) -> Iterator[Say]:
    """Show nothing."""
    yield lambda _line: None
