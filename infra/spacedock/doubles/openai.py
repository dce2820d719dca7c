"""A double of OpenAI's API: OpenAI's own types on the wire, the same answers every time, faults on request.

It stands alone, so that an image can be made of this one file. Run it there as `python -P openai.py`: without
-P its own folder comes first on the path, and `import openai` finds this file.

    HOST            where to listen; 127.0.0.1 when unset
    PORT            where to listen; 0, which is also the default, takes a free port, and the log says which
    DOUBLE_API_KEY  the key that callers must send
    CONTROL_TOKEN   the token that whoever orders faults must show, in the header `X-Spacedock-Control`

`PUT /_double/faults` orders a list of faults, met by the requests that follow, first come first served;
`DELETE` takes them back. `GET /_double/requests` lists what arrived and how it ended, never the key; `DELETE`
forgets it.

Callers that must not meet each other's faults have bays: the API is served below `/bays/NAME/v1` too, once
`/_double/bays/NAME/faults` or `/_double/bays/NAME/requests` was asked for whatever; they are as above, for
this bay alone. A path in a fault or a list is the same in each: `/v1/models`.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import math
import os
import re
import struct
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import islice
from typing import Annotated, Any, Literal, Self, get_args

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from openai import BaseModel as WireModel
from openai.types import CreateEmbeddingResponse, Embedding, EmbeddingModel, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.shared import ChatModel, ErrorObject
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

# https://platform.openai.com/docs/guides/embeddings
_DIMENSIONS = {
    "text-embedding-ada-002": 1536,
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
}
# How much a feature of a text counts in its embedding, beside a word, which counts 1.
_HEADING = 5.0  # times as much: what stands in the first line of several
_COMPOUND = 4.0  # sim-to-real: rarer than its words
_PART = 0.15  # four letters of a word
_SUBLINEAR = 0.7  # the tenth time that a word occurs says less than the first
_SMALL_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about above after again all also an and any are as at be because been before being below between
        both but by can could did do does doing down during each either else ever every few for from get
        gets had has have having he her here hers him his how i if in into is it its itself just keep
        keeps let like made make makes many may me might more most much must my near need needs no nor not
        of off on once one only or other others our out over own per put rather same she should since so
        some still such than that the their them then there these they this those through to too under
        until up upon us use used using very was way we well were what when where whether which while who
        whom whose why will with within without would you your
        """,
    )
)
_CONTROL = "X-Spacedock-Control"
_CHAT_MODELS: tuple[str, ...] = get_args(ChatModel)
_MODELS: tuple[str, ...] = get_args(EmbeddingModel) + _CHAT_MODELS

ErrorName = Literal[
    "invalid_api_key", "rate_limit_exceeded", "insufficient_quota", "server_error", "overloaded"
]
Outcome = Literal["pending", "answered", "cut", "hung up"]
Text = Annotated[str, Field(min_length=1)]


class Fault(BaseModel):
    """What the next matching requests meet. A delay or a pace alone slows a good answer down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = "/v1/"  # which requests: those whose path starts like this
    times: int = Field(default=1, ge=1)
    delay: float = Field(default=0.0, ge=0.0, le=600.0)  # seconds
    error: ErrorName | None = None
    retry_after: int | None = Field(default=None, ge=0)  # seconds, in the header of an error
    garbage: bool = False  # a web page where JSON belongs, as a wrong base URL or a proxy gives
    cut_after: int | None = Field(default=None, ge=0)  # chunks of the answer before the connection breaks
    pace: float = Field(default=0.0, ge=0.0, le=600.0)  # seconds between two chunks of a stream

    @model_validator(mode="after")
    def _is_one_fault(self) -> Self:
        ways = [self.error is not None, self.garbage, self.cut_after is not None]
        if sum(ways) > 1:
            raise ValueError("give at most one of error, garbage and cut_after")
        if not any(ways) and not self.delay and not self.pace:
            raise ValueError("give one of error, garbage, cut_after, delay and pace, or there is no fault")
        if self.pace and (self.error or self.garbage):
            raise ValueError("pace belongs to a stream, and there is none with error or garbage")
        if self.retry_after is not None and self.error is None:
            raise ValueError("retry_after belongs to an error")
        return self


class Received(BaseModel):
    """A request to the API as it arrived, without its headers."""

    method: str
    path: str
    authorized: bool
    body: Any
    outcome: Outcome = "pending"


class FaultList:
    """Where faults are ordered and requests are written down."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.received: list[Received] = []

    def take_fault(self, path: str) -> Fault | None:
        """The fault that a request to `path` meets; it is then due one time fewer."""
        for index, fault in enumerate(self.faults):
            if path.startswith(fault.path):
                rest = fault.model_copy(update={"times": fault.times - 1})
                self.faults[index : index + 1] = [rest] if rest.times else []
                return fault
        return None


class Bays:
    """The fault lists by name; that of the API's plain paths has an empty one."""

    def __init__(self) -> None:
        self._lists = {"": FaultList()}

    def open(self, name: str) -> FaultList:
        """The list of a bay, which is made where there is none."""
        return self._lists.setdefault(name, FaultList())

    def find(self, name: str) -> FaultList:
        """The list of a bay. Raises HTTPException where nobody made one: a caller's bays would not end."""
        if name not in self._lists:
            raise HTTPException(404)
        return self._lists[name]


class Watched:
    """Writes down how each request ends, before its client can ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        state = scope.setdefault("state", {})

        def end(outcome: Outcome) -> None:
            received: Received | None = state.get("received")
            if received and received.outcome == "pending":
                received.outcome = outcome

        async def hear() -> Event:
            event = await receive()
            if event["type"] == "http.disconnect":
                end("hung up")
            return event

        async def say(event: Event) -> None:
            if event["type"] == "http.response.body" and not event.get("more_body"):
                end("answered")
            await send(event)

        await self._app(scope, hear, say)
        end("cut")


class AnsweredError(Exception):
    """Ends a request with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _refusal(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    *,
    code: str | None = None,
    param: str | None = None,
) -> AnsweredError:
    """An answer in the form of OpenAI's errors."""
    error = ErrorObject(message=message, type=kind, param=param, code=code)
    return AnsweredError(JSONResponse({"error": error.model_dump(exclude_unset=True)}, status))


def _usual_refusal(name: ErrorName) -> AnsweredError:
    """Status and words of https://platform.openai.com/docs/guides/error-codes, but the key is not echoed."""
    match name:
        case "invalid_api_key":
            return _refusal(401, "Incorrect API key provided.", code=name)
        case "rate_limit_exceeded":
            return _refusal(429, "Rate limit reached for requests.", "requests", code=name)
        case "insufficient_quota":
            message = "You exceeded your current quota, please check your plan and billing details."
            return _refusal(429, message, name, code=name)
        case "server_error":
            message = "The server had an error while processing your request. Sorry about that!"
            return _refusal(500, message, name)
        case "overloaded":
            message = "The engine is currently overloaded, please try again later."
            return _refusal(503, message, "server_error")


def _no_model(name: str) -> AnsweredError:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return _refusal(404, message, code="model_not_found", param="model")


class EmbeddingRequest(BaseModel):
    """The part of the request that the double reads."""

    model: str
    input: Text | Annotated[list[Text] | list[int] | list[list[int]], Field(min_length=1, max_length=2048)]
    dimensions: int | None = Field(default=None, ge=1)
    encoding_format: Literal["float", "base64"] = "float"

    @property
    def texts(self) -> list[str]:
        """One text for each embedding; tokens stand for words."""
        single = isinstance(self.input, str) or isinstance(self.input[0], int)
        inputs: Iterable[Any] = [self.input] if single else self.input
        return [item if isinstance(item, str) else " ".join(map(str, item)) for item in inputs]

    @property
    def size(self) -> int:
        """How many dimensions each embedding gets. Raises AnsweredError when the model cannot."""
        most = _DIMENSIONS.get(self.model)
        if most is None:
            raise _no_model(self.model)
        if self.dimensions is None:
            return most
        if self.model == "text-embedding-ada-002":
            raise _refusal(400, "This model does not support specifying dimensions.", param="dimensions")
        if self.dimensions > most:
            raise _refusal(400, f"'dimensions' is at most {most} for {self.model}.", param="dimensions")
        return self.dimensions


class Message(BaseModel):
    """One message of a conversation, in either form that the API takes."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """What it says, pictures and sounds left out."""
        if isinstance(self.content, list):
            return "\n".join(str(part["text"]) for part in self.content if "text" in part)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream carries beside the text."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of the request that the double reads."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    response_format: dict[str, Any] | None = None


def embed(text: str, size: int) -> list[float]:
    """A unit vector of `size` numbers: texts that share words, or parts of words, lie near each other.

    A short question must find the long passage that answers it, as it does with the real model: words that
    are in every text say nothing, and what the first line of several names, all that follows is about.
    """
    vector = [0.0] * size
    for feature, weight in _weights(text.lower()).items():
        digest = blake2b(feature.encode(), digest_size=8).digest()
        sign = 1.0 if digest[7] & 1 else -1.0
        vector[int.from_bytes(digest[:7], "big") % size] += sign * weight**_SUBLINEAR
    length = math.hypot(*vector)
    return [number / length for number in vector] if length else [1.0, *vector[1:]]


def _weights(text: str) -> dict[str, float]:
    """How much each feature counts in a text of lower case."""
    first, _, rest = text.partition("\n")
    weights: defaultdict[str, float] = defaultdict(float)
    for line, times in ((first, _HEADING if rest else 1.0), (rest, 1.0)):
        for feature, weight in _features(line):
            weights[feature] += weight * times
    return weights or dict.fromkeys(re.findall(r"\w+", text), 1.0)  # nothing but small words: they must do


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Yield compounds, the stems of words, and the parts of words by which their kin is known."""
    for term in re.findall(r"\w+(?:-\w+)*", text):
        words = [word for word in term.split("-") if word not in _SMALL_WORDS]
        if words and "-" in term:
            yield term, _COMPOUND
        for word in words:
            yield re.sub(r"(?<=\w{3})(?:ing|ed|es|s|e)$", "", word), 1.0
            yield from ((f"~{word[at : at + 4]}", _PART) for at in range(len(word) - 3))


def answer(messages: Sequence[Message]) -> str:
    """Quote the question, and from everything else that was sent the sentence nearest to it."""
    asked = next((m.text for m in reversed(messages) if m.role == "user"), messages[-1].text)
    question = asked.strip().rpartition("\n")[2]
    aim = embed(question, 256)

    def nearness(sentence: str) -> float:
        return sum(a * b for a, b in zip(aim, embed(sentence, 256), strict=True))

    sentences = [s for m in messages for s in re.split(r"(?<=[.!?])\s+|\n+", m.text.strip())]
    quote = max((s for s in sentences if s not in question), key=nearness, default="")
    return f'You asked: "{question}" Nearest to it in what you sent: "{quote}"'


def _completion(chat: ChatRequest) -> ChatCompletion:
    text = answer(chat.messages)
    if chat.response_format and chat.response_format.get("type") == "json_object":
        text = json.dumps({"answer": text})
    asked, said = sum(_tokens(m.text) for m in chat.messages), _tokens(text)
    message = {"role": "assistant", "content": text, "refusal": None}
    return ChatCompletion.model_validate(
        {
            "id": f"chatcmpl-{blake2b(text.encode(), digest_size=12).hexdigest()}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": chat.model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        }
    )


def _events(chat: ChatRequest) -> Iterator[bytes]:
    """The same completion as server-sent events, word by word."""
    whole = _completion(chat)
    words = re.findall(r"\S+\s*", whole.choices[0].message.content or "")
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in words)]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": d, "finish_reason": None} for d in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    common: dict[str, Any] = {"object": "chat.completion.chunk", "id": whole.id}
    common |= {"created": whole.created, "model": whole.model}
    with_usage = chat.stream_options is not None and chat.stream_options.include_usage
    if with_usage:
        common["usage"] = None
    for choice in choices:
        yield _event(ChatCompletionChunk.model_validate({**common, "choices": [choice]}))
    if with_usage:
        yield _event(ChatCompletionChunk.model_validate({**common, "choices": [], "usage": whole.usage}))
    yield b"data: [DONE]\n\n"


def _event(chunk: ChatCompletionChunk) -> bytes:
    return b"data: " + _json(chunk) + b"\n\n"


def _embeddings(wanted: EmbeddingRequest) -> CreateEmbeddingResponse:
    size, used = wanted.size, sum(_tokens(text) for text in wanted.texts)
    data = []
    for index, text in enumerate(wanted.texts):
        vector: Any = embed(text, size)
        if wanted.encoding_format == "base64":
            vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        # Built without validation, because the type of an embedding does not know its base64 form.
        data.append(Embedding.construct(embedding=vector, index=index, object="embedding"))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return CreateEmbeddingResponse.construct(data=data, model=wanted.model, object="list", usage=usage)


def _tokens(text: str) -> int:
    return len(text.split())


def _json(model: WireModel) -> bytes:
    return model.model_dump_json(exclude_unset=True, warnings=False).encode()


class Torn(StreamingResponse):
    """A body that breaks off: the empty chunk that ends every body is never sent."""

    async def stream_response(self, send: Send) -> None:
        """Send all but the end, upon which the server drops the connection."""
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        async for chunk in self.body_iterator:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _reply(request: Request, model: WireModel) -> Response:
    body, fault = _json(model), request.state.fault
    if fault and fault.cut_after is not None:
        halves = [body[: len(body) // 2]]
        return Torn(islice(halves, fault.cut_after), media_type="application/json")
    return Response(body, media_type="application/json")


def _stream(request: Request, events: Iterator[bytes]) -> Response:
    fault = request.state.fault or Fault.model_construct()
    paced = _paced(islice(events, fault.cut_after), fault.pace)
    kind = StreamingResponse if fault.cut_after is None else Torn
    return kind(paced, media_type="text/event-stream")


async def _paced(events: Iterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    for number, event in enumerate(events):
        if number:
            await asyncio.sleep(seconds)
        yield event


def create_app(api_key: str, control_token: str) -> FastAPI:
    """The double, with no faults. `api_key` is the one that it accepts, `control_token` orders faults."""
    app = FastAPI(title="OpenAI double", openapi_url=None)
    bays = Bays()
    app.add_middleware(Watched)
    for prefix in ("", "/bays/{bay}"):
        app.include_router(_control(control_token, bays), prefix=f"/_double{prefix}")
        app.include_router(_api(api_key, bays), prefix=f"{prefix}/v1")

    @app.exception_handler(AnsweredError)
    async def give_answer(_: Request, answered: AnsweredError) -> Response:
        return answered.response

    @app.exception_handler(RequestValidationError)
    async def name_bad_value(request: Request, error: RequestValidationError) -> Response:
        if not _path(request).startswith("/v1/"):
            return await request_validation_exception_handler(request, error)
        first = error.errors()[0]
        param = ".".join(str(part) for part in first["loc"] if part != "body")
        return _refusal(400, f"Invalid value for '{param}': {first['msg']}.", param=param).response

    @app.exception_handler(HTTPException)
    async def name_bad_url(request: Request, error: HTTPException) -> Response:
        if not _path(request).startswith("/v1/"):
            return await http_exception_handler(request, error)
        return _refusal(error.status_code, f"Invalid URL ({request.method} {_path(request)})").response

    return app


def _bay(request: Request) -> str:
    return str(request.path_params.get("bay", ""))


def _path(request: Request) -> str:
    """The path of a request as it would be without bays."""
    return re.sub(r"^/bays/[^/]+", "", request.url.path)


def _control(token: str, bays: Bays) -> APIRouter:
    async def enter(request: Request) -> None:
        shown = request.headers.get(_CONTROL, "")
        if not hmac.compare_digest(shown.encode(), token.encode()):
            raise HTTPException(403, f"show the token of the run in {_CONTROL}")

    control = APIRouter(dependencies=[Depends(enter)])

    @control.put("/faults", status_code=204)
    async def order_faults(request: Request, faults: list[Fault]) -> None:
        bays.open(_bay(request)).faults = faults

    @control.delete("/faults", status_code=204)
    async def take_faults_back(request: Request) -> None:
        bays.open(_bay(request)).faults = []

    @control.get("/requests")
    async def list_requests(request: Request) -> list[Received]:
        return bays.open(_bay(request)).received

    @control.delete("/requests", status_code=204)
    async def forget_requests(request: Request) -> None:
        bays.open(_bay(request)).received = []

    return control


def _api(api_key: str, bays: Bays) -> APIRouter:
    async def enter(request: Request) -> None:
        sent = request.headers.get("authorization", "")
        authorized = hmac.compare_digest(sent.encode(), f"Bearer {api_key}".encode())
        body = _parsed((await request.body()).decode(errors="replace").replace(api_key, "***"))
        path, faults = _path(request), bays.find(_bay(request))
        received = Received(method=request.method, path=path, authorized=authorized, body=body)
        faults.received.append(received)
        request.state.received = received
        request.state.fault = await _meet(request, faults.take_fault(path))
        if not authorized:
            raise _usual_refusal("invalid_api_key")

    api = APIRouter(dependencies=[Depends(enter)])

    @api.post("/embeddings")
    async def create_embeddings(request: Request, wanted: EmbeddingRequest) -> Response:
        return _reply(request, _embeddings(wanted))

    @api.post("/chat/completions")
    async def create_completion(request: Request, chat: ChatRequest) -> Response:
        if chat.model not in _CHAT_MODELS:
            raise _no_model(chat.model)
        return _stream(request, _events(chat)) if chat.stream else _reply(request, _completion(chat))

    @api.get("/models")
    async def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(name).model_dump(exclude_unset=True) for name in _MODELS]}

    @api.get("/models/{name}")
    async def retrieve_model(request: Request, name: str) -> Response:
        if name not in _MODELS:
            raise _no_model(name)
        return _reply(request, _model(name))

    return api


async def _meet(request: Request, fault: Fault | None) -> Fault | None:
    """Wait as long as the fault says, then answer with its error or its garbage; a cut comes later."""
    if fault is None:
        return None
    if fault.delay:
        await _wait(request, fault.delay)
    if fault.garbage:
        raise AnsweredError(HTMLResponse("<!doctype html><title>Not the API</title>"))
    if fault.error is not None:
        refusal = _usual_refusal(fault.error)
        if fault.retry_after is not None:
            refusal.response.headers["Retry-After"] = str(fault.retry_after)
        raise refusal
    return fault


async def _wait(request: Request, seconds: float) -> None:
    """Wait that long. Raises AnsweredError, which nobody will read, as soon as the client hangs up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
        raise AnsweredError(Response(status_code=499))


def _model(name: str) -> Model:
    return Model(id=name, object="model", created=1_700_000_000, owned_by="openai")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text or None


def main() -> None:
    """Serve as the environment says."""
    api_key = os.environ.get("DOUBLE_API_KEY")
    if not api_key:
        raise SystemExit("DOUBLE_API_KEY is not set; give it the key that callers must send")
    control_token = os.environ.get("CONTROL_TOKEN")
    if not control_token:
        raise SystemExit("CONTROL_TOKEN is not set; give it the token that whoever orders faults must show")
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "0"))
    uvicorn.run(create_app(api_key, control_token), host=host, port=port)


if __name__ == "__main__":
    main()
