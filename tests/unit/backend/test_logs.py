"""The log: one JSON object an event, and no secret in any."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from asgi_correlation_id import correlation_id

from tests.unit.backend.conftest import Log

ours = logging.getLogger("backend.somewhere")


def test_an_event_is_one_line_with_what_people_look_for_first(written: Log) -> None:
    ours.info("qdrant is %s", "ready")
    (line,) = written.text.splitlines()
    event = json.loads(line)
    assert list(event)[:3] == ["timestamp", "level", "message"]
    assert event == {
        "timestamp": event["timestamp"],
        "level": "info",
        "message": "qdrant is ready",
        "logger": "backend.somewhere",
    }


def test_times_are_in_utc(written: Log) -> None:
    ours.info("now")
    (event,) = written.events
    then = datetime.fromisoformat(event["timestamp"])
    assert then.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - then) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "message", ["one\ntwo\r\nthree", 'a "quoted" word', "\N{LINE SEPARATOR}\x85\x0b", "%s"]
)
def test_a_message_of_any_form_stays_one_line(written: Log, message: str) -> None:
    ours.warning(message)
    assert written.text.count("\n") == 1
    (event,) = written.events
    assert event["message"] == message


def test_more_can_be_said_than_the_message(written: Log) -> None:
    ours.info("request", extra={"status": 200, "path": "/health"})
    (event,) = written.events
    assert (event["status"], event["path"]) == (200, "/health")


def fail() -> None:
    raise ValueError("could not use postgresql://owner:canary@db.example")


def test_an_error_is_told_by_type_and_place_and_without_its_text(written: Log) -> None:
    try:
        fail()
    except ValueError:
        ours.exception("it failed")
    (event,) = written.events
    assert (event["level"], event["error"], event["message"]) == ("error", "ValueError", "it failed")
    assert event["frames"][-1].endswith(" fail")
    assert __file__ in event["frames"][-1]
    assert "canary" not in written.text
    assert "exc_info" not in event


def test_the_causes_of_an_error_are_not_shown_either(written: Log) -> None:
    try:
        try:
            fail()
        except ValueError as error:
            raise RuntimeError("canary") from error
    except RuntimeError:
        ours.exception("it failed")
    assert written.events[0]["error"] == "RuntimeError"
    assert "canary" not in written.text


def test_an_error_that_was_raised_nowhere_has_no_frames(written: Log) -> None:
    ours.error("it failed", exc_info=ValueError("canary"))
    (event,) = written.events
    assert (event["error"], event["frames"]) == ("ValueError", [])
    assert "canary" not in written.text


def test_events_of_a_request_carry_its_id(written: Log) -> None:
    outside = correlation_id.set("an-id-of-a-request")
    ours.info("inside")
    correlation_id.reset(outside)
    ours.info("outside")
    inside, after = written.events
    assert inside["request_id"] == "an-id-of-a-request"
    assert "request_id" not in after


def test_what_the_server_says_is_in_the_log_too(written: Log) -> None:
    colours = {"color_message": "Started server process [\x1b[36m%d\x1b[0m]"}
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1, extra=colours)
    (event,) = written.events
    assert event["message"] == "Started server process [1]"
    assert set(event) == {"timestamp", "level", "message", "logger"}


def test_libraries_are_heard_from_a_warning_on(written: Log) -> None:
    for library in ("httpx", "asyncio", "openai", "sse_starlette.sse"):
        logging.getLogger(library).info("theirs")
    assert written.text == ""
    logging.getLogger("asyncio").warning("slow")
    assert [event["logger"] for event in written.events] == ["asyncio"]


def test_debug_is_for_our_own_log_and_not_for_libraries_that_write_headers(written: Log) -> None:
    written.start("DEBUG")
    ours.debug("ours")
    for library in (
        "httpx",
        "httpx2",
        "httpcore.http11",
        "hpack.hpack",
        "psycopg",
        "openai",
        "pydantic_settings",
    ):
        logging.getLogger(library).info("theirs")
    (event,) = written.events
    assert (event["level"], event["logger"], event["message"]) == ("debug", "backend.somewhere", "ours")


def test_nothing_is_written_to_standard_output(written: Log, capsys: pytest.CaptureFixture[str]) -> None:
    ours.error("it failed")
    assert capsys.readouterr().out == ""
    assert written.events


def test_what_asyncio_repeats_of_an_error_is_not_shown(written: Log) -> None:
    logging.getLogger("asyncio").error(
        "Task exception was never retrieved\nfuture: <Task ValueError('canary')>"
    )
    assert written.events[0]["message"] == "Task exception was never retrieved"
    assert "canary" not in written.text
