"""The command line: one module a command, each a few lines over the rooms."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from spacedock.cli.app import app
from spacedock.errors import InternalError, SpacedockError, unforeseen

__all__ = ["app", "main"]

_TRACEBACK = "SPACEDOCK_TRACEBACK"
_ENDING = b"\nspacedock: ending; what it started is being taken away\n"


def main() -> None:
    """Run the command line; expected errors end in their own exit code, all others in that of a defect."""
    try:
        with _interrupts_answered():
            app()
    except SpacedockError as error:
        _end(error)
    except Exception as error:
        _end(_explained(error))


def _explained(error: Exception) -> SpacedockError:
    """Say what nobody foresaw; of a defect of ours with its traceback, where that is wanted."""
    told = unforeseen(error)
    if not isinstance(told, InternalError):
        return told
    if os.environ.get(_TRACEBACK) or {"-v", "--verbose"} & set(sys.argv):
        _say(traceback.format_exc())
    else:
        told.remedy += f" and what {_TRACEBACK}=1 adds to it"
    return told


def _end(error: SpacedockError) -> NoReturn:
    _say(f"spacedock: {error}")
    sys.exit(error.exit_code)


def _say(text: str) -> None:
    from spacedock.screen import screen

    screen(stderr=True).print(text, soft_wrap=True)


@contextmanager
def _interrupts_answered() -> Iterator[None]:
    """Answer Ctrl-C at once: what is being built or booted may take its time to end."""

    def answer(_number: int, _frame: FrameType | None) -> NoReturn:
        os.write(2, _ENDING)  # what is buffered may be in the middle of a line
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # somebody wants it otherwise: ignored in the background, or taken by whoever calls
        return
    signal.signal(signal.SIGINT, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
