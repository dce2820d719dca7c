"""Whatever a Space does to whoever asks it is an answer, and one that ends."""

from __future__ import annotations

import gzip
import ssl
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from spacedock.edge.base import HostForm, Manner
from spacedock.edge.certificates import Certificates
from spacedock.edge.transport import EdgeTransport
from spacedock.evidence.asking import AskLimits, Pieces, Reply, directly, through
from spacedock.space.manifest import Request
from tests.unit.edges import HOST, FakeEdge
from tests.unit.evidence.servers import OK, Server, Serves, Visit

LIMITS = AskLimits(seconds=0.2, body=10_000, headers=2000)
PATIENT = AskLimits(seconds=20.0, body=10_000, headers=2000)  # where something else ends it
SOON = 5.0  # seconds; a machine may be busy
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LATE = "ReadTimeout timed out"


def asked(serves: Serves, limits: AskLimits = LIMITS, method: str = "GET", **headers: str) -> Reply:
    with Server(serves) as server, directly(server.url, limits=limits) as asker:
        began = time.monotonic()
        reply = asker.ask(method, "/", headers=headers)
        assert time.monotonic() - began < SOON
    return reply


def sized(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answering(answer: bytes) -> Serves:
    """Answer each request of a connection so, and hang up with the client."""

    def serves(visit: Visit) -> None:
        while visit.request():
            visit.say(answer)

    return serves


def saying(*parts: bytes) -> Serves:
    """Say so to one request, and hang up."""

    def serves(visit: Visit) -> None:
        visit.request()
        visit.say(*parts)

    return serves


def dripping(head: bytes, part: bytes) -> Serves:
    def serves(visit: Visit) -> None:
        visit.request()
        visit.say(head)
        visit.drip(part)

    return serves


def pouring(head: bytes, part: bytes) -> Serves:
    def serves(visit: Visit) -> None:
        visit.request()
        visit.say(head)
        visit.pour(part)

    return serves


class TestWithoutAnEnd:
    def test_a_body_is_cut_at_its_limit(self) -> None:
        reply = asked(pouring(OK + b"\r\n", b"a" * 1000), PATIENT)
        assert (reply.status, reply.body, reply.whole, reply.failure) == (200, b"a" * 10_000, False, "")

    def test_a_body_as_long_as_its_limit_is_whole(self) -> None:
        reply = asked(answering(sized(b"a" * 10_000)), PATIENT)
        assert (len(reply.body), reply.whole) == (10_000, True)

    @pytest.mark.parametrize(
        ("head", "part"),
        [
            (OK + b"\r\n", b"a"),
            (OK + b"Content-Length: 1000000\r\n\r\n", b"a"),
            (OK + CHUNKED, b"1\r\na\r\n"),
        ],
        ids=["until it closes", "announced", "chunked"],
    )
    def test_a_body_that_drips_ends_with_the_time(self, head: bytes, part: bytes) -> None:
        reply = asked(dripping(head, part))
        assert (reply.status, reply.whole, reply.failure) == (200, False, TOO_LATE)
        assert set(reply.body) == {ord("a")}
        assert str(reply).startswith("GET / answers 200 and breaks off (ReadTimeout timed out): aa")

    @pytest.mark.parametrize(
        ("head", "part"),
        [
            (b"", b""),
            (b"HTTP/1.1 200 O", b"K"),
            (OK, b"X-A: b\r\n"),
            (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        ],
        ids=["nothing", "a reason", "headers", "patience asked for"],
    )
    def test_a_head_that_drips_ends_with_the_time(self, head: bytes, part: bytes) -> None:
        reply = asked(dripping(head, part))
        assert str(reply) == f"GET / is not answered: {TOO_LATE}"

    def test_patience_that_is_poured_ends_with_the_time(self) -> None:
        reply = asked(pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50))
        assert (reply.status, reply.whole) == (None, False)

    def test_many_headers_are_cut(self) -> None:
        many = b"".join(b"X-%d: b\r\n" % number for number in range(300))
        reply = asked(answering(OK + many + b"Content-Length: 0\r\n\r\n"), AskLimits(seconds=20.0))
        assert (reply.status, len(reply.headers.pairs)) == (200, 256)
        assert reply.failure == "more than 65536 bytes or 256 lines of headers"

    def test_a_long_header_is_cut(self) -> None:
        reply = asked(answering(sized(b"a", b"X-Long: " + b"a" * 3000)), PATIENT)
        assert ("x-long" in reply.headers, reply.body, reply.whole) == (False, b"", False)
        assert reply.failure == "more than 2000 bytes or 256 lines of headers"

    def test_headers_that_are_poured_are_no_answer(self) -> None:
        reply = asked(pouring(OK, b"X-Long: " + b"a" * 1000 + b"\r\n"), PATIENT)
        assert reply.status is None
        assert reply.failure.startswith("RemoteProtocolError")

    @pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"gzip, gzip"])
    def test_what_grows_when_it_is_unpacked_is_cut_at_the_limit(self, coding: bytes) -> None:
        bomb = zlib.compress(bytes(5_000_000)) if coding == b"deflate" else gzip.compress(bytes(5_000_000))
        bomb = gzip.compress(bomb) if b"," in coding else bomb
        limits = AskLimits(seconds=20.0, body=100_000)
        reply = asked(answering(sized(bomb, b"Content-Encoding: " + coding)), limits)
        assert (reply.body, reply.whole, reply.failure) == (bytes(100_000), False, "")

    def test_packed_nothings_are_cut_at_the_limit(self) -> None:
        head = OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"a")
        reply = asked(pouring(head, bytes(1000)), PATIENT)
        assert (reply.body, reply.whole) == (b"a", False)

    def test_of_what_never_ends_the_head_is_read(self) -> None:
        with Server(dripping(OK + b"\r\n", b"a")) as server, directly(server.url, limits=PATIENT) as asker:
            reply = asker.head_only("GET", "/")
        assert (reply.status, reply.failure) == (200, "")
        assert reply.seconds < SOON


class TestBroken:
    @pytest.mark.parametrize(
        ("parts", "body"),
        [
            ([OK, CHUNKED, b"1\r\na\r\n", b"nonsense\r\n"], b"a"),
            ([OK, CHUNKED, b"1\r\na\r\n", b"5\r\nab"], b"aab"),
            ([OK, b"Content-Length: 100\r\n\r\nabc"], b"abc"),
        ],
        ids=["no chunk", "half a chunk", "less than announced"],
    )
    def test_what_broke_off_is_kept_as_far_as_it_came(self, parts: list[bytes], body: bytes) -> None:
        reply = asked(saying(*parts), PATIENT)
        assert (reply.status, reply.body, reply.whole) == (200, body, False)
        assert reply.failure.startswith("RemoteProtocolError")

    def test_a_reset_in_the_middle_breaks_it_off(self) -> None:
        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(OK, b"Content-Length: 100\r\n\r\nabc")
            visit.reset()

        reply = asked(serves, PATIENT)
        assert (reply.status, reply.whole) == (200, False)
        assert reply.failure.startswith("ReadError")

    @pytest.mark.parametrize(
        "answer",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            b"HTTP/1.1 two hundred\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX-A: \x00\r\n\r\n",
            b"\x16\x03\x01\x02\x00" * 20,
            b"",
            b"HTTP/1.1 200 OK\r\nX-A",
        ],
    )
    def test_what_is_no_http_is_no_answer(self, answer: bytes) -> None:
        reply = asked(saying(answer), PATIENT)
        assert reply.status is None
        assert reply.failure.startswith("RemoteProtocolError")

    def test_what_is_not_packed_as_it_says_is_told(self) -> None:
        reply = asked(answering(sized(b"plain", b"Content-Encoding: gzip")), PATIENT)
        assert (reply.status, reply.body, reply.whole) == (200, b"", False)
        assert reply.failure.startswith("DecodingError")

    def test_a_packed_body_that_ends_too_early_is_not_whole(self) -> None:
        reply = asked(answering(sized(gzip.compress(b"a" * 99)[:-9], b"Content-Encoding: gzip")), PATIENT)
        assert (reply.whole, reply.failure[:13]) == (False, "DecodingError")

    @pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw", "br"])
    def test_what_is_packed_well_is_unpacked(self, coding: str) -> None:
        raw = zlib.compress(b"text")[2:-4]
        packed = {
            "gzip": gzip.compress(b"text"),
            "deflate": zlib.compress(b"text"),
            "raw": raw,
            "br": b"text",
        }
        packed["x-gzip"] = packed["gzip"]
        name = b"deflate" if coding == "raw" else coding.encode()
        reply = asked(answering(sized(packed[coding], b"Content-Encoding: " + name)), PATIENT)
        assert (reply.body, reply.whole) == (b"text", True)

    @pytest.mark.parametrize(
        "charset",
        [b"", b"nonsense", b"idna", b"punycode", b"unicode_escape", b"utf-7", b"rot13", b"base64", b"zlib",
         b"hex", b"undefined", b"mbcs", b"utf-16", b"utf-32", b"\xff", b'"', b"x" * 900, b"../../etc"],
    )  # fmt: skip
    @pytest.mark.parametrize("body", [b"\\x41 +AGE- \xff\x00", b"x" * 9999])
    def test_a_body_in_any_charset_is_text(self, charset: bytes, body: bytes) -> None:
        reply = asked(answering(sized(body, b"Content-Type: text/html; charset=" + charset)), PATIENT)
        assert isinstance(reply.text, str)
        assert isinstance(str(reply), str)

    @pytest.mark.parametrize("status", [b"000", b"099", b"999", b"1000", b"-1", b"2 0", b"\xb2\xb2\xb2"])
    def test_a_status_of_any_number_is_an_answer_or_none(self, status: bytes) -> None:
        reply = asked(saying(b"HTTP/1.1 " + status + b" OK\r\nContent-Length: 0\r\n\r\n"), PATIENT)
        assert reply.status in {None, 0, 99, 999}
        assert isinstance(str(reply), str)

    def test_headers_of_any_bytes_are_read(self) -> None:
        reply = asked(answering(sized(b"a", b"X-A: \xff\xfe")), PATIENT)
        assert (reply.status, reply.headers.get("x-a")) == (200, "ÿþ")

    def test_nobody_there_is_told(self) -> None:
        with Server(saying()) as server:
            pass
        with directly(server.url, limits=PATIENT) as asker:
            assert asker.ask("GET", "/").failure.startswith("ConnectError")


def test_head_has_no_body_whatever_it_announces() -> None:
    reply = asked(answering(OK + b"Content-Length: 100\r\n\r\n"), PATIENT, "HEAD")
    assert (reply.status, reply.body, reply.whole, reply.failure) == (200, b"", True, "")


def test_what_switches_protocols_is_an_answer() -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00"
    reply = asked(saying(answer), PATIENT, Connection="Upgrade", Upgrade="websocket")
    assert (reply.status, reply.headers.get("upgrade")) == (101, "websocket")


class TestRedirects:
    def test_another_host_is_never_called(self) -> None:
        with Server(answering(sized(b"other"))) as other:
            elsewhere = saying(b"HTTP/1.1 302 Found\r\nLocation: ", other.url.encode(), b"/\r\n\r\n")
            with Server(elsewhere) as server, directly(server.url, limits=PATIENT) as asker:
                (reply,) = asker.follow("/")
            assert other.visits == 0
        assert (reply.status, reply.location) == (302, f"{other.url}/")

    def test_one_to_itself_ends(self) -> None:
        again = answering(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
        with Server(again) as server, directly(server.url, limits=PATIENT) as asker:
            replies = asker.follow("/")
        assert len(replies) == PATIENT.redirects + 1
        assert replies[-1].redirects

    def test_one_to_and_fro_ends(self) -> None:
        def serves(visit: Visit) -> None:
            while head := visit.request():
                to = b"/b" if head.startswith(b"GET /a ") else b"/a"
                visit.say(b"HTTP/1.1 307 Away\r\nContent-Length: 0\r\nLocation: ", to, b"\r\n\r\n")

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            paths = [reply.path for reply in asker.follow("/a")]
        assert paths == ["/a", "/b"] * 3

    @pytest.mark.parametrize(
        "location",
        [
            b"http://[::1",
            b"http://a:port/",
            b"http://",
            b"//",
            b"http:///x",
            b"javascript:alert(1)",
            b"file:///etc/passwd",
            b"data:text/html,x",
            b"\xff\xfe",
            b"http://\xe2\x80\xae.test/",
            b"http://xn--" + b"a" * 300,
            b"/" * 1900,
            b"?" * 1900,
            b"#",
            b"  ",
            b"http://user:word@127.0.0.1:1/",
        ],
    )
    def test_one_to_what_is_no_place_is_an_answer(self, location: bytes) -> None:
        head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
        with Server(answering(head)) as server, directly(server.url, limits=PATIENT) as asker:
            replies = asker.follow("/")
        assert [reply.status for reply in replies] == [302] * len(replies)
        assert len(replies) <= PATIENT.redirects + 1

    def test_one_that_never_ends_is_not_followed_for_ever(self) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"
        limits = replace(LIMITS, redirects=1)
        with Server(dripping(head, b"a")) as server, directly(server.url, limits=limits) as asker:
            replies = asker.follow("/")
        assert [reply.failure for reply in replies] == [TOO_LATE] * 2


class TestConnections:
    def test_a_connection_is_kept(self) -> None:
        with Server(answering(sized(b"a"))) as server, directly(server.url, limits=PATIENT) as asker:
            assert [asker.ask("GET", "/").text for _ in range(3)] == ["a"] * 3
            assert server.visits == 1

    def test_one_that_was_kept_and_is_stale_is_tried_once_more(self) -> None:
        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(sized(b"%d" % visit.number))
            if visit.number == 1:
                visit.request()  # and hangs up without a word

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            assert [asker.ask("GET", "/").text for _ in range(2)] == ["1", "2"]

    def test_one_that_was_reset_is_stale_too(self) -> None:
        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(sized(b"%d" % visit.number))
            if visit.number == 1:
                visit.request()
                visit.reset()

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            assert [asker.ask("GET", "/").text for _ in range(2)] == ["1", "2"]

    def test_one_that_has_begun_to_answer_is_not_stale(self) -> None:
        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(sized(b"a"))
            visit.request()
            visit.say(b"HTTP/1.1 2")

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            asker.ask("GET", "/")
            assert not asker.ask("GET", "/").answered
            assert server.visits == 1

    def test_one_that_is_new_is_not_tried_again(self) -> None:
        with Server(saying()) as server, directly(server.url, limits=PATIENT) as asker:
            assert not asker.ask("GET", "/").answered
            assert server.visits == 1

    def test_what_does_harm_twice_never_meets_a_stale_one(self) -> None:
        with Server(answering(sized(b"a"))) as server, directly(server.url, limits=PATIENT) as asker:
            asker.ask("GET", "/")
            asker.ask("POST", "/")
            assert server.visits == 2

    def test_many_threads_ask_at_once(self) -> None:
        together = Barrier(4)

        def serves(visit: Visit) -> None:
            together.wait(SOON)  # each on a connection of its own, or none gets on
            answering(sized(b"%d" % visit.number))(visit)

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            with ThreadPoolExecutor(4) as pool:
                texts = list(pool.map(lambda _: asker.ask("GET", "/").text, range(4)))
            assert sorted(texts) == ["1", "2", "3", "4"]

    def test_at_once_each_has_a_connection_of_its_own(self) -> None:
        together = Barrier(6)

        def serves(visit: Visit) -> None:
            together.wait(SOON)
            answering(sized(b"a"))(visit)

        with Server(serves) as server, directly(server.url, limits=PATIENT) as asker:
            replies = asker.send_at_once([Request(path="/a"), Request(path="/b", method="POST")], 3)
        assert [reply.text for reply in replies] == ["a"] * 6


@contextmanager
def heard_of(serves: Serves) -> Iterator[Pieces]:
    with (
        Server(serves) as server,
        directly(server.url, limits=PATIENT) as asker,
        asker.pieces("POST", "/", json={"stream": True}) as answer,
    ):
        yield answer


class TestPieces:
    def test_they_come_as_they_are_made(self) -> None:
        heard = Barrier(2)

        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(OK, CHUNKED)
            for piece in (b"a", b"b"):
                visit.say(b"1\r\n", piece, b"\r\n")
                heard.wait(SOON)  # nothing more is said before this is heard
            visit.say(b"0\r\n\r\n")

        with heard_of(serves) as answer:
            assert answer.reply.status == 200
            for expected, piece in zip([b"a", b"b"], answer, strict=False):
                assert piece == expected
                heard.wait(SOON)
            assert list(answer) == []
            assert (answer.reply.whole, answer.reply.failure) == (True, "")

    def test_whoever_has_heard_enough_hangs_up(self) -> None:
        with heard_of(dripping(OK + b"\r\n", b"a")) as answer:
            assert next(iter(answer)).startswith(b"a")
        assert not answer.reply.whole

    def test_where_nothing_comes_there_is_none(self) -> None:
        with heard_of(saying()) as answer:
            assert list(answer) == []
            assert not answer.reply.answered


class TlsEdge(FakeEdge):
    """Before a server that speaks TLS, over the harness's own way to an edge."""

    def __init__(self, address: tuple[str, int], certificate: str) -> None:
        self._address = address
        self.certificate = certificate

    def client(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> httpx.Client:
        transport = EdgeTransport(HOST, self._address, self.certificate)
        return httpx.Client(base_url=self.url, transport=transport, trust_env=False)


@pytest.fixture
def certificates() -> Certificates:
    return Certificates.made_for(HOST)


@pytest.fixture
def context(certificates: Certificates, tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "server.pem").write_bytes(certificates.server)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


class TestThroughTls:
    def test_what_drips_ends_with_the_time(self, context: ssl.SSLContext, certificates: Certificates) -> None:
        with Server(dripping(OK + b"\r\n", b"a"), context) as server:
            edge = TlsEdge(server.address, certificates.authority)
            with through(edge, Manner.OBSERVED, limits=LIMITS) as asker:
                reply = asker.ask("GET", "/")
        assert (reply.status, reply.failure) == (200, TOO_LATE)
        assert reply.seconds < SOON

    def test_a_stale_connection_is_tried_once_more(
        self, context: ssl.SSLContext, certificates: Certificates
    ) -> None:
        def serves(visit: Visit) -> None:
            visit.request()
            visit.say(sized(b"%d" % visit.number))
            if visit.number == 1:
                visit.request()

        with Server(serves, context) as server:
            edge = TlsEdge(server.address, certificates.authority)
            with through(edge, Manner.OBSERVED, limits=PATIENT) as asker:
                assert [asker.ask("GET", "/").text for _ in range(2)] == ["1", "2"]


def test_what_comes_over_no_connection_ends_with_the_time_too() -> None:
    edge = FakeEdge(lambda _: httpx.Response(200, content=repeat(b"a")))
    with through(edge, Manner.OBSERVED, limits=AskLimits(seconds=0.05, body=2**30)) as asker:
        assert asker.ask("GET", "/").failure == TOO_LATE
