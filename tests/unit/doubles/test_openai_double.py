"""The OpenAI double, asked by OpenAI's own client."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion
from starlette.testclient import TestClient

from spacedock.doubles import openai as double
from tests.unit.doubles.conftest import Serve, started

KEY = "sk-accepted"
TOKEN = "the run's"
SHOWN = {"X-Spacedock-Control": TOKEN}
CHAT = "gpt-4o-mini"


@pytest.fixture
def wire() -> Iterator[TestClient]:
    with TestClient(double.create_app(KEY, TOKEN), headers=SHOWN) as client:
        yield client


@pytest.fixture
def client(wire: TestClient) -> OpenAI:
    return OpenAI(api_key=KEY, base_url="http://testserver/v1", http_client=wire, max_retries=0)


def distant(url: str) -> OpenAI:
    return OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)


def order(wire: httpx2.Client, *faults: Mapping[str, Any]) -> None:
    assert wire.put("/_double/faults", json=list(faults)).status_code == 204


def ask(client: OpenAI, *texts: str) -> ChatCompletion:
    return client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": text} for text in texts]
    )


def nearness(client: OpenAI, one: str, other: str) -> float:
    answer = client.embeddings.create(model="text-embedding-3-small", input=[one, other])
    return sum(a * b for a, b in zip(answer.data[0].embedding, answer.data[1].embedding, strict=True))


# embeddings


def test_an_embedding_is_a_unit_vector_and_always_the_same(client: OpenAI) -> None:
    first, second = (
        client.embeddings.create(model="text-embedding-3-small", input="a robot arm").data[0].embedding
        for _ in range(2)
    )
    assert first == second
    assert math.hypot(*first) == pytest.approx(1.0, abs=1e-6)


def test_related_texts_lie_nearer_than_others(client: OpenAI) -> None:
    related = nearness(client, "How do humanoid robots walk?", "A humanoid robot walks on two legs.")
    foreign = nearness(client, "How do humanoid robots walk?", "Bake the bread until it is brown.")
    assert related > foreign + 0.2


@pytest.mark.parametrize(
    ("model", "size"),
    [("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536)],
)
def test_each_model_has_its_own_dimensions(client: OpenAI, model: str, size: int) -> None:
    assert len(client.embeddings.create(model=model, input="text").data[0].embedding) == size


def test_fewer_dimensions_can_be_asked_for(client: OpenAI) -> None:
    answer = client.embeddings.create(model="text-embedding-3-large", input="text", dimensions=256)
    assert len(answer.data[0].embedding) == 256


@pytest.mark.parametrize(
    ("model", "dimensions"), [("text-embedding-3-small", 1537), ("text-embedding-ada-002", 256)]
)
def test_dimensions_that_a_model_lacks_are_refused(client: OpenAI, model: str, dimensions: int) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=model, input="text", dimensions=dimensions)
    assert refused.value.param == "dimensions"


def test_floats_and_base64_say_the_same(wire: TestClient, client: OpenAI) -> None:
    wanted = {"model": "text-embedding-3-small", "input": "text"}
    raw = wire.post("/v1/embeddings", json=wanted, headers={"Authorization": f"Bearer {KEY}"}).json()
    coded = client.embeddings.create(model="text-embedding-3-small", input="text")  # asks for base64
    assert raw["data"][0]["embedding"] == pytest.approx(coded.data[0].embedding, abs=1e-7)


def test_several_texts_and_token_lists_are_embedded_in_order(client: OpenAI) -> None:
    def embeddings(wanted: Any) -> list[list[float]]:
        answer = client.embeddings.create(model="text-embedding-3-small", input=wanted)
        assert [item.index for item in answer.data] == list(range(len(answer.data)))
        return [item.embedding for item in answer.data]

    assert embeddings(["one", "two"]) == embeddings("one") + embeddings("two")
    assert embeddings([[7, 8], [9]]) == embeddings([7, 8]) + embeddings([9])


@pytest.mark.parametrize("nothing", ["", [], [""]])
def test_an_empty_input_is_refused(client: OpenAI, nothing: Any) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="text-embedding-3-small", input=nothing)
    assert str(refused.value.param).startswith("input")


# chat completions


def test_the_answer_quotes_the_question_and_the_passage_it_is_about(client: OpenAI) -> None:
    context = "Bread needs an oven. A gripper closes around a part. Cats sleep all day."
    answer = ask(client, context, "What does a gripper do?")
    text = answer.choices[0].message.content or ""
    assert 'You asked: "What does a gripper do?"' in text
    assert '"A gripper closes around a part."' in text


def test_a_question_below_its_context_is_told_from_it(client: OpenAI) -> None:
    text = ask(client, "Cats sleep all day.\nQuestion: do cats sleep?").choices[0].message.content
    assert (
        text == 'You asked: "Question: do cats sleep?" Nearest to it in what you sent: "Cats sleep all day."'
    )


def test_equal_questions_get_equal_answers(client: OpenAI) -> None:
    one, other = ask(client, "Who are you?"), ask(client, "Who are you?")
    assert (one.id, one.choices, one.usage) == (other.id, other.choices, other.usage)
    assert one.usage
    assert one.usage.total_tokens == one.usage.prompt_tokens + one.usage.completion_tokens > 0


def test_content_may_come_in_parts(client: OpenAI) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    parts: Any = [{"type": "text", "text": "What is this?"}, picture]
    answer = client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": parts}])
    assert 'You asked: "What is this?"' in (answer.choices[0].message.content or "")


def test_an_answer_can_be_json(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Say it in JSON"}],
        response_format={"type": "json_object"},
    )
    assert (answer.choices[0].message.content or "").startswith('{"answer": "You asked')


def test_a_stream_adds_up_to_the_answer(client: OpenAI) -> None:
    whole = ask(client, "Tell me more").choices[0].message.content
    chunks = list(
        client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "Tell me more"}], stream=True
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_ends_with_its_usage_when_that_is_asked_for(client: OpenAI) -> None:
    *_, last = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Tell me more"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    assert last.choices == []
    assert last.usage == ask(client, "Tell me more").usage


def test_a_stream_is_server_sent_events_up_to_done(wire: TestClient) -> None:
    wanted = {"model": CHAT, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    answer = wire.post("/v1/chat/completions", json=wanted, headers={"Authorization": f"Bearer {KEY}"})
    events = answer.text.split("\n\n")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") for event in events[:-2])


# models


def test_models_are_those_that_the_client_knows(client: OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {CHAT, "text-embedding-3-small"} <= names
    assert client.models.retrieve(CHAT).id == CHAT


def test_a_model_that_nobody_knows_is_not_found(client: OpenAI) -> None:
    asked: list[Any] = [
        lambda: client.models.retrieve("gpt-0"),
        lambda: client.embeddings.create(model="gpt-0", input="text"),
        lambda: client.chat.completions.create(model="gpt-0", messages=[{"role": "user", "content": "Hi"}]),
    ]
    for call in asked:
        with pytest.raises(openai.NotFoundError) as refused:
            call()
        assert refused.value.code == "model_not_found"


# refusals


def test_a_wrong_key_is_refused_and_not_echoed(wire: TestClient) -> None:
    stranger = OpenAI(api_key="sk-wrong", base_url="http://testserver/v1", http_client=wire, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as refused:
        stranger.models.list()
    assert refused.value.code == "invalid_api_key"
    assert "sk-wrong" not in str(refused.value)


def test_no_key_is_refused(wire: TestClient) -> None:
    answer = wire.get("/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_bad_value_is_named_in_openais_form(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=CHAT, messages=[])
    assert (refused.value.param, refused.value.type) == ("messages", "invalid_request_error")


def test_an_unknown_url_is_named_in_openais_form(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(POST /v1/unheard-of\)"):
        client.post("/unheard-of", cast_to=object)


# faults


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("invalid_api_key", (401, "invalid_request_error", "invalid_api_key")),
        ("rate_limit_exceeded", (429, "requests", "rate_limit_exceeded")),
        ("insufficient_quota", (429, "insufficient_quota", "insufficient_quota")),
        ("server_error", (500, "server_error", None)),
        ("overloaded", (503, "server_error", None)),
    ],
)
def test_an_error_is_met_once_in_openais_form(
    wire: TestClient, client: OpenAI, name: str, form: tuple[int, str, str | None]
) -> None:
    order(wire, {"error": name})
    with pytest.raises(openai.APIStatusError) as met:
        ask(client, "Hello")
    assert (met.value.status_code, met.value.type, met.value.code) == form
    assert "retry-after" not in met.value.response.headers
    assert ask(client, "Hello").choices


def test_an_error_can_say_when_to_come_back(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"error": "rate_limit_exceeded", "retry_after": 7})
    with pytest.raises(openai.RateLimitError) as met:
        ask(client, "Hello")
    assert met.value.response.headers["retry-after"] == "7"


def test_a_client_that_tries_again_gets_through_after_as_many_errors(
    wire: TestClient, client: OpenAI
) -> None:
    order(wire, {"error": "rate_limit_exceeded", "retry_after": 0, "times": 2})
    assert ask(client.with_options(max_retries=2), "Hello").choices
    assert len(wire.get("/_double/requests").json()) == 3


def test_faults_are_met_in_order_by_the_paths_they_name(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"error": "server_error", "path": "/v1/embeddings"}, {"error": "overloaded"})
    with pytest.raises(openai.InternalServerError) as first:
        ask(client, "Hello")
    with pytest.raises(openai.InternalServerError) as second:
        client.embeddings.create(model="text-embedding-3-small", input="text")
    assert (first.value.status_code, second.value.status_code) == (503, 500)


def test_faults_can_be_taken_back(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"error": "server_error", "times": 9})
    assert wire.delete("/_double/faults").status_code == 204
    assert ask(client, "Hello").choices


def test_a_delay_holds_the_answer_back(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"delay": 0.2})
    began = time.monotonic()
    assert ask(client, "Hello").choices
    assert time.monotonic() - began >= 0.2


def test_garbage_is_a_web_page_where_json_belongs(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"garbage": True})
    answer = client.chat.completions.with_raw_response.create(
        model=CHAT, messages=[{"role": "user", "content": "Hello"}]
    )
    assert answer.status_code == 200
    assert answer.http_response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({}, "there is no fault"),
        ({"error": "server_error", "garbage": True}, "at most one of error, garbage and cut_after"),
        ({"retry_after": 3, "garbage": True}, "retry_after belongs to an error"),
        ({"pace": 1, "error": "server_error"}, "pace belongs to a stream"),
        ({"eror": "server_error"}, "Extra inputs are not permitted"),
        ({"error": "tired"}, "Input should be 'invalid_api_key'"),
        ({"delay": -1}, "greater than or equal to 0"),
        ({"error": "server_error", "times": 0}, "greater than or equal to 1"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wire: TestClient, fault: dict[str, Any], says: str) -> None:
    answer = wire.put("/_double/faults", json=[fault])
    assert answer.status_code == 422
    assert says in answer.text


@pytest.mark.parametrize("shown", [{}, {"X-Spacedock-Control": "another's"}], ids=["no token", "a wrong one"])
@pytest.mark.parametrize("place", ["/_double", "/_double/bays/one"])
def test_who_shows_no_token_of_the_run_orders_nothing(
    wire: TestClient, client: OpenAI, shown: dict[str, str], place: str
) -> None:
    stranger = TestClient(wire.app, headers=shown)
    assert stranger.put(f"{place}/faults", json=[{"error": "server_error"}]).status_code == 403
    assert stranger.get(f"{place}/requests").status_code == 403
    assert stranger.delete(f"{place}/requests").status_code == 403
    assert ask(client, "Hello").choices


def test_a_stream_breaks_off_after_as_many_chunks(serve: Serve) -> None:
    url = serve(double.create_app(KEY, TOKEN))
    with httpx2.Client(base_url=url, headers=SHOWN) as wire, distant(url) as client:
        order(wire, {"cut_after": 3})
        stream = client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "Tell me more"}], stream=True
        )
        with stream:
            seen = [next(stream) for _ in range(3)]
            with pytest.raises(openai.APIConnectionError):
                next(stream)
    assert [chunk.choices[0].delta.content for chunk in seen] == ["", "You ", "asked: "]


def test_an_answer_breaks_off_in_the_middle(serve: Serve) -> None:
    url = serve(double.create_app(KEY, TOKEN))
    with httpx2.Client(base_url=url, headers=SHOWN) as wire, distant(url) as client:
        order(wire, {"cut_after": 1})
        with pytest.raises(openai.APIConnectionError):
            ask(client, "Tell me more")


def test_a_stream_comes_at_its_pace(wire: TestClient, client: OpenAI) -> None:
    order(wire, {"pace": 0.02})
    began = time.monotonic()
    stream = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Tell me more"}], stream=True
    )
    chunks = list(stream)
    assert time.monotonic() - began >= 0.02 * len(chunks)  # and the last line, which is no chunk
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).startswith("You asked:")


# what was received


def outcomes(wire: httpx2.Client) -> list[str]:
    return [seen["outcome"] for seen in wire.get("/_double/requests").json()]


def comes_to(wire: httpx2.Client, *wanted: str) -> None:
    deadline = time.monotonic() + 10
    while outcomes(wire) != list(wanted):
        assert time.monotonic() < deadline, outcomes(wire)
        time.sleep(0.01)


def test_answers_and_errors_are_answered(wire: TestClient, client: OpenAI) -> None:
    ask(client, "Hello")
    order(wire, {"error": "overloaded"})
    with pytest.raises(openai.InternalServerError):
        ask(client, "Hello")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-0")
    assert outcomes(wire) == ["answered"] * 3


def test_a_cut_is_told(serve: Serve) -> None:
    url = serve(double.create_app(KEY, TOKEN))
    with httpx2.Client(base_url=url, headers=SHOWN) as wire, distant(url) as client:
        order(wire, {"cut_after": 1}, {"cut_after": 1})
        with pytest.raises(openai.APIConnectionError):
            ask(client, "Hello")
        stream = client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        with stream, pytest.raises(openai.APIConnectionError):
            list(stream)
        assert outcomes(wire) == ["cut", "cut"]


def test_a_client_that_hangs_up_in_a_delay_is_told_at_once(serve: Serve) -> None:
    url = serve(double.create_app(KEY, TOKEN))
    with httpx2.Client(base_url=url, headers=SHOWN) as wire, distant(url) as client:
        order(wire, {"delay": 600})
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask, client.with_options(timeout=0.3), "Hello")
            comes_to(wire, "pending")
            with pytest.raises(openai.APITimeoutError):
                asking.result()
        comes_to(wire, "hung up")


def test_a_client_that_hangs_up_in_a_stream_is_told_at_once(serve: Serve) -> None:
    url = serve(double.create_app(KEY, TOKEN))
    with httpx2.Client(base_url=url, headers=SHOWN) as wire, distant(url) as client:
        order(wire, {"pace": 600})
        stream = client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "Tell me more"}], stream=True
        )
        with stream:
            next(stream)
            assert outcomes(wire) == ["pending"]
        comes_to(wire, "hung up")


def test_requests_are_listed_without_the_key(wire: TestClient, client: OpenAI) -> None:
    ask(client, f"My key is {KEY}")
    (seen,) = wire.get("/_double/requests").json()
    assert (seen["method"], seen["path"], seen["authorized"]) == ("POST", "/v1/chat/completions", True)
    assert seen["body"]["messages"] == [{"role": "user", "content": "My key is ***"}]
    assert KEY not in str(seen)


def test_requests_can_be_forgotten(wire: TestClient, client: OpenAI) -> None:
    ask(client, "Hello")
    wire.delete("/_double/requests")
    assert wire.get("/_double/requests").json() == []


# as a program


def test_it_runs_as_a_module_and_as_a_lone_file(tmp_path: Path) -> None:
    lone = tmp_path / "openai.py"
    shutil.copy(str(double.__file__), lone)
    for command in (["-m", "spacedock.doubles.openai"], ["-P", str(lone)]):
        with started(*command, DOUBLE_API_KEY=KEY, CONTROL_TOKEN=TOKEN) as url, distant(url) as client:
            assert ask(client, "Hello").choices


def test_it_does_not_start_without_a_key() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "spacedock.doubles.openai"],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("DOUBLE_API_KEY is not set")
