"""The sandbox of a Space: it owns the network namespace that the Space joins, limits it and answers its DNS.

It has NET_ADMIN in its own container, and the Space's container has nothing of that.

    RULES      what nft installs; in it stand `$ask_udp`, `$ask_tcp` and `$lost` for ports that are taken here
    ALLOWED    JSON, what is resolved truly: ["huggingface.co", "*.hf.co", "pypi.org:443"]; none when unset
    UPSTREAM   the address of what resolves them: this program elsewhere, with `resolver` as its argument
    IPV6_ONLY  JSON, regular expressions of names that have no IPv4 address; none when unset
    BLOCKED    JSON, names that have no address at all, allowed or not; none when unset

It writes JSON, one object a line: `{"ready": true}` once the rules hold, or `{"lacking": "why"}` before it
ends with 3. Signals ask, and each is answered by an object in which `look` counts them:

    SIGUSR1  {"look": 1, "tried": [["smtp.gmail.com", 587, "tcp", "dropped"]]}: which connections were kept in
             by which set of the rules; a `blocked` one is a name that was asked for
    SIGHUP   {"look": 2, "sockets": "..."}: the kernel's tables of the TCP sockets in the namespace
    SIGUSR2  {"look": 3, "tried": [...], "clean": true}: the same as the first, and all begins anew for the
             next Space: sockets are closed, rules and names are as at the start. `clean` says that nothing of
             the Space before is left; where the kernel cannot close others' sockets, something may be.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

# Loopback, and the address that the engine's own resolver has here: tools that list sockets know it.
_HERE = "127.0.0.11"
_HERE_IN_TABLES = "0B00007F:"  # the same as /proc/net writes it
_TABLES = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
_DNS = 53
_LACKING = 3  # exit code
_UPSTREAM_TIMEOUT = 5.0  # seconds
_TTL = 60  # seconds that an answer may be kept
_TABLE = ("inet", "egress")
_BLOCKED = (_DNS, "udp", "blocked")  # what was tried of a name that is not resolved

# RFC 2544: for tests of networks, in use nowhere outside. The first is the resolver's.
_FIRST_IPV4 = int(ip_address("198.18.0.2"))
_LAST_IPV4 = int(ip_address("198.19.255.254"))
_FIRST_IPV6 = int(ip_address("2001:db8::2"))  # RFC 3849: for documentation
# RFC 6761, RFC 6762 and ICANN's for private use: nobody outside answers for these.
_PRIVATE = frozenset({"arpa", "internal", "invalid", "local", "localhost", "test"})

Reply = Callable[[bytes], Coroutine[Any, Any, bytes | None]]


class Names:
    """The names that were asked for. One that is not allowed has an address of its own that leads nowhere."""

    def __init__(
        self, allowed: Iterable[str] = (), ipv6_only: Iterable[str] = (), blocked: Iterable[str] = ()
    ) -> None:
        self._allowed = [_Pattern(text) for text in allowed]
        self._ipv6_only = [re.compile(text) for text in ipv6_only]
        self._blocked = frozenset(blocked)
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def exists(self, name: str) -> bool:
        """Whether somebody outside could answer for the name."""
        *above, top = name.split(".")
        return bool(above) and top not in _PRIVATE

    def blocks(self, name: str) -> bool:
        """Whether the name has no address, whoever else could reach it."""
        return name in self._blocked

    def allows(self, name: str) -> tuple[int | None, ...]:
        """The ports at which the name is allowed, None for all of them; empty when it is not."""
        return tuple(pattern.port for pattern in self._allowed if pattern.fits(name))

    def address(self, name: str, kind: dns.rdatatype.RdataType) -> str | None:
        """The address that stands for the name; None where it has none of this kind."""
        ipv6 = any(pattern.fullmatch(name) for pattern in self._ipv6_only)
        if kind is not (dns.rdatatype.AAAA if ipv6 else dns.rdatatype.A):
            return None
        if name not in self._addresses:
            number = (_FIRST_IPV6 if ipv6 else _FIRST_IPV4) + len(self._addresses)
            if not ipv6 and number > _LAST_IPV4:
                return None
            self._addresses[name] = str(ip_address(number))
            self.remember(name, [self._addresses[name]])
        return self._addresses[name]

    def remember(self, name: str, addresses: Iterable[str]) -> None:
        """Tell the name from now on where one of the addresses is tried."""
        self._names.update(dict.fromkeys(addresses, name))

    def of(self, address: str) -> str:
        """The name that the address stands for, else the address."""
        return self._names.get(address, address)


class _Pattern:
    """`huggingface.co`, `*.hf.co` (every name below it) or one of them with a port."""

    def __init__(self, text: str) -> None:
        host, _, port = text.lower().partition(":")
        self.port = int(port) if port else None
        self._host = host

    def fits(self, name: str) -> bool:
        if self._host.startswith("*."):
            return name.endswith(self._host[1:])
        return name == self._host


class Sandbox:
    """Answers the Space's DNS: truly for what is allowed, with addresses that lead nowhere for all else."""

    def __init__(
        self, names: Callable[[], Names], upstream: str, install: Callable[[], None] = lambda: None
    ) -> None:
        self._new_names = names
        self._names = names()
        self._upstream = upstream
        self._install = install
        self._looks = 0
        self._blocked: set[str] = set()  # names that were asked for

    async def answer(self, name: str, kind: dns.rdatatype.RdataType) -> list[str] | None:
        """The addresses of the name; None where there is no such name."""
        if not self._names.exists(name):
            return None
        if self._names.blocks(name):
            self._blocked.add(name)
            return []
        if ports := self._names.allows(name):
            return await self._truly(name, ports) if kind is dns.rdatatype.A else []
        address = self._names.address(name, kind)
        return [address] if address else []

    def look(self) -> None:
        """Write what was tried so far."""
        self._answer(tried=self._seen())

    def look_at_sockets(self) -> None:
        """Write which sockets there are."""
        self._answer(sockets="".join(_table(name) for name in ("tcp", "tcp6")))

    def forget(self) -> None:
        """Write what was tried, and begin anew."""
        tried = self._seen()
        # Those of a Space that is gone linger in TIME-WAIT, and would keep the next one from the port.
        _run("ss", "--kill", "--tcp", "state", "connected", check=False)
        self._names = self._new_names()
        self._blocked = set()
        self._install()
        self._answer(tried=tried, clean=is_clean("".join(_table(name) for name in _TABLES)))

    def _seen(self) -> list[list[object]]:
        tried: list[list[object]] = [[self._names.of(host), *more] for host, *more in _tried()]
        return tried + [[name, *_BLOCKED] for name in sorted(self._blocked)]

    def _answer(self, **what: object) -> None:
        self._looks += 1
        _say(look=self._looks, **what)

    async def _truly(self, name: str, ports: tuple[int | None, ...]) -> list[str] | None:
        """Ask who can know, and open the way to what it says before the Space is told."""
        query = dns.message.make_query(name, dns.rdatatype.A)
        said = await dns.asyncquery.udp(query, self._upstream, _UPSTREAM_TIMEOUT)
        if said.rcode() == dns.rcode.NXDOMAIN:
            return None
        addresses = [str(item) for rrset in said.answer for item in rrset if item.rdtype is dns.rdatatype.A]
        self._names.remember(name, addresses)
        if addresses:
            for port in ports:
                _allow(addresses, port)
        return addresses


def is_clean(tables: str) -> bool:
    """Whether the kernel's tables of sockets hold only those of this program and of the engine's resolver."""
    rows = [line.split() for line in tables.splitlines()]
    return all(row[1].startswith(_HERE_IN_TABLES) for row in rows if row and row[0].endswith(":"))


async def resolve(name: str, kind: dns.rdatatype.RdataType) -> list[str] | None:
    """Ask the system, as any program in this container would."""
    if kind is not dns.rdatatype.A:
        return []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            name, None, family=socket.AF_INET, type=socket.SOCK_STREAM
        )
    except socket.gaierror as error:
        if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
            return None
        raise
    return [str(address[0]) for *_, address in found]


def responder(answer: Callable[[str, dns.rdatatype.RdataType], Awaitable[list[str] | None]]) -> Reply:
    """Wrap `answer` in the wire format; what is no question gets no reply."""

    async def reply(wire: bytes) -> bytes | None:
        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
            response = dns.message.make_response(query, recursion_available=True)
        except (dns.exception.DNSException, IndexError):
            return None
        name = question.name.to_text(omit_final_dot=True).lower()
        try:
            addresses = await answer(name, question.rdtype)
        except (dns.exception.DNSException, OSError):
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        if addresses is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif addresses:
            response.answer = [dns.rrset.from_text(question.name, _TTL, "IN", question.rdtype, *addresses)]
        return response.to_wire()

    return reply


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._transport: asyncio.DatagramTransport
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        task = asyncio.ensure_future(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, wire: bytes, addr: Any) -> None:
        if answer := await self._reply(wire):
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def served(reply: Reply, host: str, port: int) -> AsyncIterator[tuple[int, int]]:
    """Serve DNS over UDP and TCP, and give the two ports: free ones where `port` is 0."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(reply), (host, port))

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            while True:  # RFC 7766: several questions may come, each with its length in front
                length = int.from_bytes(await reader.readexactly(2))
                if answer := await reply(await reader.readexactly(length)):
                    writer.write(len(answer).to_bytes(2) + answer)
                    await writer.drain()

    server = await asyncio.start_server(converse, host, port)
    try:
        yield transport.get_extra_info("sockname")[1], server.sockets[0].getsockname()[1]
    finally:
        transport.close()
        server.close()


async def hold(environment: Mapping[str, str]) -> None:
    """Install the rules, then answer until SIGTERM."""
    given = [json.loads(environment.get(name, "[]")) for name in ("ALLOWED", "IPV6_ONLY", "BLOCKED")]
    ports: dict[str, int] = {}
    sandbox = Sandbox(
        lambda: Names(*given), environment.get("UPSTREAM", ""), lambda: _install(environment["RULES"], ports)
    )
    with socket.socket(type=socket.SOCK_DGRAM) as lost:
        lost.bind((_HERE, 0))
        async with served(responder(sandbox.answer), _HERE, 0) as (ask_udp, ask_tcp):
            ports |= {"ask_udp": ask_udp, "ask_tcp": ask_tcp, "lost": lost.getsockname()[1]}
            _install(environment["RULES"], ports)
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, sandbox.look)
            loop.add_signal_handler(signal.SIGHUP, sandbox.look_at_sockets)
            loop.add_signal_handler(signal.SIGUSR2, sandbox.forget)
            await _until_told()


async def resolver() -> None:
    """Resolve names for sandboxes until SIGTERM."""
    async with served(responder(resolve), "0.0.0.0", _DNS):  # noqa: S104 - in its container
        await _until_told()


def main() -> None:
    """Be the sandbox, or with `resolver` as argument what resolves for it."""
    try:
        asyncio.run(resolver() if sys.argv[1:] == ["resolver"] else hold(os.environ))
    except (OSError, subprocess.CalledProcessError) as error:
        _say(lacking=getattr(error, "stderr", "") or str(error))
        raise SystemExit(_LACKING) from None


def _install(rules: str, ports: Mapping[str, int]) -> None:
    """Raises CalledProcessError in nft's words where the kernel has not what the rules need."""
    # A route without which the kernel refuses IPv6 before any rule sees it; the rules refuse it alike.
    # Where there is no IPv6 at all, there is nothing to see either.
    _run("ip", "-6", "route", "add", "default", "dev", "lo", check=False)
    defined = [word for name, port in ports.items() for word in ("-D", f"{name}={port}")]
    # Declared, deleted, made: so it is the same whether there was one before, and all at once.
    name = " ".join(_TABLE)
    _run("nft", *defined, "-f", "-", given=f"table {name} {{}}\ndelete table {name}\n{rules}")


def _allow(addresses: Iterable[str], port: int | None) -> None:
    which = "allowed" if port is None else "allowed_ports"
    elements = ", ".join(address if port is None else f"{address} . {port}" for address in addresses)
    _run("nft", "add", "element", *_TABLE, which, f"{{ {elements} }}")


def _table(name: str) -> str:
    """The kernel's table of sockets in this namespace; empty where it has none of the kind."""
    with suppress(OSError):
        return Path(f"/proc/net/{name}").read_text()
    return ""


def _tried() -> Iterator[tuple[str, int, str, str]]:
    """What the sets of the rules have seen: address, port, protocol, and the name of the set."""
    for item in json.loads(_run("nft", "-j", "list", "table", *_TABLE))["nftables"]:
        for element in item.get("set", {}).get("elem", ()):
            match element:
                case {"concat": [address, protocol, port]}:
                    yield address, port, protocol, item["set"]["name"]


def _run(*command: str, given: str = "", check: bool = True) -> str:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=check).stdout


async def _until_told() -> None:
    """Say that all is ready, and wait for SIGTERM."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    _say(ready=True)
    await told.wait()


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - its log is how it is heard


if __name__ == "__main__":
    main()
