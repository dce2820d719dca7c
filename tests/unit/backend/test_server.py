"""How the application is served behind the platform's proxy."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from sse_starlette.sse import AppStatus

from backend import server as module
from backend.api.limits import clients_of
from backend.main import Backend, create_app
from backend.server import Server, server_config
from tests.unit.backend.asgi import events
from tests.unit.backend.conftest import Configure, Log, Services
from tests.unit.backend.fakes import Book, Model, Shelf

PROXY = ("10.16.3.7", 40000)  # an address of the kind that the platform's proxy calls from


@pytest.fixture
def browser(configure: Configure) -> TestClient:
    config = server_config(create_app(configure()), host="0.0.0.0", port=8080)
    config.load()
    return TestClient(config.loaded_app, base_url="http://owner-name.hf.space", client=PROXY)


@pytest.mark.parametrize("path", ["/health/", "/docs/", "/api/chat/", "/static"])
def test_nothing_redirects_to_the_host_that_it_was_asked_with(browser: TestClient, path: str) -> None:
    answer = browser.get(path, headers={"Host": "attacker.example"}, follow_redirects=False)
    assert answer.status_code == 404
    assert "attacker.example" not in f"{answer.headers} {answer.text}"


def test_who_is_counted_is_not_who_the_client_says_it_is(browser: TestClient) -> None:
    told = {"X-Forwarded-For": "203.0.113.9, unknown"}
    found = {}

    @cast("Backend", browser.app).get("/who")
    async def who(request: Request) -> None:
        found["clients"] = clients_of(request)

    browser.get("/who", headers=told)
    assert found["clients"] == (PROXY[0],)


def test_it_binds_what_it_is_told(configure: Configure) -> None:
    config = server_config(create_app(configure()), host="0.0.0.0", port=7860)
    assert (config.host, config.port) == ("0.0.0.0", 7860)


@asynccontextmanager
async def serving(app: Backend) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    """Serve on a free port, and end as a signal would."""
    server = Server(server_config(app, host="127.0.0.1", port=0), app)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{host}:{port}", trust_env=False, timeout=30
        ) as browser:
            yield server, browser
    finally:
        server.should_exit = True
        await running


@pytest.mark.anyio
async def test_an_unhandled_error_is_in_the_log_with_type_place_and_the_requests_id_and_without_its_text(
    configure: Configure, services: Services, written: Log
) -> None:
    app = create_app(configure(), roster=services.roster())

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("canary")

    async with serving(app) as (_, browser):
        answer = await browser.get("/broken")
    assert answer.status_code == 500
    (event,) = [event for event in written.events if event["level"] == "error"]
    assert event["error"] == "ValueError"
    assert event["frames"][-1].endswith(" broken")
    assert event["request_id"] == answer.headers["x-request-id"]
    assert "canary" not in written.text


@pytest.fixture
def final_events(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave streams to end by themselves, as `serve` does, and leave them no time."""
    monkeypatch.setattr(module, "LAST_WORDS", 0.0)
    AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
    yield
    AppStatus.enable_automatic_graceful_drain_mode()  # type: ignore[no-untyped-call]


@pytest.mark.anyio
@pytest.mark.usefixtures("final_events")
async def test_a_stop_ends_an_open_stream_with_a_final_event(configure: Configure) -> None:
    model = Model(parts=["It is ", asyncio.Event()])
    app = create_app(configure(), roster=Services(Shelf(), Book(), model).roster())
    asked = {"json": {"question": "Where?"}, "headers": {"Accept": "text/event-stream"}}
    text = ""
    async with (
        asyncio.timeout(20),
        serving(app) as (server, browser),
        browser.stream("POST", "/api/chat", **asked) as answer,  # type: ignore[arg-type]
    ):
        async for piece in answer.aiter_text():
            text += piece
            if "event: token" in text and not server.should_exit:
                server.handle_exit(signal.SIGTERM, None)
                server._captured_signals.clear()  # it raises them again once it has stopped
    assert [name for name, _ in events(text)] == ["citations", "token", "error"]
    assert "being restarted" in text
