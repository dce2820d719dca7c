"""The command line: one module a command, each a few lines over the rooms."""

from __future__ import annotations

import sys
import traceback
from typing import NoReturn

from spacedock.cli.app import app
from spacedock.errors import InternalError, SpacedockError
from spacedock.signals import ended_by_signals

__all__ = ["app", "main"]


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
        traceback.print_exc()
        _end(InternalError(f"something of spacedock itself failed: {type(error).__name__}"))


def _end(error: SpacedockError) -> NoReturn:
    print(f"spacedock: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
