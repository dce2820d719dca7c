"""OpenAI and Qdrant as far as a question needs them, answering at once, so that the backend is measured.

Runs in a container of its own on the standard library; the port is the first argument.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import sys
from typing import cast

VECTOR = [0.01] * 1536
PASSAGE = {
    "chapter": "Sensors",
    "heading": "Cameras",
    "path": "02-sensors",
    "anchor": "cameras",
    "text": "A. " * 200,
}
POINTS = [{"id": n, "version": 1, "score": 0.9, "payload": PASSAGE} for n in range(5)]
USAGE = {"prompt_tokens": 9, "total_tokens": 9}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini"}
WORDS = 20  # of an answer, each an event of its own


def chunk(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({**CHUNK, 'choices': [choice]})}\n\n"


def reply(body: str, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def embedding(vector: str | list[float]) -> bytes:
    item = {"object": "embedding", "index": 0, "embedding": vector}
    model = "text-embedding-3-small"
    return reply(json.dumps({"object": "list", "model": model, "usage": USAGE, "data": [item]}))


EMBEDDING = embedding(VECTOR)
EMBEDDING_IN_BASE64 = embedding(base64.b64encode(struct.pack("<1536f", *VECTOR)).decode())
FOUND = reply(json.dumps({"result": {"points": POINTS}, "status": "ok", "time": 0.0001}))
NOTHING = reply(json.dumps({"result": {"points": []}, "status": "ok", "time": 0.0001}))
ANSWER = reply(
    "".join(chunk({"content": f"word{n} [1] "}) for n in range(WORDS))
    + chunk({}, "stop")
    + "data: [DONE]\n\n",
    "text/event-stream",
)


class Service(asyncio.Protocol):
    """One connection. A collection called `nothing` has nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("asyncio.Transport", transport)
        self._data = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            sizes = (line for line in lines if line.startswith(b"content-length:"))
            size = int(next(sizes, b":0").partition(b":")[2])
            if len(rest) < size:
                return
            body, self._data = rest[:size], rest[size:]
            self._transport.write(_answer_to(lines[0], body))


def _answer_to(line: bytes, body: bytes) -> bytes:
    if b"/embeddings" in line:
        return EMBEDDING_IN_BASE64 if b"base64" in body else EMBEDDING
    if b"/chat/completions" in line:
        return ANSWER
    return NOTHING if b"/nothing/" in line else FOUND


async def main() -> None:
    """Serve until the container ends."""
    server = await asyncio.get_running_loop().create_server(Service, "0.0.0.0", int(sys.argv[1]))  # noqa: S104
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
