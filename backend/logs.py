"""One line an event on standard error."""

from __future__ import annotations

import logging
import time
import warnings


def start_logging(level: str) -> None:
    """Send the backend's and the server's events to standard error.

    The level is theirs alone: at DEBUG the HTTP libraries below write headers, and with them keys.
    """
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("backend", "uvicorn"):
        logging.getLogger(name).setLevel(level)
    # A Qdrant beside the backend, without TLS, is for development; Qdrant Cloud has no other than https.
    warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
