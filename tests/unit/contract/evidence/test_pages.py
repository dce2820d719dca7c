from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from spacedock.contract.evidence.pages import Load, Page, Script

HOST = "https://owner-name.hf.space"


def page(html: str, path: str = "/") -> Page:
    return Page(httpx.Response(200, html=html, request=httpx.Request("GET", HOST + path)))


def space(**texts: str) -> httpx.Client:
    """A client of a Space that has these files, whose names are written with `_` for `/`."""
    known: Mapping[str, str] = {name.replace("_", "/"): text for name, text in texts.items()}

    def answer(request: httpx.Request) -> httpx.Response:
        text = known.get(request.url.path)
        return httpx.Response(404) if text is None else httpx.Response(200, text=text)

    return httpx.Client(base_url=HOST, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("html", "load"),
    [
        ('<script src="/a.js">', Load("script", "/a.js")),
        ('<IMG SRC=" a.png ">', Load("img", "a.png")),
        ('<form action="/send">', Load("form", "/send")),
        ('<link rel="preload stylesheet" href="a.css">', Load("preload", "a.css")),
        ('<link rel="shortcut icon" href="a.ico">', Load("icon", "a.ico")),
    ],
)
def test_what_a_page_loads_is_read(html: str, load: Load) -> None:
    assert page(html).loads == (load,)


@pytest.mark.parametrize("html", ['<a href="/docs">', '<link rel="author" href="/a">', "<script>", "<img>"])
def test_what_it_does_not_load_is_left_out(html: str) -> None:
    assert page(html).loads == ()


def test_scripts_in_the_page_are_read_whole_and_data_is_not() -> None:
    html = '<script>if (a < b && c) d("</p>")</script><script type="application/json">{"a": 1}</script>text'
    assert page(html).inline == (Script("", 'if (a < b && c) d("</p>")'),)


def test_its_own_scripts_are_fetched_and_those_of_others_are_not() -> None:
    html = '<script src="/a.js"></script><script src="https://cdn.example/b.js"></script><script src="c.js">'
    with space(_a=".", **{"_a.js": "one()"}) as client:
        assert list(page(html).scripts(client)) == [Script("/a.js", "one()")]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("a.js", f"{HOST}/ui/a.js"),
        ("/a.js?v=1#top", f"{HOST}/a.js?v=1"),
        ("http://owner-name.hf.space/a.js", f"{HOST}/a.js"),
        ("//owner-name.hf.space:443/a.js", f"{HOST}/a.js"),
        ("https://owner-name.hf.space:8443/a.js", None),
        ("https://cdn.example/a.js", None),
        ("data:text/javascript,", None),
        ("https://[bad/a.js", None),
    ],
)
def test_a_url_is_known_for_the_spaces_own(url: str, found: str | None) -> None:
    own = page("", "/ui/").of_the_space(url)
    assert (None if own is None else str(own)) == found


def test_the_base_of_a_page_counts() -> None:
    assert str(page('<base href="/static/">').of_the_space("a.js")) == f"{HOST}/static/a.js"
    assert page('<base href="https://cdn.example/">').of_the_space("a.js") is None
