from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from spacedock.evidence.asking import Headers, Reply
from spacedock.evidence.markup import Load, Page, Script, page_of, path_in
from spacedock.evidence.pages import LoadedPage, PageSeen
from spacedock.run.loop import Run
from tests.unit.edges import HOST as NAME
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

HOST = f"https://{NAME}"


def page(html: str, path: str = "/") -> Page:
    headers = Headers((("content-type", "text/html; charset=utf-8"),))
    return page_of(HOST, Reply("GET", path, 200, headers, html.encode(), whole=True))


def opened(folder: Path, **texts: str) -> tuple[LoadedPage | None, list[str]]:
    """Open a Space that has these files, whose names are written with `_` for `/`; return what was asked."""
    known = {name.replace("_", "/"): text for name, text in texts.items()}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        text = known.get(request.url.path)
        return httpx.Response(404) if text is None else httpx.Response(200, html=text)

    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer)))
    with Run(sound_space(folder), dock) as run:
        return run.look(PageSeen()), asked


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


def test_its_own_scripts_are_fetched_and_those_of_others_are_not(tmp_path: Path) -> None:
    html = '<script src="/a.js"></script><script src="https://cdn.example/b.js"></script><script src="c.js">'
    seen, _ = opened(tmp_path, _=html, **{"_a.js": "one()"})
    assert seen
    assert seen.scripts == (Script("/a.js", "one()"),)


def test_what_it_loads_is_asked_for_once_in_its_order(tmp_path: Path) -> None:
    html = '<img src="/a.png"><script src="/b.js"></script><img src="/a.png#top"><img src="/c.png">'
    seen, asked = opened(tmp_path, _=html, **{"_b.js": "one()"})
    assert seen
    assert [(reply.path, reply.status) for reply in seen.replies] == [
        ("/a.png", 404),
        ("/b.js", 200),
        ("/c.png", 404),
    ]
    assert sorted(asked) == ["/", "/a.png", "/b.js", "/c.png"]


def test_where_no_page_is_nothing_is_seen(tmp_path: Path) -> None:
    assert opened(tmp_path) == (None, ["/"])


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("a.js", "/ui/a.js"),
        ("/a.js?v=1#top", "/a.js?v=1"),
        ("http://owner-name.hf.space/a.js", "/a.js"),
        ("//owner-name.hf.space:443/a.js", "/a.js"),
        ("https://owner-name.hf.space", "/"),
        ("https://owner-name.hf.space:8443/a.js", ""),
        ("https://owner-name.hf.space:port/a.js", ""),
        ("https://cdn.example/a.js", ""),
        ("data:text/javascript,", ""),
        ("https://[bad/a.js", ""),
    ],
)
def test_a_url_is_known_for_the_spaces_own(url: str, found: str) -> None:
    assert path_in(HOST, page("", "/ui/").absolute(url)) == found


def test_the_base_of_a_page_counts() -> None:
    assert page('<base href="/static/">').absolute("a.js") == f"{HOST}/static/a.js"
    assert page('<base href="https://cdn.example/">').absolute("a.js") == "https://cdn.example/a.js"
