"""WebSockets through the edge."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error

from spacedock.docks.instance import FullInstance
from tests.integration.edge.browser.conftest import Visit

SPEAK = """(url) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => resolve(data);
  socket.onerror = () => reject(new Error("the socket failed"));
})"""


def test_a_page_speaks_with_its_space_by_wss(visit: Visit, instance: FullInstance) -> None:
    url = instance.edge().url
    page = visit(url).page
    assert page.evaluate(SPEAK, f"{url.replace('https', 'wss')}/ws") == "hello"


def test_the_browser_refuses_ws_from_a_page_of_https(visit: Visit, instance: FullInstance) -> None:
    url = instance.edge().url
    page = visit(url).page
    with pytest.raises(Error, match="An insecure WebSocket connection may not be initiated"):
        page.evaluate(SPEAK, f"{url.replace('https', 'ws')}/ws")
