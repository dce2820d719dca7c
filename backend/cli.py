"""The command line: settings first, then the server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from backend.config import ConfigurationError, load_settings
from backend.imports import without_collection


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 78 (EX_CONFIG) when settings are missing or invalid."""
    options = _parse(arguments)
    try:
        settings = load_settings()
    except ConfigurationError as problem:
        sys.stderr.write(f"{problem}\n")
        return os.EX_CONFIG
    with without_collection():  # a refused start need not wait for the web framework
        from backend.server import serve  # noqa: PLC0415

    return serve(settings, host=options.host, port=options.port)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend", description="Serve the retrieval backend.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", default=8080, type=int, help="port to listen on (default: %(default)s)")
    return parser.parse_args(arguments)
