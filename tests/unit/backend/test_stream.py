"""What becomes of a question while it is answered: silence, a client that hangs up, a stop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from backend.main import Backend, create_app
from tests.unit.backend.asgi import Call, events
from tests.unit.backend.conftest import Configure, Log, Services
from tests.unit.backend.fakes import Book, Model, Shelf

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
STREAM = {**JSON, "Accept": "text/event-stream"}
BOTH = pytest.mark.parametrize("headers", [JSON, STREAM], ids=["whole", "stream"])


@pytest.fixture
def silence() -> asyncio.Event:
    """Lasts until it is set."""
    return asyncio.Event()


@pytest.fixture
def model(silence: asyncio.Event) -> Model:
    return Model(parts=["It is ", silence, "on the ground."])


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def app(configure: Configure, model: Model, book: Book) -> Backend:
    return create_app(configure(HEARTBEAT="0.01"), roster=Services(Shelf(), book, model).roster())


def ask(app: Backend, headers: Mapping[str, str]) -> Call:
    return Call(app, "/api/chat", body=b'{"question": "Where is it?"}', headers=headers)


def names(call: Call) -> list[str]:
    return [name for name, _ in events(call.text)]


async def until_answered(model: Model) -> None:
    """Wait until the model writes its answer."""
    async with asyncio.timeout(10):
        while not model.written:
            await asyncio.sleep(0.001)


class TestSilence:
    async def test_is_filled_with_comments(self, app: Backend, silence: asyncio.Event) -> None:
        async with ask(app, STREAM) as call:
            await call.until(lambda: call.text.count(": heartbeat\n\n") >= 3)
            assert names(call) == ["citations", "token"]
            silence.set()
            await call.end()
        assert names(call) == ["citations", "token", "token", "done"]

    async def test_does_not_hold_back_what_was_said_before(self, app: Backend) -> None:
        async with ask(app, STREAM) as call:
            await call.until(lambda: "event: token" in call.text)
            assert names(call) == ["citations", "token"]


class TestAClientThatHangsUp:
    @BOTH
    async def test_ends_the_call_to_the_model(
        self, app: Backend, model: Model, headers: Mapping[str, str]
    ) -> None:
        async with ask(app, headers) as call:
            await until_answered(model)
            assert not model.written[0].closed
            call.hang_up()
            await call.end()
        assert model.written[0].closed

    async def test_is_not_an_error(self, app: Backend, written: Log, model: Model) -> None:
        for headers in (JSON, STREAM):
            model.written.clear()
            async with ask(app, headers) as call:
                await until_answered(model)
                call.hang_up()
                await call.end()
        assert [event["status"] for event in written.events if event["message"] == "request"] == [499, 200]
        assert {event["level"] for event in written.events} == {"info"}

    @BOTH
    async def test_ends_the_search_as_well(
        self, app: Backend, model: Model, book: Book, headers: Mapping[str, str]
    ) -> None:
        book.silent = True
        async with ask(app, headers) as call:
            async with asyncio.timeout(10):
                while not book.searched:
                    await asyncio.sleep(0.001)
            call.hang_up()
            await call.end()
        assert call.status == 499
        assert model.told == []

    async def test_before_the_first_event_ends_the_call_too(self, app: Backend, model: Model) -> None:
        async with ask(app, STREAM) as call:
            call.hang_up()
            await call.end()
        assert all(answering.closed for answering in model.written)


class TestAStop:
    async def test_ends_a_stream_with_a_final_event(self, app: Backend, model: Model) -> None:
        async with ask(app, STREAM) as call:
            await call.until(lambda: "event: token" in call.text)
            app.state.budgets.cut(0)
            await call.end()
        assert names(call) == ["citations", "token", "error"]
        problem = events(call.text)[-1][1]
        assert (problem["status"], problem["detail"]) == (503, "The Space is being restarted; ask again.")
        assert call.sent[-1]["more_body"] is False
        assert model.written[0].closed

    async def test_is_a_503_for_who_waits_for_the_whole_answer(self, app: Backend, model: Model) -> None:
        async with ask(app, JSON) as call:
            await until_answered(model)
            app.state.budgets.cut(0)
            await call.end()
        assert call.status == 503
        assert "being restarted" in call.text
        assert (b"retry-after", b"15") in call.sent[0]["headers"]
        assert model.written[0].closed

    async def test_leaves_an_answer_its_last_seconds(self, app: Backend, silence: asyncio.Event) -> None:
        async with ask(app, STREAM) as call:
            await call.until(lambda: "event: token" in call.text)
            app.state.budgets.cut(30)
            silence.set()
            await call.end()
        assert names(call)[-1] == "done"


async def test_a_model_that_falls_silent_ends_the_stream(
    configure: Configure, model: Model, book: Book
) -> None:
    roster = Services(Shelf(), book, model).roster()
    async with ask(create_app(configure(ANSWER_TIMEOUT="0.05"), roster=roster), STREAM) as call:
        await call.end()
    *_, (last, problem) = events(call.text)
    assert (last, problem["service"]) == ("error", "openai")
    assert problem["detail"] == "openai is away: it was silent for 0.05 s."


async def test_a_request_does_not_outlast_its_budget(configure: Configure, model: Model, book: Book) -> None:
    roster = Services(Shelf(), book, model).roster()
    async with ask(create_app(configure(REQUEST_BUDGET="0.5"), roster=roster), STREAM) as call:
        await call.end()
    assert events(call.text)[-1][0] == "error"
