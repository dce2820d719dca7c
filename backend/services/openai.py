"""OpenAI: embeddings and answers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, OpenAIError
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletionMessageParam
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from backend.config import Settings
from backend.services.base import AwayError, known_reason

OFFICIAL = "https://api.openai.com/"
# An answer's length, with what the model thinks before it answers.
MAX_ANSWER = 4000  # tokens

REASONS = {
    "name or service not known": "its host name does not resolve",
    "name resolution": "its host name does not resolve",
    "no address associated": "its host name does not resolve",
    "certificate": "its TLS certificate is not trusted",
    "connection attempts failed": "it refuses connections",
    "connection refused": "it refuses connections",
    "incomplete": "its answer broke off",
    "peer closed": "its answer broke off",
    "readerror": "its answer broke off",
    "disconnected": "it closed the connection",
    "remoteprotocolerror": "it answers, but not as OpenAI does",
    "timeout": "it did not answer in time",
    "json": "it answers, but not as OpenAI does",
    "validation": "it answers, but not as OpenAI does",
}
GARBAGE = "it answers, but not as OpenAI does"


class Answering:
    """An answer that is being written."""

    def __init__(self, stream: AsyncStream[object]) -> None:
        self._stream = stream
        self._first: str | None = None
        self.finish_reason: str | None = None

    async def begin(self) -> None:
        """Wait for the first part, which shows that the model took the question. Raises AwayError."""
        try:
            self._first = await self._next()
        except BaseException:
            await self.close()
            raise
        if self._first is None:
            await self.close()
            raise AwayError(GARBAGE)

    async def read(self) -> str | None:
        """Return the next part, None at the end. Raises AwayError when the answer breaks off."""
        first, self._first = self._first, None
        part = await self._next() if first is None else first
        if part is None and self.finish_reason is None:
            raise AwayError("its answer broke off")
        return part

    async def close(self) -> None:
        """End the call, whether the answer is complete or not."""
        await self._stream.close()

    async def _next(self) -> str | None:
        try:
            chunk = await anext(self._stream, None)
        except (OpenAIError, ValueError) as error:
            raise away(error) from None
        if chunk is None:
            return None
        try:
            return self._text(chunk)
        except (AttributeError, KeyError, TypeError):  # nobody has looked at it so far
            raise AwayError(GARBAGE) from None

    def _text(self, chunk: Any) -> str:
        """Read a chunk (openai.types.chat.ChatCompletionChunk)."""
        if not chunk["choices"]:  # the last one of some providers carries the usage alone
            return ""
        choice = chunk["choices"][0]
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        return str(choice["delta"].get("content") or "")


class OpenAI:
    """The OpenAI API, or one that speaks like it."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self._key = settings.openai_api_key
        self._official = settings.openai_base_url.startswith(OFFICIAL)
        self._chat_model = settings.openai_chat_model
        self._embedding_model = settings.openai_embedding_model
        self._client = AsyncOpenAI(
            api_key=self._key.get_secret_value(),
            base_url=settings.openai_base_url,
            max_retries=0,  # tries are counted, and paid for, by the request's budget
            timeout=settings.answer_timeout,
        )

    async def ask(self) -> str:
        """Look at the key's shape, since asking costs money; other providers' keys have other shapes."""
        if self._official and not re.fullmatch(r"sk-[\w-]{20,}", self._key.get_secret_value()):
            raise AwayError(
                "the key does not look like a key of OpenAI, which starts with sk-", passing=False
            )
        return "the key has the right shape"

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text. Raises AwayError."""
        try:
            answer = await self._client.embeddings.create(model=self._embedding_model, input=list(texts))
        except OpenAIError as error:
            raise away(error) from None
        except (AttributeError, TypeError, ValueError):  # the library takes for granted what it was sent
            raise AwayError(GARBAGE) from None
        # The library returns what it was sent: text where a proxy answers, models without their fields.
        sent: object = answer
        data = sent.data if isinstance(sent, CreateEmbeddingResponse) else None
        if data is None or len(data) != len(texts):
            raise AwayError(GARBAGE)
        return [item.embedding for item in sorted(data, key=lambda item: item.index)]

    async def answer(self, messages: Sequence[ChatCompletionMessageParam]) -> Answering:
        """Begin an answer and return it once its first part is there. Raises AwayError."""
        body: CompletionCreateParamsStreaming = {
            "model": self._chat_model,
            "messages": messages,
            "stream": True,
            "max_completion_tokens": MAX_ANSWER,
        }
        try:
            # As `chat.completions.create` does it, but for the chunks: to make its types of them takes three
            # quarters of an answer's time on the processor.
            stream = await self._client.post(
                "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
            )
        except (OpenAIError, ValueError) as error:
            raise away(error) from None
        answering = Answering(stream)
        await answering.begin()
        return answering

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def away(error: Exception) -> AwayError:
    """What an error means for the request."""
    if isinstance(error, APIStatusError):
        return _refused(error)
    cause = error.__cause__ if isinstance(error, APIConnectionError) and error.__cause__ else error
    reason = known_reason(cause, REASONS)
    return AwayError(reason, passing="certificate" not in reason)


def _refused(error: APIStatusError) -> AwayError:
    """Status and code as in https://platform.openai.com/docs/guides/error-codes."""
    status, retry_after = error.status_code, _seconds(error.response.headers.get("retry-after", ""))
    if status in {401, 403}:
        return AwayError("it refused the key", passing=False)
    if status == 429 and "insufficient_quota" in {error.code, error.type}:
        return AwayError("the account's quota is used up", passing=False)
    if status == 429:
        return AwayError("it asks us to slow down", retry_after=retry_after, busy=True)
    if status == 404:
        return AwayError("it does not know the model or the address", passing=False)
    return AwayError(f"it answered {status}", passing=status >= 500 or status == 408, retry_after=retry_after)


def _seconds(header: str) -> float | None:
    """Retry-After in seconds; its other form, a date, is not used by OpenAI."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
