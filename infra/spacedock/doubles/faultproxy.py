"""A TCP proxy that breaks services on purpose: one listener a service, its fault changed over HTTP.

It stands alone and needs the standard library only, so that it runs wherever a Python does.

    UPSTREAMS  JSON, where each service is: {"postgres": "postgres:5432"}; none when unset
    PORTS      JSON, where each is offered: {"postgres": 9001}; a free port for those that it does not name
    HOST       where to listen; 127.0.0.1 when unset
    PORT       where the control listens; 0, which is also the default, takes a free port; the log says which
    ADDRESSES  the part of this container's network that is free for bays: 10.1.2.128/25; none when unset
    CONTROL_TOKEN  what each request to the control must show in the header `X-Spacedock-Control`

`GET /services` and `GET /services/NAME` tell ports, faults and traffic, of plain HTTP also what was refused
(4xx). `PUT /services/NAME` with JSON like
`{"fault": "slow", "seconds": 2}` returns once the fault is in force:

    pass      none
    refuse    nobody listens; what lives is reset
    hang      connections are accepted, their bytes read and held until the next fault
    slow      `seconds` pass before each chunk from the service
    garbage   a web page for an HTTP client, senseless bytes for all others
    cut       what lives is reset, new connections pass: a restart in the middle of a request
    close     the same with an orderly end: an idle timeout
    cold      each new connection waits for `seconds`: a database that was scaled to zero

Who must not meet others' faults opens a bay. `POST /bays` with {"upstreams": {...}, "ports": {...}} makes a
new set of doors and answers {"name": "1", "address": "10.1.2.129", "ports": {"postgres": 5432}}. A bay has an
address of its own, at which each service is offered at the port that was asked for. Where none can be had
(there are no ADDRESSES, they are used up, or this container may not add one to its interface, which takes
`ip` and NET_ADMIN) `address` is empty: its doors are at HOST, on free ports. `/bays/NAME/services` and
`/bays/NAME/services/SERVICE` are as above, and `DELETE /bays/NAME` ends it with all that lives in it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import re
import socket
import struct
import sys
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import count
from typing import Any

KINDS = frozenset({"pass", "refuse", "hang", "slow", "garbage", "cut", "close", "cold"})
TIMED = frozenset({"slow", "cold"})

_PLACE = re.compile(r"(?:/bays/(?P<bay>[^/]+))?(?P<services>/services(?:/(?P<service>[^/]+))?)?")
# The first line of a request, and of an answer that is none to come (1xx), where they begin a chunk.
_ASKED = re.compile(rb"([A-Z]+) ([^\s?]{1,200})\S* HTTP/1\.[01]\r\n")
_SAID = re.compile(rb"HTTP/1\.[01] ([2-5]\d\d)\b")
_REFUSED = range(400, 500)
_KINDS_OF_REFUSALS = 50  # that are told apart
_ENDING = frozenset({"refuse", "cut", "close"})
_MOMENTARY = frozenset({"cut", "close"})
_INTERFACE = "eth0"  # what engines call a container's first one
_CHUNK = 16 * 1024  # bytes; as much of a connection may still be on its way when it is told to hang
_HELD = 64  # chunks that are read ahead of a side that does not take them
_GRACE = 2.0  # seconds that a side gets to take what it was sent before it is reset after all

_HTML = b"<!doctype html><title>Not the API</title><p>This is a page, and no API."
_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_HTML), _HTML)
)
_NOISE = bytes(8) + b"\xff\xfe" * 8  # no message of Postgres and no record of TLS starts like this


@dataclass(frozen=True)
class ProxyFault:
    """What the connections of one service meet."""

    kind: str = "pass"
    seconds: float = 0.0

    @classmethod
    def parse(cls, body: bytes) -> ProxyFault:
        """Read an order. Raises ValueError for one that makes no sense."""
        order = json.loads(body)
        if not isinstance(order, dict) or order.keys() - {"fault", "seconds"}:
            raise ValueError("give an object with `fault` and, where it takes time, `seconds`")
        kind, seconds = order.get("fault"), order.get("seconds", 0.0)
        if kind not in KINDS:
            raise ValueError(f"`fault` is one of {', '.join(sorted(KINDS))}")
        if not isinstance(seconds, int | float) or (seconds > 0) != (kind in TIMED):
            raise ValueError(f"`seconds` above 0 belong to {' and '.join(sorted(TIMED))}, and to no other")
        return cls(kind, float(seconds))


class OverError(Exception):
    """Ends a connection in order: one of its sides is done."""


class Connection:
    """One client, and as soon as it is let through its connection to the service."""

    def __init__(self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._door = door
        self._client = writer
        self._client.transport.set_write_buffer_limits(0)  # or a hang would let out what waits there
        self._from_client = reader
        self._service: asyncio.StreamWriter | None = None
        self._inbound: asyncio.Queue[bytes] = asyncio.Queue(_HELD)
        self._outbound: asyncio.Queue[bytes] = asyncio.Queue(_HELD)
        self._tasks = asyncio.TaskGroup()
        self._http: bool | None = None  # not known before the first chunk
        self._asked: deque[tuple[str, str]] = deque(maxlen=_HELD)  # what was not answered yet
        self._reset = False

    async def run(self) -> None:
        """Live until one side ends it or the door does; both sides are closed when it returns."""
        try:
            async with self._tasks:
                self._tasks.create_task(self._hear())
                self._tasks.create_task(self._pass_in())
        except* OverError:
            pass
        except* OSError:
            self._reset = True  # one side was, so the other shall see it too
        except* asyncio.CancelledError:
            pass
        finally:
            self.close(reset=self._reset)
            await self._closed()

    def close(self, *, reset: bool) -> None:
        """Close both sides, which has happened when `run` has returned."""
        self._reset = self._reset or reset
        for side in self._sides():
            side.close()
            if self._reset:
                # No lingering: closing the socket is then a reset (socket(7), SO_LINGER).
                with suppress(OSError):  # it is closed already
                    linger = struct.pack("ii", 1, 0)
                    side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                side.transport.abort()

    def _sides(self) -> tuple[asyncio.StreamWriter, ...]:
        return (self._client, self._service) if self._service else (self._client,)

    async def _closed(self) -> None:
        try:
            async with asyncio.timeout(_GRACE):
                for side in self._sides():
                    with suppress(OSError):
                        await side.wait_closed()
        except TimeoutError:
            self.close(reset=True)

    async def _hear(self) -> None:
        """Read the client, even while its bytes are held: so it is seen when it gives up."""
        while chunk := await self._from_client.read(_CHUNK):
            self._door.bytes_in += len(chunk)
            if request := _ASKED.match(chunk):
                self._asked.append((request[1].decode(), request[2].decode(errors="replace")))
            if self._http is None:
                self._http = re.match(rb"[A-Z]+ \S+ HTTP/1\.", chunk) is not None
            await self._inbound.put(chunk)
        if self._door.fault.kind in {"hang", "cold"}:
            raise OverError
        await self._inbound.put(b"")

    async def _pass_in(self) -> None:
        """Give the service what the client says."""
        fault = self._door.fault
        if fault.kind == "refuse":
            raise ConnectionAbortedError("accepted while the door was being shut")
        if fault.kind == "cold":
            await self._door.pause(fault.seconds)
        service = await self._connect() if await self._kind() != "garbage" else None
        while chunk := await self._inbound.get():
            if await self._kind() == "garbage":
                await self._babble()
            service = service or await self._connect()
            service.write(chunk)
            await service.drain()
        raise OverError

    async def _connect(self) -> asyncio.StreamWriter:
        host, _, port = self._door.upstream.rpartition(":")
        try:
            reader, self._service = await asyncio.open_connection(host, int(port))
        except OSError as error:
            _log(f"{self._door.upstream} does not answer: {error}")
            raise
        self._service.transport.set_write_buffer_limits(0)
        self._tasks.create_task(self._listen(reader))
        self._tasks.create_task(self._pass_out())
        return self._service

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(_CHUNK):
            if self._asked and (said := _SAID.match(chunk)):
                self._door.note(*self._asked.popleft(), int(said[1]))
            await self._outbound.put(chunk)
        await self._outbound.put(b"")

    async def _pass_out(self) -> None:
        """Give the client what the service says."""
        while chunk := await self._outbound.get():
            while (fault := self._door.fault).kind == "slow":
                if await self._door.pause(fault.seconds):
                    break
            if await self._kind() == "garbage":
                await self._babble()
            self._client.write(chunk)
            self._door.bytes_out += len(chunk)
            await self._client.drain()
        raise OverError

    async def _kind(self) -> str:
        """The kind of fault that is in force, once that is no longer to hang."""
        while self._door.fault.kind == "hang":
            await self._door.changed.wait()
        return self._door.fault.kind

    async def _babble(self) -> None:
        """Answer with garbage, and wait for the client to go: a reset would overtake the answer."""
        answer = _PAGE if self._http else _NOISE
        self._client.write(answer)
        self._door.bytes_out += len(answer)
        self._client.write_eof()
        while await self._inbound.get():
            pass
        raise OverError


class Door:
    """One service's listener, its fault, and what went through since that was put in force."""

    def __init__(self, upstream: str, host: str, port: int) -> None:
        self.upstream = upstream
        self.fault = ProxyFault()
        self.changed = asyncio.Event()
        self.accepted = self.bytes_in = self.bytes_out = 0
        self.refused: Counter[tuple[str, str, int]] = Counter()
        self._live: dict[asyncio.Task[Any], Connection] = {}
        self._server: asyncio.Server | None = None
        self._socket = _bound(host, port)
        self._address: tuple[str, int] = self._socket.getsockname()
        self._turn = asyncio.Lock()

    async def meet(self, fault: ProxyFault) -> None:
        """Put the fault in force."""
        async with self._turn:
            self.fault = ProxyFault() if fault.kind in _MOMENTARY else fault
            self.accepted = self.bytes_in = self.bytes_out = 0
            self.refused.clear()
            self.changed.set()
            self.changed = asyncio.Event()
            if fault.kind == "refuse":
                self._shut()
            elif self._server is None:
                self._server = await asyncio.start_server(self._accept, sock=self._socket)
            if fault.kind in _ENDING and self._live:
                await self._end_all(reset=fault.kind != "close")

    async def close(self) -> None:
        """End what lives and give up the port."""
        await self.meet(ProxyFault("refuse"))
        self._socket.close()

    async def pause(self, seconds: float) -> bool:
        """Wait that long; False when the fault changed meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), seconds)
            return False
        return True

    def note(self, method: str, path: str, status: int) -> None:
        """Count an answer of the service that is a refusal."""
        kind = (method, path, status)
        if status in _REFUSED and (kind in self.refused or len(self.refused) < _KINDS_OF_REFUSALS):
            self.refused[kind] += 1

    def report(self) -> dict[str, object]:
        """What `GET` tells."""
        return {
            "upstream": self.upstream,
            "port": self._address[1],
            "fault": self.fault.kind,
            "seconds": self.fault.seconds,
            "live": len(self._live),
            "accepted": self.accepted,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "refused": [[*kind, times] for kind, times in self.refused.items()],
        }

    def _shut(self) -> None:
        """Close the listening socket, and keep its port with one that does not listen."""
        if self._server:
            self._server.close()
            self._server = None
            self._socket = _bound(*self._address)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        task = asyncio.create_task(connection.run())
        self.accepted += 1
        self._live[task] = connection
        task.add_done_callback(self._live.pop)

    async def _end_all(self, *, reset: bool) -> None:
        for task, connection in self._live.items():
            connection.close(reset=reset)
            task.cancel()
        await asyncio.wait(self._live)


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


class Addresses:
    """Addresses that are this container's own for as long as a bay has them."""

    def __init__(self, free: str) -> None:
        self._free = [str(address) for address in ip_network(free).hosts()] if free else []

    async def take(self) -> str:
        """Put one on the interface; empty where that cannot be."""
        while self._free:
            address = self._free.pop(0)
            if not await self._change("add", address):
                self._free.clear()  # nor would the next one be
                return ""
            return address
        return ""

    async def give_back(self, address: str) -> None:
        """Take it off the interface."""
        if address and await self._change("del", address):
            self._free.append(address)

    async def _change(self, how: str, address: str) -> bool:
        command = ("ip", "address", how, f"{address}/32", "dev", _INTERFACE)
        try:
            changing = await asyncio.create_subprocess_exec(*command)
        except OSError as error:
            _log(f"{' '.join(command)}: {error}")
            return False
        return await changing.wait() == 0


@dataclass(frozen=True)
class Bay:
    """A set of doors that nobody else meets; `address` is empty where it has none of its own."""

    address: str
    doors: Mapping[str, Door]


class Bays:
    """The bays by name. That of the plain paths has an empty one."""

    def __init__(self, host: str, doors: Mapping[str, Door], addresses: Addresses) -> None:
        self._host = host
        self._bays = {"": Bay("", doors)}
        self._addresses = addresses
        self._numbers = count(1)

    def find(self, name: str) -> Bay | None:
        """The bay of that name, where there is one."""
        return self._bays.get(name)

    async def open(self, body: bytes) -> dict[str, object]:
        """Make a bay as it is ordered. Raises ValueError for an order that makes no sense."""
        order = json.loads(body)
        if not isinstance(order, dict) or not isinstance(order.get("upstreams"), dict):
            raise ValueError("give an object with `upstreams` and, where they matter, `ports`")  # noqa: TRY004 - of what was sent
        address = await self._addresses.take()
        ports = order.get("ports", {}) if address else {}
        try:
            doors = await opened(order["upstreams"], address or self._host, ports)
        except BaseException:
            await self._addresses.give_back(address)
            raise
        name = str(next(self._numbers))
        self._bays[name] = Bay(address, doors)
        told = {service: door.report()["port"] for service, door in doors.items()}
        return {"name": name, "address": address, "ports": told}

    async def close(self, name: str) -> None:
        """End a bay."""
        bay = self._bays.pop(name)
        for door in bay.doors.values():
            await door.close()
        await self._addresses.give_back(bay.address)


async def opened(upstreams: Mapping[str, str], host: str, ports: Mapping[str, int]) -> dict[str, Door]:
    """Make a door for each service and open it."""
    doors: dict[str, Door] = {}
    try:
        for name, upstream in upstreams.items():
            doors[name] = Door(upstream, host, ports.get(name, 0))
            await doors[name].meet(ProxyFault())
    except OSError:
        for door in doors.values():
            await door.close()
        raise
    return doors


class Control:
    """The bays and their doors, and the few words of HTTP to ask for them."""

    def __init__(self, bays: Bays, token: str) -> None:
        self._bays = bays
        self._token = token

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"^content-length:\s*(\d+)", head, re.IGNORECASE | re.MULTILINE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            method, path, _ = head.split(" ", 2)
            shown = re.search(r"^x-spacedock-control:\s*(\S+)", head, re.IGNORECASE | re.MULTILINE)
            if shown and hmac.compare_digest(shown[1].encode(), self._token.encode()):
                status, answer = await self._answer(method, path, body)
            else:
                status, answer = "403 Forbidden", {"error": "show the token of the run"}
            text = json.dumps(answer).encode()
            fields = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + text)
            await writer.drain()
        writer.close()

    async def _answer(self, method: str, path: str, body: bytes) -> tuple[str, object]:
        try:
            if (method, path) == ("POST", "/bays"):
                return "201 Created", await self._bays.open(body)
            place = _PLACE.fullmatch(path)
            bay = self._bays.find(place["bay"] or "") if place else None
            if not path.strip("/") or place is None or bay is None:
                return "404 Not Found", {"error": "there is only /services and /bays"}
            if place["services"]:
                return await _at_doors(bay.doors, method, place["service"] or "", body)
            return await self._at_bay(method, place["bay"])
        except (ValueError, OSError) as error:
            return "422 Unprocessable Content", {"error": str(error)}

    async def _at_bay(self, method: str, name: str) -> tuple[str, object]:
        if method != "DELETE":
            return "405 Method Not Allowed", {"error": "POST /bays, or DELETE one"}
        await self._bays.close(name)
        return "200 OK", {}


async def _at_doors(doors: Mapping[str, Door], method: str, name: str, body: bytes) -> tuple[str, object]:
    if name and name not in doors:
        return "404 Not Found", {"error": f"there is only /services and /services/{set(doors)}"}
    if method == "GET":
        reports = {known: door.report() for known, door in doors.items()}
        return "200 OK", reports[name] if name else reports
    if method != "PUT" or not name:
        return "405 Method Not Allowed", {"error": "GET, or PUT a fault for one service"}
    await doors[name].meet(ProxyFault.parse(body))
    return "200 OK", doors[name].report()


async def serve(environment: Mapping[str, str]) -> None:
    """Serve as the environment says, for ever."""
    host = environment.get("HOST", "127.0.0.1")
    ports = json.loads(environment.get("PORTS", "{}"))
    upstreams = json.loads(environment.get("UPSTREAMS", "{}"))
    doors = await opened(upstreams, host, ports)
    for name, door in doors.items():
        _log(f"{name} listens on {host}:{door.report()['port']} for {door.upstream}")
    bays = Bays(host, doors, Addresses(environment.get("ADDRESSES", "")))
    port = int(environment.get("PORT", "0"))
    control = await asyncio.start_server(Control(bays, environment["CONTROL_TOKEN"]).converse, host, port)
    _log(f"control running on http://{host}:{control.sockets[0].getsockname()[1]}")
    await control.serve_forever()


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - its log is its standard error


def main() -> None:
    """Serve as the environment says."""
    if not os.environ.get("CONTROL_TOKEN"):
        raise SystemExit("CONTROL_TOKEN is not set; give it the token that whoever orders faults must show")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(os.environ))


if __name__ == "__main__":
    main()
