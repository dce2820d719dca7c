"""What the sandbox answers to a Space that asks for names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from spacedock.doubles import sandbox
from spacedock.doubles.sandbox import Names, Sandbox, resolve, responder, served

A, AAAA, MX = dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.MX
SUPABASE = r"db\.[a-z0-9]+\.supabase\.co"
Answer = Callable[[str, dns.rdatatype.RdataType], Awaitable[list[str] | None]]


def ask(
    answer: Answer, name: str, kind: dns.rdatatype.RdataType = A, *, tcp: bool = False
) -> dns.message.Message:
    """Ask over a socket, as a Space does."""

    async def asked() -> dns.message.Message:
        query = dns.message.make_query(name, kind)
        over = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        async with served(responder(answer), "127.0.0.1", 0) as ports:
            said: dns.message.Message = await over(query, "127.0.0.1", 5, port=ports[tcp])
        return said

    return asyncio.run(asked())


def addresses(message: dns.message.Message) -> list[str]:
    return [str(item) for rrset in message.answer for item in rrset]


def test_each_name_has_an_address_of_its_own_that_leads_nowhere() -> None:
    names = Names()
    first, second = names.address("smtp.gmail.com", A), names.address("api.example.com", A)
    assert (first, second) == ("198.18.0.2", "198.18.0.3")
    assert names.address("smtp.gmail.com", A) == first
    assert names.of("198.18.0.2") == "smtp.gmail.com"
    assert names.of("192.0.2.1") == "192.0.2.1"


def test_there_is_an_end_to_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_LAST_IPV4", sandbox._FIRST_IPV4)
    names = Names()
    assert names.address("one.example.com", A)
    assert names.address("two.example.com", A) is None


def test_a_host_without_ipv4_is_known_by_its_name() -> None:
    names = Names(ipv6_only=[SUPABASE])
    assert names.address("db.abcdefgh.supabase.co", A) is None
    assert names.address("db.abcdefgh.supabase.co", AAAA) == "2001:db8::2"
    assert names.address("abcdefgh.supabase.co", AAAA) is None


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("huggingface.co", (None,)),
        ("cdn.hf.co", (None,)),
        ("pypi.org", (443,)),
        ("hf.co", ()),
        ("nothuggingface.co", ()),
        ("files.pypi.org", ()),
    ],
)
def test_what_is_allowed_goes_by_host_domain_and_port(name: str, ports: tuple[int | None, ...]) -> None:
    assert Names(["HuggingFace.co", "*.hf.co", "pypi.org:443"]).allows(name) == ports


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_name_outside_is_answered(tcp: bool) -> None:
    said = ask(Sandbox(Names, "").answer, "API.Example.com", tcp=tcp)
    assert addresses(said) == ["198.18.0.2"]
    assert said.flags & dns.flags.RA


@pytest.mark.parametrize("kind", [AAAA, MX], ids=["AAAA", "MX"])
def test_a_name_outside_has_nothing_but_ipv4(kind: dns.rdatatype.RdataType) -> None:
    said = ask(Sandbox(Names, "").answer, "api.example.com", kind)
    assert (said.rcode(), said.answer) == (dns.rcode.NOERROR, [])


@pytest.mark.parametrize("kind", [A, AAAA], ids=["A", "AAAA"])
def test_a_blocked_name_is_known_and_has_no_address_allowed_or_not(kind: dns.rdatatype.RdataType) -> None:
    names = Names(allowed=["discord.com"], blocked=["discord.com"])
    said = ask(Sandbox(lambda: names, "").answer, "Discord.com", kind)
    assert (said.rcode(), said.answer) == (dns.rcode.NOERROR, [])
    assert addresses(ask(Sandbox(lambda: names, "").answer, "cdn.discord.com"))


def test_a_blocked_name_that_was_asked_for_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "_tried", lambda: iter([("198.18.0.2", 587, "tcp", "dropped")]))
    asked = Sandbox(lambda: Names(blocked=["discord.com", "api.telegram.org"]), "")
    for _ in range(2):
        asyncio.run(asked.answer("discord.com", A))
    asked.look()
    tried = [["198.18.0.2", 587, "tcp", "dropped"], ["discord.com", 53, "udp", "blocked"]]
    assert json.loads(capsys.readouterr().out) == {"look": 1, "tried": tried}


@pytest.mark.parametrize("name", ["redis", "postgres.invalid", "7.2.0.192.in-addr.arpa", "printer.local"])
def test_a_name_that_nobody_outside_knows_does_not_exist(name: str) -> None:
    assert ask(Sandbox(Names, "").answer, name).rcode() == dns.rcode.NXDOMAIN


def test_a_resolver_that_fails_is_told_as_its_failure() -> None:
    async def fails(name: str, kind: dns.rdatatype.RdataType) -> list[str]:
        raise OSError("no network")

    assert ask(fails, "api.example.com").rcode() == dns.rcode.SERVFAIL


def test_what_is_no_question_gets_no_answer() -> None:
    async def answer(name: str, kind: dns.rdatatype.RdataType) -> list[str]:
        return []

    assert asyncio.run(responder(answer)(b"no message")) is None


def test_the_way_is_open_before_an_allowed_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[list[str], int | None]] = []
    monkeypatch.setattr(sandbox, "_allow", lambda addresses, port: opened.append((addresses, port)))

    async def said(query: dns.message.Message, *_: object) -> dns.message.Message:
        response = dns.message.make_response(query)
        name = query.question[0].name
        response.answer = [dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.7", "192.0.2.8")]
        return response

    monkeypatch.setattr(dns.asyncquery, "udp", said)
    names = Names(["pypi.org:443"])
    found = asyncio.run(Sandbox(lambda: names, "10.0.0.9").answer("pypi.org", A))
    assert found == ["192.0.2.7", "192.0.2.8"]
    assert opened == [(["192.0.2.7", "192.0.2.8"], 443)]
    assert names.of("192.0.2.8") == "pypi.org"


def test_the_system_is_asked_for_what_is_allowed() -> None:
    assert addresses(ask(resolve, "localhost")) == ["127.0.0.1"]


def test_what_was_tried_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = (
        '{"nftables": [{"metainfo": {}}, {"set": {"name": "denied"}},'
        ' {"set": {"name": "dropped", "elem": [{"concat": ["198.18.0.2", "tcp", 587]}]}}]}'
    )
    monkeypatch.setattr(sandbox, "_run", lambda *command: listing)
    names = Names()
    names.address("smtp.gmail.com", A)
    Sandbox(lambda: names, "").look()
    assert capsys.readouterr().out == '{"look": 1, "tried": [["smtp.gmail.com", 587, "tcp", "dropped"]]}\n'


OWN = "   0: 0B00007F:A3F1 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7\n"
LINGERING = "   1: 0200000A:1EB4 0100000A:8A8C 06 00000000:00000000 03:00001765 00000000 0 0 0\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"


@pytest.mark.parametrize(("rows", "clean"), [("", True), (OWN, True), (OWN + LINGERING, False)])
def test_only_its_own_sockets_are_left_where_it_is_clean(rows: str, clean: bool) -> None:
    assert sandbox.is_clean(HEAD + rows) is clean


def test_it_forgets_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = '{"nftables": [{"set": {"name": "dropped", "elem": [{"concat": ["198.18.0.2", "tcp", 587]}]}}]}'
    monkeypatch.setattr(sandbox, "_run", lambda *command, **_: listing)
    monkeypatch.setattr(sandbox, "_table", lambda _name: HEAD + OWN)
    installed: list[bool] = []
    asked = Sandbox(lambda: Names(blocked=["discord.com"]), "", lambda: installed.append(True))
    asyncio.run(asked.answer("smtp.gmail.com", A))
    asyncio.run(asked.answer("discord.com", A))
    asked.forget()
    told = json.loads(capsys.readouterr().out)
    assert told["tried"] == [["smtp.gmail.com", 587, "tcp", "dropped"], ["discord.com", 53, "udp", "blocked"]]
    assert told["clean"]
    assert installed
    assert asyncio.run(asked.answer("api.example.com", A)) == ["198.18.0.2"]
