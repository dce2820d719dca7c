"""The command line: one module a command, each a few lines over the rooms."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from spacedock.cli.app import app
from spacedock.errors import SpacedockError

__all__ = ["app", "main"]

for _found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
    importlib.import_module(f"{__name__}.{_found.name}")


def main() -> None:
    """Run the command line; expected errors end in their own exit code."""
    try:
        app()
    except SpacedockError as error:
        print(f"spacedock: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
