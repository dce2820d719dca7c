"""A Space is asked: what is sent, and what is read of answers that behave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from spacedock.edge.base import HostForm, Manner
from spacedock.evidence.asking import Asker, AskLimits, Headers, Reply, directly, headers_of, through
from spacedock.space.manifest import Request
from tests.unit.edges import HOST, FakeEdge

URL = "http://space.test"


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        router.route(name="any").respond(200, text="fine", headers={"X-Kind": "short"})
        yield router


@pytest.fixture
def asker() -> Iterator[Asker]:
    with directly(URL) as found:
        yield found


def sent(server: respx.MockRouter) -> httpx.Request:
    request: httpx.Request = server.calls.last.request
    return request


def test_an_answer_is_read(server: respx.MockRouter, asker: Asker) -> None:
    reply = asker.ask("GET", "/notes?first=2")
    assert (reply.method, reply.path, reply.status) == ("GET", "/notes?first=2", 200)
    assert (reply.text, reply.whole, reply.failure) == ("fine", True, "")
    assert (reply.answered, reply.ok, reply.failed, reply.redirects) == (True, True, False, False)
    assert sent(server).url == f"{URL}/notes?first=2"


def test_equal_replies_are_equal_however_long_they_took(server: respx.MockRouter, asker: Asker) -> None:
    first, second = asker.ask("GET", "/"), asker.ask("GET", "/")
    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_the_space_is_a_failure(server: respx.MockRouter, asker: Asker, status: int) -> None:
    server["any"].respond(status, text="no\n  database")
    assert asker.ask("GET", "/").failed
    assert str(asker.ask("GET", "/")) == f"GET / answers {status}: no database"


def test_an_error_of_who_asked_is_none(server: respx.MockRouter, asker: Asker) -> None:
    server["any"].respond(404)
    assert not asker.ask("GET", "/").failed
    assert str(asker.ask("GET", "/")) == "GET / answers 404"


def test_no_answer_is_told_as_such(server: respx.MockRouter, asker: Asker) -> None:
    server["any"].mock(side_effect=httpx.ReadTimeout("too late"))
    reply = asker.ask("GET", "/")
    assert str(reply) == "GET / is not answered: ReadTimeout too late"
    assert (reply.status, reply.answered, reply.failed, reply.whole) == (None, False, True, False)


def test_what_was_asked_before_leaves_no_cookie(server: respx.MockRouter, asker: Asker) -> None:
    server["any"].respond(200, headers={"Set-Cookie": "visited=yes"})
    asker.ask("GET", "/")
    asker.ask("GET", "/")
    assert "cookie" not in sent(server).headers


def test_whoever_stops_the_run_stops_it(server: respx.MockRouter, asker: Asker) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    server["any"].mock(side_effect=interrupted)
    with pytest.raises(KeyboardInterrupt):
        asker.ask("GET", "/")


@pytest.mark.parametrize("path", ["", "notes", "http://other.test/", "/a\nb"])
def test_what_is_no_path_is_a_mistake_of_our_own(asker: Asker, path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        asker.ask("GET", path)


def test_a_path_that_looks_like_a_host_is_a_path(server: respx.MockRouter, asker: Asker) -> None:
    asker.ask("GET", "//other.test/a")
    assert sent(server).url.host == "space.test"


def test_by_its_host_the_space_is_asked_where_it_listens(server: respx.MockRouter) -> None:
    with directly(URL, host="owner-name.hf.space") as asker:
        asker.ask("GET", "/")
    assert sent(server).headers["host"] == "owner-name.hf.space"
    assert sent(server).url == f"{URL}/"


def test_a_header_that_is_no_ascii_is_sent(server: respx.MockRouter, asker: Asker) -> None:
    asker.ask("GET", "/", headers={"X-Name": "Zoë"})
    assert (b"X-Name", "Zoë".encode()) in sent(server).headers.raw


def test_of_what_never_ends_the_head_is_enough(server: respx.MockRouter, asker: Asker) -> None:
    reply = asker.head_only("GET", "/")
    assert (reply.status, reply.headers.get("x-kind"), reply.body) == (200, "short", b"")


def test_an_asker_that_is_closed_asks_no_more(asker: Asker) -> None:
    asker.close()
    with pytest.raises(RuntimeError, match="closed"):
        asker.ask("GET", "/")


class TestRequestsOfTheManifest:
    @pytest.mark.parametrize("body", [{"text": "ä"}, ["a"]])
    def test_a_body_that_is_no_text_is_sent_as_json(
        self, server: respx.MockRouter, asker: Asker, body: Any
    ) -> None:
        asker.send(Request(path="/notes", method="POST", body=body))
        assert sent(server).method == "POST"
        assert sent(server).headers["content-type"] == "application/json"
        assert json.loads(sent(server).content) == body

    def test_a_text_is_sent_as_it_is(self, server: respx.MockRouter, asker: Asker) -> None:
        asker.send(Request(path="/notes", method="PUT", headers={"x-kind": "short"}, body="as it is"))
        assert sent(server).content == b"as it is"
        assert sent(server).headers["x-kind"] == "short"
        assert "content-type" not in sent(server).headers

    def test_headers_that_are_given_stand_for_its_own(self, server: respx.MockRouter, asker: Asker) -> None:
        asker.send(Request(path="/", headers={"x-a": "1"}), {"x-b": "2"})
        assert "x-a" not in sent(server).headers
        assert sent(server).headers["x-b"] == "2"

    def test_a_name_in_a_header_stands_for_its_value(self) -> None:
        request = Request(path="/", headers={"Authorization": "Bearer $API_TOKEN", "X-Cost": "$5"})
        assert headers_of(request, {"API_TOKEN": "t0p"}) == {"Authorization": "Bearer t0p", "X-Cost": "$5"}

    def test_at_once_each_is_sent_as_often_as_asked(self, server: respx.MockRouter, asker: Asker) -> None:
        requests = [Request(path="/a"), Request(path="/b")]
        assert [reply.path for reply in asker.send_at_once(requests, 2)] == ["/a", "/a", "/b", "/b"]

    def test_at_once_nothing_is_sent_where_there_is_nothing(self, asker: Asker) -> None:
        assert asker.send_at_once([], 8) == ()


class TestThroughTheEdge:
    def test_the_space_is_asked_by_its_name(self) -> None:
        edge = FakeEdge(lambda request: httpx.Response(200, text=request.headers["host"]))
        with through(edge, Manner.TRANSPARENT) as asker:
            assert asker.ask("GET", "/").text == HOST
            assert (asker.url, asker.origin) == (f"https://{HOST}", f"https://{HOST}")
        with through(edge, Manner.OBSERVED, HostForm.INTERNAL) as asker:
            assert asker.ask("GET", "/").text != HOST

    @pytest.mark.parametrize("location", ["/b", "b", f"https://{HOST}/b", f"http://{HOST}/b", f"//{HOST}/b"])
    def test_redirects_within_the_space_are_followed(self, location: str) -> None:
        def space(request: httpx.Request) -> httpx.Response:
            assert request.url.scheme == "https"
            return httpx.Response(200) if request.url.path == "/b" else httpx.Response(307, headers=there)

        there = {"Location": location}
        with through(FakeEdge(space), Manner.TRANSPARENT) as asker:
            replies = asker.follow("/a")
        assert [(reply.path, reply.status) for reply in replies] == [("/a", 307), ("/b", 200)]
        assert (replies[0].redirects, replies[0].location) == (True, location)

    @pytest.mark.parametrize(
        "location",
        [
            "https://other.test/",
            f"https://{HOST}:8443/",
            f"ftp://{HOST}/",
            f"https://{HOST}@other.test/",
            "https://[nothing/",
            "http://a b\x7f/",
            "https://" + "a" * 70_000,
            "http://\xff\xfe/",
        ],
    )
    def test_what_leads_elsewhere_is_the_last_answer(self, location: str) -> None:
        asked: list[httpx.URL] = []

        def space(request: httpx.Request) -> httpx.Response:
            asked.append(request.url)
            return httpx.Response(302, headers={b"Location": location.encode("latin-1")})

        with through(FakeEdge(space), Manner.TRANSPARENT, limits=AskLimits(headers=2**20)) as asker:
            (reply,) = asker.follow("/")
        assert reply.redirects
        assert asked == [f"https://{HOST}/"]

    def test_a_visitor_keeps_cookies_from_redirect_to_redirect(self) -> None:
        def space(request: httpx.Request) -> httpx.Response:
            if "cookie" in request.headers:
                return httpx.Response(200)
            return httpx.Response(302, headers={"Location": "/", "Set-Cookie": "seen=yes"})

        with through(FakeEdge(space), Manner.TRANSPARENT) as asker:
            assert [reply.status for reply in asker.follow("/")] == [302, 200]
            assert [reply.status for reply in asker.follow("/")] == [302, 200]

    def test_what_redirects_on_and_on_ends(self) -> None:
        edge = FakeEdge(lambda request: httpx.Response(302, headers={"Location": f"{request.url.path}a"}))
        with through(edge, Manner.TRANSPARENT, limits=AskLimits(redirects=3)) as asker:
            replies = asker.follow("/")
        assert [reply.path for reply in replies] == ["/", "/a", "/aa", "/aaa"]
        assert replies[-1].redirects


def test_a_redirect_to_the_name_by_which_it_is_asked_stays_within(server: respx.MockRouter) -> None:
    server["any"].side_effect = [
        httpx.Response(302, headers={"Location": "https://owner-name.hf.space/b"}),
        httpx.Response(200),
    ]
    with directly(URL, host="owner-name.hf.space") as asker:
        assert [reply.path for reply in asker.follow("/a")] == ["/a", "/b"]


class TestReplies:
    def test_headers_are_found_in_any_case(self) -> None:
        headers = Headers((("Vary", "Origin"), ("VARY", "Accept"), ("X-Kind", "short")))
        assert headers.get("vary") == "Origin, Accept"
        assert headers.get_list("Vary") == ("Origin", "Accept")
        assert ("x-kind" in headers, "kind" in headers) == (True, False)
        assert (headers.get("kind"), headers.get("kind", "none")) == ("", "none")
        assert dict(headers.items())["X-Kind"] == "short"

    @pytest.mark.parametrize(
        ("charset", "body"),
        [
            ("", "Zoë".encode()),
            ("; charset=latin-1", "Zoë".encode("latin-1")),
            ('; charset="UTF-16"', "Zoë".encode("utf-16")),
            ("; charset=nonsense", "Zoë".encode()),
            ("; charset=base64", "Zoë".encode()),
            ("; charset=idna", "Zoë".encode()),
        ],
    )
    def test_a_body_is_text_in_whatever_it_is_written(self, charset: str, body: bytes) -> None:
        headers = Headers((("Content-Type", f"text/html{charset}"),))
        assert Reply("GET", "/", 200, headers, body).text == "Zoë"

    def test_what_is_no_text_is_text_all_the_same(self) -> None:
        assert Reply("GET", "/", 200, body=b"a\xff").text == "a\N{REPLACEMENT CHARACTER}"

    def test_a_long_text_is_told_in_part(self) -> None:
        assert len(str(Reply("GET", "/", 500, body=b"a " * 1000))) < 350
