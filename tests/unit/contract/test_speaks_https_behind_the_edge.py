from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import HOST, Answer, FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance

PROMISE = "speaks-https-behind-the-edge"
SOUND = f"""
<link rel="stylesheet" href="/style.css"><script src="https://cdn.example/a.js"></script>
<a href="http://elsewhere.example/">a plain link</a> <code>curl http://localhost:8080/</code>
<img src="data:,"><link rel="author" href="http://author.example/"> <a href="https://{HOST}/docs">docs</a>
"""


def judge(space: Space, hold: Hold, **answers: httpx.Response) -> tuple[Outcome, str]:
    """Hold a Space whose paths, written with `_` for `/`, answer that; all others with 404."""
    known = {name.replace("_", "/"): answer for name, answer in answers.items()}

    def answer(request: httpx.Request) -> httpx.Response:
        return known.get(request.url.path, httpx.Response(404))

    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer))))
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def redirect(location: str) -> httpx.Response:
    return httpx.Response(307, headers={"location": location})


def page(text: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, html=text, headers=named)


def test_a_page_with_https_and_relative_urls_keeps_it(space: Space, hold: Hold) -> None:
    assert judge(space, hold, _=page(SOUND)) == (Outcome.KEPT, "")


@pytest.mark.parametrize("location", [f"https://{HOST}/docs", "/docs", "docs", "http://elsewhere.example/"])
def test_a_redirect_that_a_browser_can_follow_keeps_it(space: Space, hold: Hold, location: str) -> None:
    assert judge(space, hold, _docs_=redirect(location)) == (Outcome.KEPT, "")


def test_a_redirect_to_http_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, _docs_=redirect(f"http://{HOST}/docs"))
    assert outcome is Outcome.BROKEN
    assert seen == f"GET /docs/ redirects to http://{HOST}/docs"


@pytest.mark.parametrize(
    "location",
    [
        "https://proxy.spaces.internal.huggingface.tech/docs",
        "http://172.18.0.5:8080/docs",
        "http://localhost:8080/docs",
        "http://backend:8080/docs",
        f"https://{HOST}:8080/docs",
    ],
)
def test_a_redirect_to_where_no_browser_comes_breaks_it(space: Space, hold: Hold, location: str) -> None:
    outcome, seen = judge(space, hold, _docs_=redirect(location))
    assert outcome is Outcome.BROKEN
    assert location in seen


def test_the_paths_of_an_openapi_description_are_asked_with_the_slash_turned(
    space: Space, hold: Hold
) -> None:
    description = httpx.Response(200, json={"paths": {"/items/": {}, "/items/{id}/": {}}})
    http = redirect(f"http://{HOST}/items/")
    outcome, seen = judge(space, hold, **{"_openapi.json": description, "_items": http})
    assert outcome is Outcome.BROKEN
    assert seen == f"GET /items redirects to http://{HOST}/items/"


def test_a_redirect_of_the_root_is_seen_and_the_page_behind_it_read(space: Space, hold: Hold) -> None:
    outcome, seen = judge(
        space, hold, _=redirect(f"http://{HOST}/ui"), _ui=page('<img src="http://pictures.example/a.png">')
    )
    assert outcome is Outcome.BROKEN
    assert f"GET / redirects to http://{HOST}/ui" in seen
    assert "loads http://pictures.example/a.png" in seen


def test_a_page_whose_slash_is_mended_by_http_is_served_well_by_the_edge(space: Space, hold: Hold) -> None:
    answers = {"_": redirect("/ui"), "_ui": redirect(f"http://{HOST}/ui/"), "_ui_": page(SOUND)}
    assert judge(space, hold, **answers) == (Outcome.KEPT, "")


def test_every_defect_of_one_kind_is_one_problem(space: Space, hold: Hold) -> None:
    description = httpx.Response(200, json={"paths": {f"/{name}": {} for name in "abcde"}})
    redirects = {f"_{name}_": redirect(f"http://{HOST}/{name}") for name in "abcde"}
    _, seen = judge(space, hold, **{"_openapi.json": description}, **redirects)
    assert "\n" not in seen
    assert seen.endswith("(and 2 more)")


@pytest.mark.parametrize(
    "html",
    [
        '<script src="http://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="http://cdn.example/a.css">',
        '<iframe src="http://other.example/"></iframe>',
        '<form action="http://other.example/send"></form>',
    ],
)
def test_what_a_page_loads_by_http_breaks_it(space: Space, hold: Hold, html: str) -> None:
    outcome, seen = judge(space, hold, _=page(html))
    assert outcome is Outcome.BROKEN
    assert "the page at / loads http://" in seen


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_its_own_url_without_tls_in_the_page_breaks_it(space: Space, hold: Hold, scheme: str) -> None:
    outcome, seen = judge(space, hold, _=page(f'<script>const base = "{scheme}://{HOST}/api"</script>'))
    assert outcome is Outcome.BROKEN
    assert f"the page at / names {scheme}://{HOST}/api" in seen


def test_a_page_that_has_browsers_upgrade_keeps_it(space: Space, hold: Hold) -> None:
    html = '<script src="http://cdn.example/a.js"></script>'
    answer = page(html, content_security_policy="upgrade-insecure-requests")
    assert judge(space, hold, _=answer) == (Outcome.KEPT, "")


def test_a_server_in_the_openapi_description_by_http_breaks_it(space: Space, hold: Hold) -> None:
    description = httpx.Response(200, json={"servers": [{"url": f"http://{HOST}"}, {"url": "/"}]})
    outcome, seen = judge(space, hold, **{"_openapi.json": description})
    assert outcome is Outcome.BROKEN
    assert seen == f"/openapi.json names as its server http://{HOST}"


@pytest.mark.parametrize("answer", [httpx.Response(200, text="no JSON"), httpx.Response(200, json=[1])])
def test_what_is_no_openapi_description_is_left_alone(
    space: Space, hold: Hold, answer: httpx.Response
) -> None:
    assert judge(space, hold, **{"_openapi.json": answer}) == (Outcome.KEPT, "")


def sent_away(back: str) -> httpx.Response:
    return redirect(f"https://provider.example/authorize?client_id=a&redirect_uri={quote(back, safe='')}")


@pytest.mark.parametrize("path", ["/login", "/oauth/huggingface/login"])
def test_a_login_that_sends_back_to_http_breaks_it(space: Space, hold: Hold, path: str) -> None:
    answer = sent_away(f"http://{HOST}/signed-in")
    location = answer.headers["location"]
    outcome, seen = judge(space, hold, **{path.replace("/", "_"): answer})
    assert outcome is Outcome.BROKEN
    assert seen == f"GET {path} redirects to {location}"


def test_a_login_of_the_openapi_description_is_asked(space: Space, hold: Hold) -> None:
    description = httpx.Response(200, json={"paths": {"/auth/sign-in": {}, "/catalogin": {}}})
    answers = {"_auth_sign-in": sent_away(f"http://{HOST}/"), "_catalogin": sent_away(f"http://{HOST}/")}
    outcome, seen = judge(space, hold, **{"_openapi.json": description}, **answers)
    assert outcome is Outcome.BROKEN
    assert seen.startswith("GET /auth/sign-in redirects to ")
    assert "catalogin" not in seen


@pytest.mark.parametrize("back", [f"https://{HOST}/signed-in", "http://elsewhere.example/"])
def test_a_login_that_sends_back_to_https_or_elsewhere_keeps_it(space: Space, hold: Hold, back: str) -> None:
    assert judge(space, hold, _login=sent_away(back)) == (Outcome.KEPT, "")


@pytest.mark.parametrize(
    "code",
    [
        'new WebSocket("ws://" + location.host + "/ws")',
        "new WebSocket('ws://api.example/ws')",
        "const url = `ws://${window.location.host}/ws`",
        'let url="ws://"+location.hostname',
    ],
)
def test_a_websocket_by_ws_breaks_it(space: Space, hold: Hold, code: str) -> None:
    outcome, seen = judge(space, hold, _=page(f"<script>{code}</script>"))
    assert outcome is Outcome.BROKEN
    assert seen.startswith("the page at / opens a WebSocket by ws://: ")
    answers = {"_": page('<script src="/app.js"></script>'), "_app.js": httpx.Response(200, text=code)}
    assert judge(space, hold, **answers)[1].startswith(
        "the page at / opens a WebSocket by ws:// in /app.js: "
    )


@pytest.mark.parametrize(
    "code",
    [
        'new WebSocket("wss://" + location.host + "/ws")',
        'new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host)',
        'location.protocol === "https:" ? "wss://" + location.host : "ws://" + location.host',
        'new WebSocket("ws://localhost:8000/ws")',  # is for another promise
        'new WebSocket("/ws")',
    ],
)
def test_a_websocket_by_wss_keeps_it(space: Space, hold: Hold, code: str) -> None:
    assert judge(space, hold, _=page(f"<script>{code}</script>")) == (Outcome.KEPT, "")


def judge_by(space: Space, hold: Hold, answer: Answer) -> tuple[Outcome, list[str]]:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer))))
    return finding.outcome, [problem.seen for problem in finding.problems]


@pytest.mark.parametrize("location", ["https://[bad/", f"https://{HOST}:port/", "https://xn--.example/", "/"])
def test_a_redirect_to_no_url_or_on_and_on_is_no_matter_of_https(
    space: Space, hold: Hold, location: str
) -> None:
    outcome, _ = judge_by(space, hold, lambda _: redirect(location))
    assert outcome is Outcome.KEPT


def test_a_space_that_hangs_up_is_another_promises_business(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    assert judge_by(space, hold, resets) == (Outcome.KEPT, [])


def test_a_description_that_is_nested_too_deeply_says_nothing(space: Space, hold: Hold) -> None:
    deep = httpx.Response(200, text="[" * 100_000)
    assert judge(space, hold, **{"_openapi.json": deep}) == (Outcome.KEPT, "")


def test_a_redirect_that_is_made_by_hand_at_a_described_path_breaks_it(space: Space, hold: Hold) -> None:
    description = httpx.Response(200, json={"paths": {"/jump": {"get": {}}, "/item/{name}": {"get": {}}}})
    answers = {"_openapi.json": description, "_item_spacedock": redirect(f"http://{HOST}/items")}
    outcome, seen = judge(space, hold, **answers)
    assert (outcome, seen) == (Outcome.BROKEN, f"GET /item/spacedock redirects to http://{HOST}/items")


def test_a_redirect_behind_a_link_of_the_page_breaks_it(space: Space, hold: Hold) -> None:
    answers = {"_": page('<a href="/go?to=docs">go</a>'), "_go": redirect(f"http://{HOST}/docs")}
    outcome, seen = judge(space, hold, **answers)
    assert (outcome, seen) == (Outcome.BROKEN, f"GET /go redirects to http://{HOST}/docs")


def test_a_link_to_another_host_is_not_followed(space: Space, hold: Hold) -> None:
    links = '<a href="https://elsewhere.example/go">go</a><a href="mailto:a@b.example">write</a>'
    assert judge(space, hold, _=page(links), _go=redirect(f"http://{HOST}/")) == (Outcome.KEPT, "")
