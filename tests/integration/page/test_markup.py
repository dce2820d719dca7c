"""What comes from a model or a book is shown, and never run."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Open
from tests.integration.page.double import Double, Site
from tests.integration.page.script import BALANCE, done, session, stream, token
from tests.integration.page.visitor import ask, log, says, script_answer

HOSTILE = """
<p id="kept" onclick="hacked = 1" style="position: fixed">Harmless</p>
<script>hacked = 2</script><img src="x" onerror="hacked = 3">
<svg onload="hacked = 4"><a xlink:href="javascript:0"/></svg>
<iframe srcdoc="<script>top.hacked = 5</script>"></iframe><iframe src="javascript:top.hacked = 6"></iframe>
<a href="javascript:hacked = 7">first</a> <a href=" jav&#x0a;ascript:hacked = 8">second</a>
<a href="data:text/html,<script>hacked = 9</script>">third</a> <a href="//elsewhere.example/">fourth</a>
<math><mtext><table><mglyph><style><img src=x onerror="hacked = 10"></style></mglyph></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror='hacked = 11'>"></noscript>
<style>body { display: none }</style><link rel="stylesheet" href="https://elsewhere.example/">
<form action="https://elsewhere.example/"><button>press</button></form><object data="x"></object>
<template><img src=x onerror="hacked = 12"></template><base href="https://elsewhere.example/">
"""
SAFE = """async (html) => {
  const { safe } = await import("/static/markup.js");
  const box = document.createElement("div");
  box.append(safe(html));
  return box.innerHTML;
}"""
SCROLLING = 'class="wide" tabindex="0" role="group"'
APART = 'target="_blank" rel="noopener noreferrer"'


def test_html_in_a_token_is_shown_as_text(page: Page, api: Double) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("<b>bold</b><img src=x "), token("onerror='hacked = 1'>"), gate))
    ask(page)
    says(page, "<b>bold</b><img src=x onerror='hacked = 1'>")
    expect(log(page).locator("b, img")).to_have_count(0)
    gate.open()


def test_a_hostile_answer_does_nothing_even_without_the_policy(
    open_page: Open, api: Double, site: Site
) -> None:
    page = open_page(bypass_csp=True)  # so that the policy is not what saves the page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    script_answer(api, HOSTILE)
    ask(page)
    expect(log(page).get_by_text("Harmless")).to_be_visible()
    for name in ("first", "second", "third", "fourth"):
        page.get_by_text(name, exact=True).click()
    assert page.evaluate("typeof hacked") == "undefined"
    names = page.evaluate("[...document.querySelectorAll('.answer *')].map((element) => element.localName)")
    assert set(names) == {"p", "a"}
    attributes = page.evaluate(
        "[...document.querySelectorAll('.answer *')].flatMap((element) => element.getAttributeNames())"
    )
    assert attributes == []
    expected = f"{site.url}/api/", f"{site.url}/static/"
    assert [address for address in addresses if not address.startswith(expected)] == []


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<p class="x" id="y">A <b>b</b><br>c</p>', "<p>A <b>b</b><br>c</p>"),
        ("<h1>One</h1><h5>Five</h5>", "<h3>One</h3><h3>Five</h3>"),
        ('<ol start="3"><li>c</li></ol>', '<ol start="3"><li>c</li></ol>'),
        ("<section><p>in</p></section><blink>out</blink>", "<p>in</p>out"),
        ('<a href="https://x.example/a">x</a>', f'<a href="https://x.example/a" {APART}>x</a>'),
        ('<a href="#part">x</a>', '<a href="#part">x</a>'),
        ('<a href="vbscript:x">x</a><a>y</a>', "<a>x</a><a>y</a>"),
        ("<!-- no --><script>no</script>", ""),
        ("<p>&lt;b&gt;</p>", "<p>&lt;b&gt;</p>"),
        (
            "<pre><code>a  b</code></pre>",
            f'<div {SCROLLING} aria-label="Code"><pre><code>a  b</code></pre></div>',
        ),
    ],
)
def test_of_an_answer_only_what_is_listed_is_kept(page: Page, html: str, shown: str) -> None:
    assert page.evaluate(SAFE, html) == shown


@pytest.mark.parametrize("url", ["javascript:hacked = 1", "data:text/html,x", "/relative", ""])
def test_a_source_without_a_web_address_is_no_link(page: Page, api: Double, url: str) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(done("<p>Said.</p>", {**BALANCE, "url": url, "heading": "<b>A</b>"})))
    ask(page)
    expect(log(page).get_by_text("<b>A</b>")).to_be_visible()
    expect(log(page).get_by_role("link")).to_have_count(0)
