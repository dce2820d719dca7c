from __future__ import annotations

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import HOST, FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance

PROMISE = "finds-what-its-pages-load"
SWAGGER = "<script>const ui = SwaggerUIBundle({{\n    url: '{}',\n}})</script>"


def judge(space: Space, hold: Hold, **answers: httpx.Response) -> tuple[Outcome, str]:
    """Hold a Space whose paths, written with `_` for `/`, answer that; all others with 404."""
    known = {name.replace("_", "/"): answer for name, answer in answers.items()}

    def answer(request: httpx.Request) -> httpx.Response:
        return known.get(request.url.path, httpx.Response(404))

    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer))))
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def page(html: str) -> httpx.Response:
    return httpx.Response(200, html=html)


def script(text: str) -> httpx.Response:
    return httpx.Response(200, text=text, headers={"content-type": "text/javascript"})


def test_a_page_that_finds_all_it_loads_keeps_it(space: Space, hold: Hold) -> None:
    html = f'<script src="/app.js"></script><img src="https://{HOST}/logo.png"><p>see http://localhost:8000/'
    answers = {"_": page(html), "_app.js": script('fetch("/api")'), "_logo.png": httpx.Response(200)}
    assert judge(space, hold, **answers) == (Outcome.KEPT, "")


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="icon" href="/favicon.ico">',
        '<link rel="manifest" href="/site.webmanifest">',
        '<form action="/send"></form>',
        '<img src="data:,">',
    ],
)
def test_what_is_elsewhere_or_harms_nobody_is_not_asked_for(space: Space, hold: Hold, html: str) -> None:
    assert judge(space, hold, _=page(html)) == (Outcome.KEPT, "")


@pytest.mark.parametrize(
    "html",
    [
        '<script src="/absent"></script>',
        '<link rel="stylesheet" href="absent">',
        f'<img src="http://{HOST}/absent">',
    ],
)
def test_something_that_is_not_there_breaks_it(space: Space, hold: Hold, html: str) -> None:
    assert judge(space, hold, _=page(html)) == (
        Outcome.BROKEN,
        "the page at / loads /absent, which answers 404",
    )


def test_several_things_that_are_not_there_are_one_problem(space: Space, hold: Hold) -> None:
    html = "".join(f'<img src="/{name}">' for name in "abcd")
    _, seen = judge(space, hold, _=page(html))
    assert seen.startswith("the page at / loads /a, which answers 404; ")
    assert seen.endswith("(and 1 more)")


@pytest.mark.parametrize(
    "html", [SWAGGER.format("/notes/openapi.json"), '<redoc spec-url="/notes/openapi.json">']
)
def test_a_description_that_is_not_there_breaks_it(space: Space, hold: Hold, html: str) -> None:
    assert judge(space, hold, _docs=page(html)) == (
        Outcome.BROKEN,
        "the page at /docs loads /notes/openapi.json, which answers 404",
    )


def test_a_description_that_is_there_keeps_it(space: Space, hold: Hold) -> None:
    answers = {"_docs": page(SWAGGER.format("/openapi.json")), "_openapi.json": httpx.Response(200, json={})}
    assert judge(space, hold, **answers) == (Outcome.KEPT, "")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://localhost:8000/api/notes",
        "http://127.0.0.1/api",
        "https://localhost/api",
        "ws://0.0.0.0:8000/ws",
    ],
)
def test_a_script_that_calls_localhost_breaks_it(space: Space, hold: Hold, url: str) -> None:
    expected = (Outcome.BROKEN, f"the page at / calls {url}")
    assert judge(space, hold, _=page(f"<script>const api = `{url}`;</script>")) == expected
    answers = {"_": page('<script type="module" src="/app.js"></script>'), "_app.js": script(f'a("{url}")')}
    expected = (Outcome.BROKEN, f"the page at / loads /app.js, which calls {url}")
    assert judge(space, hold, **answers) == expected


@pytest.mark.parametrize(
    "text",
    [
        'new URL(path, "http://localhost")',  # a base that nobody asks: axios, routers
        'new URL(path, "http://localhost/")',
        'spotlight("http://localhost:8969/stream")',
        'const api = location.hostname === "localhost" ? "http://localhost:8000" : ""',
        "// run it at http://localhost:8000/",
        'fetch("http://localhost.example:8000/")',
    ],
)
def test_a_script_that_only_names_localhost_keeps_it(space: Space, hold: Hold, text: str) -> None:
    assert judge(space, hold, _=page(f"<script>{text}</script>")) == (Outcome.KEPT, "")


def test_something_loaded_from_localhost_breaks_it(space: Space, hold: Hold) -> None:
    html = '<script src="http://localhost:5173/src/main.js"></script>'
    assert judge(space, hold, _=page(html)) == (
        Outcome.BROKEN,
        "the page at / loads http://localhost:5173/src/main.js",
    )


def test_a_redirect_to_the_page_is_followed(space: Space, hold: Hold) -> None:
    answers = {
        "_": httpx.Response(307, headers={"location": "/ui/"}),
        "_ui_": page('<script src="app.js"></script>'),
    }
    outcome, seen = judge(space, hold, **answers)
    assert outcome is Outcome.BROKEN
    assert seen == "the page at / loads /ui/app.js, which answers 404"


def test_a_space_without_pages_is_left_alone(space: Space, hold: Hold) -> None:
    assert judge(space, hold, _=httpx.Response(200, json={})) == (Outcome.KEPT, "")


def test_a_dock_without_an_edge_cannot_show_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.EDGE})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


def test_it_is_advice(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).promise.level is Level.SHOULD


def test_something_that_is_not_answered_breaks_it(space: Space, hold: Hold) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/app.js":
            raise httpx.ReadError("reset", request=request)
        return page('<script src="/app.js?v=2"></script>')

    problem, *_ = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer)))).problems
    assert problem.seen == "the page at / loads /app.js, which is not answered: ReadError reset"


@pytest.mark.parametrize(
    "html", ["<![foo[", f"&#{'9' * 5000};", '<img src="https://[bad">', '<img src="/a\x1bb">']
)
def test_html_that_is_none_is_read_as_far_as_it_goes(space: Space, hold: Hold, html: str) -> None:
    _, seen = judge(space, hold, _=page(f'<img src="/absent">{html}'))
    assert seen == "the page at / loads /absent, which answers 404"


@pytest.mark.parametrize("location", ["/", "https://elsewhere.example/"])
def test_a_root_that_leads_on_and_on_or_elsewhere_has_no_page(
    space: Space, hold: Hold, location: str
) -> None:
    edge = FakeEdge(lambda _: httpx.Response(307, headers={"location": location}))
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=edge))).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    "text",
    [
        'import { ask } from "./parts/ask.js";',
        "import './parts/ask.js'",
        'export * from "/parts/ask.js";',
        'import a, {\n  b,\n  c as d\n} from "./parts/ask.js"',
        'const a=1;import"./parts/ask.js";',
        'import * as ask from "../parts/ask.js";',
    ],
)
def test_what_a_module_imports_and_is_not_there_breaks_it(space: Space, hold: Hold, text: str) -> None:
    html = '<script type="module" src="/app.js"></script>'
    assert judge(space, hold, **{"_": page(html), "_app.js": script(text)}) == (
        Outcome.BROKEN,
        "the page at / loads /parts/ask.js, which answers 404",
    )


def test_what_an_imported_module_imports_is_asked_for_too(space: Space, hold: Hold) -> None:
    html = '<script type="module">import "./a.js";</script>'
    answers = {"_": page(html), "_a.js": script('import "./b.js"'), "_b.js": script('import "./a.js"')}
    assert judge(space, hold, **answers) == (Outcome.KEPT, "")
    del answers["_b.js"]
    assert judge(space, hold, **answers)[1] == "the page at / loads /b.js, which answers 404"


@pytest.mark.parametrize(
    "text",
    [
        'import { h } from "preact";',  # a bare name, which an import map leads somewhere
        '// import "./old.js"',
        '/*\n * import a from "./old.js"\n */',
        "const text = \"import a from './old.js'\";",
        'const later = () => import("./old.js");',  # is asked for when it is wanted
        'import "https://cdn.example/a.js";',
    ],
)
def test_what_is_no_static_import_is_not_asked_for(space: Space, hold: Hold, text: str) -> None:
    html = '<script type="module" src="/app.js"></script>'
    assert judge(space, hold, **{"_": page(html), "_app.js": script(text)}) == (Outcome.KEPT, "")


def test_a_script_that_is_no_module_imports_nothing(space: Space, hold: Hold) -> None:
    html = '<script src="/app.js"></script>'
    answers = {"_": page(html), "_app.js": script('x = `\nimport "./old.js"`')}
    assert judge(space, hold, **answers) == (Outcome.KEPT, "")


def test_modules_without_an_end_have_one(space: Space, hold: Hold) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        number = len(asked)
        if request.url.path == "/":
            return page('<script type="module" src="/0.js"></script>')
        return script(f'import "./{number}a.js"\nimport "./{number}b.js"')

    hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer))))
    assert len(asked) < 100
