"""One JSON object an event, one line each, on standard error."""

from __future__ import annotations

import logging
import traceback
import warnings

import structlog
from asgi_correlation_id import correlation_id
from structlog.types import EventDict


def start_logging(level: str) -> None:
    """Send the backend's and the server's events to standard error.

    The level is theirs alone: at DEBUG the HTTP libraries below write headers, and with them keys.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_request,
            _add_frames,
            _shorten,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            _with_first,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("backend", "uvicorn"):
        logging.getLogger(name).setLevel(level)
    # A Qdrant beside the backend, without TLS, is for development; Qdrant Cloud has no other than https.
    warnings.filterwarnings("ignore", "Api key is used with an insecure connection")


def _with_first(_: object, __: str, event: EventDict) -> EventDict:
    """Put first what people look for first; leave out what uvicorn says a second time in colours."""
    event.pop("color_message", None)
    event.pop("color_message", None)  # uvicorn's message once more, for terminals
    first = ("timestamp", "level", "message")
    return {**{name: event[name] for name in first}, **event}


def _add_request(_: object, __: str, event: EventDict) -> EventDict:
    if request := correlation_id.get():
        event["request_id"] = request
    return event


def _shorten(_: object, __: str, event: EventDict) -> EventDict:
    """Keep to what asyncio says first: then it repeats the text of an error."""
    if event["logger"] == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _add_frames(_: object, __: str, event: EventDict) -> EventDict:
    """Tell where an error came from and of which type it is, not its text, which may repeat a secret."""
    record = event.get("_record")
    raised = event.pop("exc_info", None) or (record.exc_info if record else None)
    if record is not None:
        record.exc_info = record.exc_text = None
    if raised and (error := raised[1]) is not None:
        event["error"] = type(error).__qualname__
        event["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(raised[2])]
    return event
