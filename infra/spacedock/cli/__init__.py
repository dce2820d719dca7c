"""The command line: one module a command, each a few lines over the rooms."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

from spacedock.cli.app import app
from spacedock.errors import InternalError, SpacedockError, unforeseen
from spacedock.signals import ended_by_signals

__all__ = ["app", "main"]

_TRACEBACK = "SPACEDOCK_TRACEBACK"


def main() -> None:
    """Run the command line; expected errors end in their own exit code, all others in that of a defect.

    A signal that ends it ends all that it started first, and the exit code is 128 and its number.
    """
    try:
        with ended_by_signals(sys.exit):
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
