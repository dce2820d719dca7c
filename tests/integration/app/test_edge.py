"""The textbook's Space behind its edge, in a real browser: its front end, and a frame of huggingface.co."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from spacedock.browser.sites import framing, serving
from spacedock.browser.window import WITHIN, BrowserWindow, surroundings
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from tests.integration.chromium import launch
from tests.integration.edge.browser.sites import HUB
from tests.questions import QUESTIONS

FRONT = "https://physical-ai-and-humanoid-robotics-omega.vercel.app"
SLOWLY = RequestFault(path="/v1/chat", pace=0.05)  # seconds between two words of the model
# What a front end does: it gets a token, asks, and puts each event of the answer into `heard` as it comes.
ASK = """([space, question]) => {
  window.heard = [];
  const post = (path, body, headers) => fetch(space + path, { method: "POST", body, headers });
  const ask = async () => {
    const { token } = await (await post("/api/sessions")).json();
    const answer = await post("/api/chat", JSON.stringify({ question }), {
      accept: "text/event-stream", authorization: `Bearer ${token}`, "content-type": "application/json",
    });
    let text = "";
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      window.heard = [...text.matchAll(/^event: (\\w+)\\r?\\ndata: (.*)$/gm)].map((match) => match.slice(1));
    }
  };
  ask().catch((error) => heard.push(["error", String(error)]));
}"""


@pytest.fixture(scope="module")
def browser(dock: OpenDock, instance: FullInstance) -> Iterator[Browser]:
    if Capability.EDGE not in dock.capabilities:
        pytest.skip("needs a dock with an edge: tox -e integration -- --dock=image")
    with serving(FRONT, HUB) as sites, sync_playwright() as playwright:
        expect.set_options(timeout=WITHIN)
        with launch(playwright, *surroundings(instance.edge(), sites, Manner.OBSERVED)) as opened:
            yield opened


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserWindow]:
    with browser.new_context() as profile:
        yield BrowserWindow(profile)


def wait_for_event(page: Page, name: str) -> None:
    page.wait_for_function("(name) => heard.some(([event]) => event === name || event === 'error')", arg=name)


def test_the_front_end_reads_an_answer_while_the_model_writes_it(
    window: BrowserWindow, instance: FullInstance, dock: OpenDock
) -> None:
    model_faults, question = OpenAIFaults.of(dock.services["openai"]), QUESTIONS[0]
    model_faults.order(SLOWLY)
    window.page.goto(FRONT)
    window.page.evaluate(ASK, [instance.edge().url, question.text])
    wait_for_event(window.page, "token")
    assert model_faults.requests()[-1].outcome == "pending"
    wait_for_event(window.page, "done")
    found, *tokens, (name, done) = window.page.evaluate("heard")
    assert (found[0], {event for event, _ in tokens}, name) == ("citations", {"token"}, "done")
    assert f"/{question.chapter}#" in done
    assert window.console == []


def test_the_page_works_in_a_frame_of_huggingface(window: BrowserWindow, instance: FullInstance) -> None:
    question = QUESTIONS[0]
    window.page.goto(HUB + framing(instance.edge().url))
    window.frame.get_by_label("Your question").fill(question.text)
    window.frame.get_by_label("Your question").press("Enter")
    expect(window.frame.get_by_role("link", name=question.heading).first).to_be_visible()
    expect(window.frame.locator(".answer").last).to_contain_text(question.text)
    assert window.console == []
