"""How the application is served behind the platform's proxy."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from backend.logs import start_logging
from backend.main import create_app
from backend.server import server_config
from tests.unit.backend.conftest import Configure

PROXY = ("10.16.3.7", 40000)  # an address of the kind that the platform's proxy calls from


@pytest.fixture
def browser(configure: Configure) -> TestClient:
    config = server_config(create_app(configure()), host="0.0.0.0", port=8080)
    config.load()
    return TestClient(config.loaded_app, base_url="http://owner-name.hf.space", client=PROXY)


def test_a_redirect_stays_https_behind_the_proxy(browser: TestClient) -> None:
    answer = browser.get("/health/", headers={"X-Forwarded-Proto": "https"}, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "https://owner-name.hf.space/health"


def test_without_the_proxy_a_redirect_stays_what_it_was(browser: TestClient) -> None:
    answer = browser.get("/health/", follow_redirects=False)
    assert answer.headers["location"] == "http://owner-name.hf.space/health"


def test_it_binds_what_it_is_told(configure: Configure) -> None:
    config = server_config(create_app(configure()), host="0.0.0.0", port=7860)
    assert (config.host, config.port) == ("0.0.0.0", 7860)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    names = (None, "backend", "uvicorn")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("logging_as_it_was")
def test_debug_is_for_our_own_log_and_not_for_libraries_that_write_headers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("DEBUG")
    logging.getLogger("backend.somewhere").debug("ours")
    for library in ("httpx", "httpcore.http11", "hpack.hpack", "psycopg", "pydantic_settings"):
        logging.getLogger(library).info("theirs")
    written = capsys.readouterr().err
    (event,) = [json.loads(line) for line in written.splitlines()]
    assert (event["level"], event["logger"], event["message"]) == ("debug", "backend.somewhere", "ours")
