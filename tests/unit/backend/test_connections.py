"""Connections that do not get on are closed, and those that do are not, however long they take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from backend import connections as module
from backend.connections import BODY, HEAD, TAKING
from backend.main import Backend, create_app
from backend.server import Server, server_config
from tests.unit.backend.conftest import Configure, Services
from tests.unit.backend.fakes import Book, Model, Shelf

pytestmark = pytest.mark.anyio

PATIENCE = 20.0  # seconds for what comes at once
GET = b"GET /health HTTP/1.1\r\nHost: space.test\r\n\r\n"
POST = b"POST /api/chat HTTP/1.1\r\nHost: space.test\r\nContent-Type: application/json\r\n"
STREAM = POST + b"Accept: text/event-stream\r\nContent-Length: 23\r\n\r\n" + b'{"question": "Where?"}\n'


class Watched(Server):
    """A server whose watch looks when the test says so, at a clock that the test turns."""

    now = 0.0

    async def on_tick(self, counter: int) -> bool:
        return self.should_exit

    def after(self, seconds: float) -> None:
        self.now += seconds
        self._watch.look(tuple(self.server_state.connections), self.now)


class Client:
    """Somebody who sends bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def until(self, text: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.reader.readuntil(text)

    async def is_cut_off(self) -> bool:
        """Whether the connection was closed, for which one waits."""
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.reader.read(65536):
                    pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._writer.close()


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def app(configure: Configure, model: Model) -> Backend:
    return create_app(configure(), roster=Services(Shelf(), Book(), model).roster())


@pytest.fixture
async def server(app: Backend) -> AsyncIterator[Watched]:
    server = Watched(server_config(app, host="127.0.0.1", port=0), app)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE):
        while not server.started:
            await asyncio.sleep(0.005)
    yield server
    server.should_exit = server.force_exit = True
    await running


@pytest.fixture
async def connect(server: Watched) -> AsyncIterator[Connect]:
    clients = []

    async def connect() -> Client:
        count = len(server.server_state.connections)
        clients.append(Client(*await asyncio.open_connection(*server.servers[0].sockets[0].getsockname())))
        await until(lambda: len(server.server_state.connections) > count)
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.001)


def left(server: Watched) -> int:
    return len(server.server_state.connections)


class TestAConnectionIsCutOff:
    @pytest.mark.parametrize("begun", [b"", b"G", GET[:-2]], ids=["silent", "one byte", "no end"])
    async def test_whose_head_does_not_come(self, server: Watched, connect: Connect, begun: bytes) -> None:
        client = await connect()
        await client.send(begun)
        server.after(0)
        server.after(HEAD)
        assert left(server) == 1
        server.after(1)
        assert await client.is_cut_off()
        await until(lambda: left(server) == 0)

    async def test_whose_head_drips(self, server: Watched, connect: Connect) -> None:
        client = await connect()
        server.after(0)
        for byte in GET[: int(HEAD) + 1]:
            await client.send(bytes([byte]))
            server.after(1)
        assert await client.is_cut_off()

    async def test_whose_second_head_does_not_come(self, server: Watched, connect: Connect) -> None:
        client = await connect()
        await client.send(GET + b"G")
        await client.until(b'"alive"')
        server.after(0)
        server.after(HEAD + 1)
        assert await client.is_cut_off()

    @pytest.mark.parametrize("length", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
    async def test_whose_body_does_not_come(self, server: Watched, connect: Connect, length: bytes) -> None:
        client = await connect()
        await client.send(POST + length + b"\r\n\r\n" + b"5\r\n{")
        await until(lambda: server.server_state.tasks)
        server.after(0)
        server.after(BODY)
        assert left(server) == 1
        server.after(1)
        assert await client.is_cut_off()
        await until(lambda: not server.server_state.tasks)

    async def test_that_takes_nothing_of_what_is_sent(
        self, server: Watched, connect: Connect, model: Model
    ) -> None:
        model.parts = ["x" * 1_000_000] * 30
        client = await connect()
        await client.send(STREAM)
        (connection,) = server.server_state.connections
        await until(lambda: connection.flow.write_paused)  # type: ignore[union-attr]
        server.after(0)
        server.after(TAKING)
        assert left(server) == 1
        server.after(1)
        await until(lambda: left(server) == 0)
        await until(lambda: model.written[0].closed)


class TestAConnectionIsLeftAlone:
    async def test_whose_stream_is_silent(self, server: Watched, connect: Connect, model: Model) -> None:
        silence = asyncio.Event()
        model.parts = ["It is ", silence, "there."]
        client = await connect()
        await client.send(STREAM)
        await client.until(b"event: token")
        for _ in range(3):
            server.after(1000)
        silence.set()
        await client.until(b"event: done")

    async def test_whose_requests_follow_each_other(self, server: Watched, connect: Connect) -> None:
        client = await connect()
        for _ in range(4):
            server.after(HEAD - 1)
            await client.send(GET)
            await client.until(b"}}}")

    async def test_that_takes_slowly(self, server: Watched, connect: Connect, model: Model) -> None:
        model.parts = ["x" * 1_000_000] * 30
        client = await connect()
        await client.send(STREAM)
        (connection,) = server.server_state.connections
        for _ in range(4):
            await until(lambda: connection.flow.write_paused)  # type: ignore[union-attr]
            server.after(TAKING - 1)
            before = connection.transport.get_write_buffer_size()
            async with asyncio.timeout(PATIENCE):
                while connection.transport.get_write_buffer_size() == before:
                    await client.reader.read(65536)
        assert left(server) == 1


async def test_of_too_many_those_go_that_waited_the_longest(
    server: Watched, connect: Connect, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 3)
    silence = asyncio.Event()
    model.parts = ["It is ", silence]
    reader = await connect()
    await reader.send(STREAM)
    await reader.until(b"event: token")
    first, second = await connect(), await connect()
    server.after(0)
    last = await connect(), await connect()
    server.after(1)
    assert await first.is_cut_off()
    assert await second.is_cut_off()
    await until(lambda: left(server) == 3)
    for client in last:
        await client.send(GET)
        await client.until(b"}}}")
    silence.set()
    await reader.until(b"event: done")


@asynccontextmanager
async def really_serving(app: Backend) -> AsyncIterator[int]:
    server = Server(server_config(app, host="127.0.0.1", port=0), app)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await running


async def test_the_server_looks_by_itself(app: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD", 0.0)
    async with really_serving(app) as port:
        clients = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(50)]
        assert all([await client.is_cut_off() for client in clients])
        for client in clients:
            client.close()


async def test_a_head_that_is_too_large_is_refused(server: Watched, connect: Connect) -> None:
    client = await connect()
    await client.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000)
    await client.until(b"400 ")
    assert await client.is_cut_off()
