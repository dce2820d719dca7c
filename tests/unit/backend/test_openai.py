"""What OpenAI is asked, and how its errors read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import httpx2
import pytest
import respx

from backend.services.base import AwayError
from backend.services.openai import MAX_ANSWER, Answering, OpenAI
from tests.unit.backend.conftest import Configure, reason_of

pytestmark = pytest.mark.anyio

API = "https://api.openai.com/v1"
KEY = "sk-openai-canary-0123456789"


async def test_a_key_of_the_right_shape_is_enough(configure: Configure) -> None:
    assert await OpenAI(configure()).ask() == "the key has the right shape"


@pytest.mark.parametrize("key", ["changeme", "sk-short", "canary-0123456789-0123456789"])
async def test_a_key_of_another_shape_is_told_and_not_shown(configure: Configure, key: str) -> None:
    seen = await reason_of(OpenAI(configure(OPENAI_API_KEY=key)))
    assert "does not look like a key of OpenAI" in seen
    assert key not in seen


async def test_the_keys_of_other_providers_have_other_shapes(configure: Configure) -> None:
    settings = configure(OPENAI_API_KEY="any", OPENAI_BASE_URL="https://llm.example/v1/")
    assert await OpenAI(settings).ask()


@pytest.fixture
def openai(configure: Configure) -> OpenAI:
    return OpenAI(configure(OPENAI_CHAT_MODEL="chatty", OPENAI_EMBEDDING_MODEL="numeric"))


@pytest.fixture
def embeddings(httpx2_mock: respx.MockRouter) -> respx.Route:
    return httpx2_mock.post(f"{API}/embeddings").respond(json=vectors([1.0, 0.0]))


@pytest.fixture
def completions(httpx2_mock: respx.MockRouter) -> respx.Route:
    return httpx2_mock.post(f"{API}/chat/completions")


def vectors(*values: list[float], order: Sequence[int] | None = None) -> dict[str, Any]:
    data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(values)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    shuffled = [data[n] for n in order or range(len(data))]
    return {"object": "list", "model": "numeric", "data": shuffled, "usage": usage}


def chunk(text: str | None = None, finish: str | None = None, **more: object) -> str:
    delta = {} if text is None else {"content": text}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    common = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "chatty"}
    return f"data: {json.dumps({**common, 'choices': choices, **more})}\n\n"


DONE = "data: [DONE]\n\n"


class Stream(httpx.AsyncByteStream):
    """A body that comes piece by piece and may break off."""

    def __init__(self, *pieces: str | Exception) -> None:
        self._pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece.encode()

    async def aclose(self) -> None:
        self.closed = True


def stream(completions: respx.Route, *pieces: str | Exception) -> Stream:
    body = Stream(*pieces)
    completions.return_value = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=body)
    return body


async def begin(openai: OpenAI) -> Answering:
    return await openai.answer([{"role": "user", "content": "Where is it?"}])


async def read_all(answering: Answering) -> list[str]:
    parts = []
    while (part := await answering.read()) is not None:
        parts.append(part)
    return parts


async def away(openai: OpenAI) -> AwayError:
    with pytest.raises(AwayError) as error:
        await openai.embed(["one"])
    return error.value


class TestEmbeddings:
    async def test_come_from_the_model_of_the_settings_with_the_key(
        self, openai: OpenAI, embeddings: respx.Route
    ) -> None:
        assert await openai.embed(["one"]) == [[1.0, 0.0]]
        request = embeddings.calls.last.request
        asked = json.loads(request.content)
        assert (asked["model"], asked["input"]) == ("numeric", ["one"])
        assert request.headers["authorization"] == f"Bearer {KEY}"

    async def test_are_in_the_order_of_the_texts(self, openai: OpenAI, embeddings: respx.Route) -> None:
        embeddings.respond(json=vectors([1.0], [2.0], [3.0], order=(2, 0, 1)))
        assert await openai.embed(["one", "two", "three"]) == [[1.0], [2.0], [3.0]]

    async def test_are_as_many_as_the_texts(self, openai: OpenAI, embeddings: respx.Route) -> None:
        embeddings.respond(json=vectors([1.0]))
        with pytest.raises(AwayError, match="not as OpenAI does"):
            await openai.embed(["one", "two"])

    @pytest.mark.parametrize("body", ["<p>hello</p>", "{}", "[]", '{"data": 1}', '"canary"', "null"])
    async def test_are_not_what_a_web_page_says(
        self, openai: OpenAI, embeddings: respx.Route, body: str
    ) -> None:
        for content_type in ("application/json", "text/html"):
            embeddings.respond(text=body, headers={"Content-Type": content_type})
            assert str(await away(openai)) == "it answers, but not as OpenAI does"


class TestAnAnswer:
    async def test_is_read_part_by_part(self, openai: OpenAI, completions: respx.Route) -> None:
        stream(completions, chunk(""), chunk("It is "), chunk("here."), chunk(finish="stop"), DONE)
        answering = await begin(openai)
        assert "".join(await read_all(answering)) == "It is here."
        assert answering.finish_reason == "stop"

    async def test_is_asked_of_the_model_of_the_settings_within_a_length(
        self, openai: OpenAI, completions: respx.Route
    ) -> None:
        stream(completions, chunk("Here.", "stop"), DONE)
        await (await begin(openai)).close()
        asked = json.loads(completions.calls.last.request.content)
        assert asked == {
            "model": "chatty",
            "messages": [{"role": "user", "content": "Where is it?"}],
            "stream": True,
            "max_completion_tokens": MAX_ANSWER,
        }

    async def test_may_end_with_a_chunk_that_has_the_usage_alone(
        self, openai: OpenAI, completions: respx.Route
    ) -> None:
        stream(completions, chunk("Here.", "stop"), chunk(choices=[]), DONE)
        assert "".join(await read_all(await begin(openai))) == "Here."

    async def test_that_ends_at_its_limit_says_so(self, openai: OpenAI, completions: respx.Route) -> None:
        stream(completions, chunk("Here", "length"), DONE)
        answering = await begin(openai)
        await read_all(answering)
        assert answering.finish_reason == "length"

    @pytest.mark.parametrize(
        "end",
        [
            (),
            (DONE,),
            (httpx2.RemoteProtocolError("peer closed connection (incomplete chunked read)"),),
            (httpx2.ReadError(""),),
            ('data: {"choi',),
        ],
        ids=["silently", "with an end alone", "in a chunk", "with a reset", "in an event"],
    )
    async def test_that_breaks_off_is_no_answer(
        self, openai: OpenAI, completions: respx.Route, end: tuple[str | Exception, ...]
    ) -> None:
        stream(completions, chunk("It is "), *end)
        answering = await begin(openai)
        with pytest.raises(AwayError, match=r"^its answer broke off$"):
            await read_all(answering)

    async def test_that_stops_with_an_error_is_no_answer(
        self, openai: OpenAI, completions: respx.Route
    ) -> None:
        stream(completions, chunk("It is "), 'data: {"error": {"message": "canary"}}\n\n')
        answering = await begin(openai)
        with pytest.raises(AwayError) as error:
            await read_all(answering)
        assert "canary" not in str(error.value)

    @pytest.mark.parametrize(
        "body",
        [
            "<p>hello</p>",
            "data: hello\n\n",
            "data: []\n\n",
            'data: {"choices": [{}]}\n\n',
            'data: {"choices": [1]}\n\n',
            DONE,
            "",
        ],
    )
    async def test_is_not_what_a_web_page_says(
        self, openai: OpenAI, completions: respx.Route, body: str
    ) -> None:
        sent = stream(completions, body)
        with pytest.raises(AwayError, match="not as OpenAI does"):
            await read_all(await begin(openai))
        assert sent.closed

    async def test_can_be_ended_in_the_middle(self, openai: OpenAI, completions: respx.Route) -> None:
        sent = stream(completions, chunk("It is "), chunk("here."), chunk(finish="stop"), DONE)
        answering = await begin(openai)
        assert not sent.closed
        await answering.close()
        assert sent.closed


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "code", "reason", "passing"),
        [
            (401, "invalid_api_key", "it refused the key", False),
            (403, "canary", "it refused the key", False),
            (404, "model_not_found", "it does not know the model or the address", False),
            (429, "insufficient_quota", "the account's quota is used up", False),
            (429, "rate_limit_exceeded", "it asks us to slow down", True),
            (400, "canary", "it answered 400", False),
            (408, "canary", "it answered 408", True),
            (500, "canary", "it answered 500", True),
            (503, "canary", "it answered 503", True),
        ],
    )
    async def test_are_told_in_our_own_words_and_tried_again_where_it_may_help(
        self, openai: OpenAI, embeddings: respx.Route, status: int, *, code: str, reason: str, passing: bool
    ) -> None:
        embeddings.respond(status, json={"error": {"message": f"canary {KEY}", "type": "x", "code": code}})
        error = await away(openai)
        assert (str(error), error.passing) == (reason, passing)
        assert error.busy is (reason == "it asks us to slow down")

    @pytest.mark.parametrize("status", [500, 429])
    async def test_are_not_tried_again_by_the_library_which_knows_no_budget(
        self, openai: OpenAI, embeddings: respx.Route, status: int
    ) -> None:
        embeddings.respond(status, json={"error": {"message": "canary"}})
        await away(openai)
        assert embeddings.call_count == 1

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("20", 20.0),
            ("0.5", 0.5),
            ("-1", 0.0),
            ("", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("inf", None),
            ("nan", None),
        ],
    )
    async def test_may_name_the_time_until_another_try(
        self, openai: OpenAI, embeddings: respx.Route, header: str, seconds: float | None
    ) -> None:
        for status in (429, 503):
            embeddings.respond(status, headers={"Retry-After": header}, json={"error": {}})
            assert (await away(openai)).retry_after == seconds

    @pytest.mark.parametrize(
        ("error", "reason", "passing"),
        [
            (httpx2.ConnectError("All connection attempts failed"), "it refuses connections", True),
            (httpx2.ConnectError("[Errno -2] Name or service not known"), "does not resolve", True),
            (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "is not trusted", False),
            (httpx2.ConnectTimeout(""), "it did not answer in time", True),
            (httpx2.ReadTimeout(""), "it did not answer in time", True),
            (httpx2.ReadError("canary"), "its answer broke off", True),
            (httpx2.RemoteProtocolError("Server disconnected"), "it closed the connection", True),
            (httpx2.NetworkError(f"canary {KEY}"), "it failed with NetworkError", True),
        ],
    )
    async def test_of_the_network_are_told_in_our_own_words(
        self, openai: OpenAI, embeddings: respx.Route, error: Exception, reason: str, passing: bool
    ) -> None:
        embeddings.side_effect = error
        failure = await away(openai)
        assert reason in str(failure)
        assert failure.passing is passing
        assert "canary" not in str(failure)

    async def test_of_an_answer_are_told_alike(self, openai: OpenAI, completions: respx.Route) -> None:
        completions.respond(401, json={"error": {"message": f"canary {KEY}"}})
        with pytest.raises(AwayError, match=r"^it refused the key$"):
            await begin(openai)


async def test_it_can_be_closed(openai: OpenAI) -> None:
    await openai.close()
    assert openai._client.is_closed()
