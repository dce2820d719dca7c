"""The sites around a Space, and how a browser comes to know them and the Space."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from spacedock.browser.sites import Sites, framing, serving
from spacedock.browser.trust import presented, trusting
from spacedock.browser.window import BrowserWindow, resolving, surroundings
from spacedock.edge.base import Manner
from spacedock.edge.transport import EdgeTransport
from tests.unit.edges import FakeEdge

HUB, FRONT = "https://huggingface.co", "https://notes.vercel.app"


def shown(sites: Sites, url: str) -> str:
    """Return the page that somebody sees who trusts the sites' authority."""
    host = urlsplit(url).netloc
    transport = EdgeTransport(host, sites.address, sites.certificate)
    with httpx.Client(transport=transport) as client:
        return client.get(url).text


def test_a_page_is_served_at_each_origin_and_shows_the_space_in_a_frame() -> None:
    with serving(HUB, FRONT) as sites:
        assert sites.hosts == ("huggingface.co", "notes.vercel.app")
        assert "<iframe" not in shown(sites, FRONT)
        framed = shown(sites, HUB + framing("https://owner-name.hf.space/"))
    assert '<iframe src="https://owner-name.hf.space/"' in framed


def test_only_a_certificate_of_the_authority_for_the_host_is_taken() -> None:
    with serving(HUB) as sites, serving(HUB) as others:
        assert presented(sites.address, "huggingface.co", sites.certificate)
        for host, authority in (("huggingface.co", others.certificate), (FRONT[8:], sites.certificate)):
            with pytest.raises(ssl.SSLCertVerificationError):
                presented(sites.address, host, authority)


def test_a_certificate_is_known_by_its_key() -> None:
    with serving(HUB) as first, serving(HUB) as second:
        keys = [presented(sites.address, "huggingface.co", sites.certificate) for sites in (first, second)]
    switch = trusting(*keys)
    assert switch.startswith("--ignore-certificate-errors-spki-list=")
    assert switch.partition("=")[2].split(",") == [trusting(key).partition("=")[2] for key in keys]
    assert trusting(keys[0]) != trusting(keys[1])


def test_a_browser_finds_the_hosts_that_are_named_nobody_on_localhost_and_nothing_else() -> None:
    switch = resolving({"huggingface.co": ("127.0.0.1", 8001)})
    assert switch == (
        "--host-resolver-rules=MAP huggingface.co:443 127.0.0.1:8001,MAP localhost 127.0.0.1:1,"
        "MAP * ~NOTFOUND"
    )


def test_the_space_is_found_behind_its_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = FakeEdge(lambda request: httpx.Response(200))
    host = urlsplit(edge.url).netloc
    with serving(HUB, edge.url) as sites:  # one server stands for both
        monkeypatch.setattr(edge, "address", lambda manner, host: sites.address)
        monkeypatch.setattr(edge, "certificate", sites.certificate)
        found, trusted = surroundings(edge, sites, Manner.OBSERVED)
    assert f"MAP {host}:443 127.0.0.1:{sites.address[1]}" in found
    assert trusted.count(",") == 1


class FakePage:
    def __init__(self) -> None:
        self.hears: dict[str, Any] = {}

    def on(self, event: str, hear: Any) -> None:
        self.hears[event] = hear

    def set_default_timeout(self, timeout: float) -> None: ...


def test_a_console_shows_what_was_said_what_was_not_loaded_and_what_nobody_caught() -> None:
    page = FakePage()
    profile: Any = SimpleNamespace(new_page=lambda: page)
    window = BrowserWindow(profile)
    location = {"url": "https://owner-name.hf.space/a.js"}
    page.hears["console"](SimpleNamespace(text="hello", location=location))
    page.hears["console"](SimpleNamespace(text="Failed to load resource: net::ERR_FAILED", location=location))
    page.hears["pageerror"](SimpleNamespace(name="TypeError", message="Failed to fetch"))
    assert window.console == [
        "hello",
        "https://owner-name.hf.space/a.js:1 Failed to load resource: net::ERR_FAILED",
        "Uncaught TypeError: Failed to fetch",
    ]
