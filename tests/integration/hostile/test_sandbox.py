"""Ways out of the sandbox: over the link itself in IPv6, past the rules as root, to published ports."""

from __future__ import annotations

import json
import socket
import socketserver
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.instance import ContainerInstance
from spacedock.docks.image.opened import OpenImageDock
from spacedock.engine import Engine
from spacedock.progress import silent
from spacedock.runs import RUN_LABEL, OpenRun
from tests.unit.docks.servers import serving, space_of

PORT = 8080
SERVICES = """
[secrets]
DATABASE_URL = { from = "postgres.url" }
[dock.variables]
OPENAI_BASE_URL = { from = "openai.base_url" }
"""
# Asks over the link: the engine's machine has an address there that begins with fe80, and [::] hears it.
OVER_THE_LINK = """
import socket, sys
def tried(kind, address, port):
    with socket.socket(socket.AF_INET6, kind) as asking:
        asking.settimeout(2)
        try:
            asking.connect((address, port, 0, socket.if_nametoindex("eth0")))
            asking.send(b"?")
            return asking.recv(8).decode()
        except OSError as error:
            return type(error).__name__
for address in sys.argv[3:]:
    print(tried(socket.SOCK_STREAM, address, int(sys.argv[1])))
    print(tried(socket.SOCK_DGRAM, address, int(sys.argv[2])))
"""
RAW = """
import socket
for family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW, 3), (socket.AF_INET, socket.SOCK_RAW, 1)):
    try:
        socket.socket(family, kind, protocol).close()
        print("opened")
    except PermissionError:
        print("denied")
"""


class Hearing(socketserver.BaseRequestHandler):
    """Says that it was heard."""

    def handle(self) -> None:
        if isinstance(self.request, tuple):
            self.request[1].sendto(b"heard", self.client_address)
        else:
            self.request.recv(8)
            self.request.sendall(b"heard")


@contextmanager
def listening(kind: type[socketserver.TCPServer]) -> Iterator[int]:
    """A server on every address of this machine, as many a developer's is."""

    class Server(kind):  # type: ignore[misc, valid-type]
        address_family = socket.AF_INET6

    with Server(("::", 0), Hearing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    space = space_of(tmp_path_factory.mktemp("space"), serving(PORT), port=PORT, manifest=SERVICES)
    with ImageDock(space, run, silent) as opened:
        yield opened


@pytest.fixture(scope="module")
def instance(dock: OpenImageDock) -> ContainerInstance:
    return dock.boot(BootSpec())


def inspected(run: OpenRun) -> list[dict[str, Any]]:
    with closing(Engine.connect()) as engine:
        ours: dict[str, Any] = {"label": f"{RUN_LABEL}={run.id}"}
        return [each.attrs for each in engine.client.containers.list(filters=ours)]


def links_of(run: OpenRun) -> list[str]:
    """The link's addresses of this machine; those of the bridges of the engine are among them."""
    rows = [line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines()]
    packed = [bytes.fromhex(row[0]) for row in rows if row[0].startswith("fe80")]
    return [socket.inet_ntop(socket.AF_INET6, address) for address in packed]


def test_the_engines_machine_is_not_reached_over_the_link(run: OpenRun, instance: ContainerInstance) -> None:
    links = links_of(run)
    if not links:
        pytest.skip("the bridges of this engine have no address of the link")
    with listening(socketserver.TCPServer) as tcp, listening(socketserver.UDPServer) as udp:
        # The second group of each is that of every machine on the link.
        ended = instance.execute("python", "-c", OVER_THE_LINK, str(tcp), str(udp), *links, "ff02::1")
    assert ended.exit_code == 0, ended.output
    assert "heard" not in ended.output
    assert [tried for tried in instance.denials() if tried.ipv6] == []  # it called nobody outside


def test_what_gets_root_in_a_space_writes_no_packets_of_its_own(dock: OpenImageDock) -> None:
    as_root = dock.boot(BootSpec("as root", user="image"))
    assert as_root.identity() == 0
    assert as_root.execute("python", "-c", RAW).output.split() == ["denied", "denied"]


def test_every_published_port_is_for_the_harness_alone(run: OpenRun, instance: ContainerInstance) -> None:
    instance.edge()
    addresses = {
        published["HostIp"]
        for container in inspected(run)
        for ports in (container["NetworkSettings"]["Ports"] or {}).values()
        for published in ports or ()
    }
    (address,) = addresses
    assert address == instance.url.split("/")[2].partition(":")[0]
    assert httpx.get(instance.url).status_code == 503  # any is an answer


def test_every_container_has_bounds_and_a_name(run: OpenRun, instance: ContainerInstance) -> None:
    containers = inspected(run)
    assert len(containers) >= 4
    for container in containers:
        assert container["Name"].startswith(f"/spacedock-{run.id}-")
        assert container["HostConfig"]["PidsLimit"] > 0
        assert container["HostConfig"]["LogConfig"]["Config"]["max-size"]
    assert {name.split("-")[2] for name in (each["Name"] for each in containers)} >= {
        "openai",
        "postgres",
        "sandbox",
        "space",
    }


def test_a_space_orders_no_faults_of_its_services(dock: OpenImageDock, instance: ContainerInstance) -> None:
    with dock.faults() as faults:
        host = faults.values("openai")["base_url"].split("/")[2].partition(":")[0]
        places = ["http://openai/_double/requests", f"http://{host}:9000/services"]
        code = (
            "import json, sys, urllib.error, urllib.request as r\n"
            "def tried(place):\n"
            "    try: return r.urlopen(place, timeout=5).status\n"
            "    except urllib.error.HTTPError as error: return error.code\n"
            "    except OSError as error: return 'unreached'\n"
            "print(json.dumps([tried(place) for place in sys.argv[1:]]))"
        )
        met = json.loads(instance.execute("python", "-c", code, *places).output)
    assert met[0] == 403
    assert met[1] in {403, "unreached"}
