"""What a page of another origin may do with the Space behind its edge."""

from __future__ import annotations

from secrets import token_hex

import httpx
import pytest
from playwright.sync_api import Error, Page

from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.space import Space
from tests.integration.edge.browser.conftest import EDGE, Broken, Visit, observed, transparent
from tests.integration.edge.browser.sites import FOREIGN, FRONT

BEARER = {"authorization": "Bearer let-me-in", "content-type": "application/json"}
ASK = "async ([url, options]) => (await fetch(url, options)).json()"
# Puts the status, each piece and the end into `heard`, as they come.
HEAR = """([url, headers]) => {
  window.heard = [];
  const hear = async () => {
    const answer = await fetch(url, { method: "POST", headers, body: "{}" });
    heard.push(answer.status);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      heard.push(done ? "the end" : value);
      if (done) return;
    }
  };
  hear().catch((error) => heard.push(`${error}`));
}"""


def heard(page: Page, *what: object) -> None:
    """Expect that the page has heard exactly this."""
    page.wait_for_function("(count) => heard.length >= count", arg=len(what))
    assert page.evaluate("heard") == list(what)


def seen(instance: FullInstance) -> list[str]:
    """What the Space itself was asked so far."""
    requests: list[str] = httpx.get(f"{instance.url}/seen").json()
    return requests


def test_a_front_end_with_a_token_reads_an_answer_while_it_is_written(
    visit: Visit, instance: FullInstance, manner: Manner
) -> None:
    gate = token_hex(4)
    path = f"/api/stream?{gate}"
    page = visit(FRONT).page
    page.evaluate(HEAR, [instance.edge().url + path, BEARER])
    heard(page, 200, "first")
    httpx.post(f"{instance.url}/gate?{gate}").raise_for_status()
    heard(page, 200, "first", "second", "the end")
    assert f"POST {path}" in seen(instance)
    assert (f"OPTIONS {path}" in seen(instance)) is (manner is Manner.TRANSPARENT)


@transparent
def test_a_call_with_credentials_works_where_the_space_answers_the_preflight(
    visit: Visit, instance: FullInstance
) -> None:
    page = visit(FRONT).page
    page.evaluate("(url) => fetch(url, { credentials: 'include' }).then(() => {})", instance.edge().url)
    asked = {"credentials": "include", "headers": BEARER}
    assert page.evaluate(ASK, [f"{instance.edge().url}/api/visit/", asked]) == {"cookie": True}


@observed
def test_a_call_with_credentials_is_refused_where_the_edge_answers_the_preflight(
    visit: Visit, instance: FullInstance, space: Space, broken: Broken
) -> None:
    window = visit(FRONT)
    asked = {"credentials": "include", "headers": BEARER}
    with pytest.raises(Error, match="Failed to fetch"):
        window.page.evaluate(ASK, [f"{instance.edge().url}/api/visit/", asked])
    window.wait_for_console(
        "blocked by CORS policy: Response to preflight request doesn't pass access control check: The value "
        "of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when "
        "the request's credentials mode is 'include'."
    )
    origins = space.manifest.origins.model_copy(update={"credentials": True})
    assert broken(space.manifest.model_copy(update={"origins": origins})) == [EDGE]
    assert broken() == []


def test_a_call_with_credentials_and_without_preflight_works(visit: Visit, instance: FullInstance) -> None:
    page = visit(FRONT).page
    page.evaluate("(url) => fetch(url, { credentials: 'include' }).then(() => {})", instance.edge().url)
    asked = {"credentials": "include"}
    assert page.evaluate(ASK, [f"{instance.edge().url}/api/visit/", asked]) == {"cookie": True}


@transparent
@pytest.mark.parametrize("headers", [{}, BEARER], ids=["simple", "preflighted"])
def test_a_foreign_page_cannot_read_where_the_space_is_asked(
    visit: Visit, instance: FullInstance, headers: dict[str, str]
) -> None:
    window = visit(FOREIGN)
    with pytest.raises(Error, match="Failed to fetch"):
        window.page.evaluate(ASK, [f"{instance.edge().url}/api/visit/", {"headers": headers}])
    window.wait_for_console("No 'Access-Control-Allow-Origin' header is present on the requested resource.")


@observed
@pytest.mark.parametrize("headers", [{}, BEARER], ids=["simple", "preflighted"])
def test_a_foreign_page_can_read_where_the_edge_reflects_the_origin(
    visit: Visit, instance: FullInstance, headers: dict[str, str]
) -> None:
    page = visit(FOREIGN).page
    answer = page.evaluate(ASK, [f"{instance.edge().url}/api/visit/", {"headers": headers}])
    assert answer == {"cookie": False}
