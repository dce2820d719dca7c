"""What a tiny Space in the image dock can connect to, in each mode, and what is told of its tries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.image import firewall
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.instance import ContainerInstance
from spacedock.docks.image.opened import OpenImageDock
from spacedock.docks.instance import Denial
from spacedock.engine import Engine
from spacedock.images.supply import Supply
from spacedock.progress import silent
from spacedock.runs import RUN_LABEL, OpenRun
from spacedock.space import Space
from tests.unit.docks.servers import serving, space_of

PORT = 8080
APP = serving(PORT, before="exec(os.environ.get('HABIT', ''))\n")
SERVICES = """
[secrets]
DATABASE_URL = { from = "postgres.url" }
[dock.variables]
OPENAI_BASE_URL = { from = "openai.base_url" }
"""
HANGS, REFUSED, UNREACHABLE = "TimeoutError", "ConnectionRefusedError", "101 Network is unreachable"
# Tries each place and says what came of it. A datagram is answered by nobody, so only its refusal is told.
TRY = """
import json, socket, sys
def tries(host, port, kind):
    try:
        if kind == "tcp":
            socket.create_connection((host, port), timeout=0.5).close()
        else:
            family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.settimeout(0.5)
                sender.connect(place)
                sender.send(b"?")
                sender.recv(1)
    except socket.gaierror as error:
        return "no such name" if error.errno == socket.EAI_NONAME else str(error)
    except (TimeoutError, ConnectionRefusedError) as error:
        return type(error).__name__
    except OSError as error:
        return f"{error.errno} {error.strerror}"
    return "connects"
print(json.dumps([tries(*place) for place in json.loads(sys.argv[1])]))
"""


@dataclass(frozen=True)
class Outside:
    """A web server on the engine's own machine, which is outside of every run's network."""

    address: str
    port: int


@pytest.fixture(scope="module")
def outside(run: OpenRun) -> Iterator[Outside]:
    engine = Engine.connect()
    image = Supply(engine, silent).pinned("python").tag
    command = ["python", "-u", "-m", "http.server", "0"]
    server = engine.client.containers.run(
        image, command, detach=True, network_mode="host", labels=run.labels, init=True
    )
    try:
        while not (said := re.search(rb"port (\d+)", server.logs())):
            server.reload()
            assert server.status == "running", server.logs()
        bridge = engine.client.networks.get("bridge").attrs["IPAM"]["Config"][0]
        yield Outside(bridge["Gateway"], int(said[1]))
    finally:
        server.remove(force=True)
        engine.close()


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    space = space_of(tmp_path_factory.mktemp("space"), APP, port=PORT, manifest=SERVICES)
    with ImageDock(space, run, silent) as opened:
        yield opened


@pytest.fixture(scope="module")
def instances(dock: OpenImageDock) -> dict[Egress, ContainerInstance]:
    """A Space for each mode."""
    return {egress: dock.boot(BootSpec(egress.value, egress=egress)) for egress in Egress}


@pytest.fixture(scope="module")
def observed(instances: dict[Egress, ContainerInstance]) -> ContainerInstance:
    return instances[Egress.OBSERVED]


@pytest.fixture(scope="module")
def documented(instances: dict[Egress, ContainerInstance]) -> ContainerInstance:
    return instances[Egress.DOCUMENTED]


def tries(instance: ContainerInstance, *places: tuple[str, int], kind: str = "tcp") -> list[str]:
    """What a Space meets at each place."""
    ended = instance.execute("python", "-c", TRY, json.dumps([(*place, kind) for place in places]))
    assert ended.exit_code == 0, ended.output
    met: list[str] = json.loads(ended.output)
    return met


def within(instance: ContainerInstance, code: str) -> str:
    return instance.execute("python", "-c", code).output.strip()


@pytest.mark.parametrize("port", [25, 465, 587, 993])
def test_the_ports_of_mail_hang_as_observed(observed: ContainerInstance, port: int) -> None:
    assert tries(observed, ("smtp.gmail.com", port)) == [HANGS]
    assert Denial("smtp.gmail.com", port, "tcp", platform=True) in observed.denials()


def test_all_else_outside_is_refused_at_once_and_told_by_name(observed: ContainerInstance) -> None:
    assert tries(observed, ("api.example.com", 443), ("192.0.2.7", 6379)) == [REFUSED, REFUSED]
    assert {
        Denial("api.example.com", 443, "tcp", platform=False),
        Denial("192.0.2.7", 6379, "tcp", platform=False),
    } <= set(observed.denials())


def test_the_services_are_reached_as_observed(observed: ContainerInstance) -> None:
    assert tries(observed, ("postgres", 5432), ("openai", 80)) == ["connects", "connects"]


def test_all_but_the_web_is_closed_as_documented_services_too(documented: ContainerInstance) -> None:
    places = ("postgres", 5432), ("openai", 80), ("api.example.com", 443), ("api.example.com", 6333)
    assert tries(documented, *places) == [HANGS, "connects", REFUSED, HANGS]
    assert set(documented.denials()) >= {
        Denial("postgres", 5432, "tcp", platform=True),
        Denial("api.example.com", 443, "tcp", platform=False),
        Denial("api.example.com", 6333, "tcp", platform=True),
    }


def test_nothing_real_is_reached_but_in_the_open(
    instances: dict[Egress, ContainerInstance], outside: Outside
) -> None:
    place = outside.address, outside.port
    met = {egress: tries(instance, place)[0] for egress, instance in instances.items()}
    assert met == {Egress.OBSERVED: REFUSED, Egress.DOCUMENTED: HANGS, Egress.OPEN: "connects"}
    assert instances[Egress.OPEN].denials() == ()


def test_the_machine_of_the_engine_is_outside(observed: ContainerInstance, outside: Outside) -> None:
    gateway = within(
        observed,
        "words = [line.split() for line in open('/proc/net/route')]\n"
        "print(next(bytes.fromhex(word[2])[::-1].hex() for word in words if word[1] == '00000000'))",
    )
    address = ".".join(str(byte) for byte in bytes.fromhex(gateway))
    assert tries(observed, (address, outside.port)) == [REFUSED]


@pytest.mark.parametrize("host", ["2001:db8::1", "db.abcdefghijklmnop.supabase.co"])
def test_there_is_no_route_for_ipv6(observed: ContainerInstance, host: str) -> None:
    patient = TRY.replace("timeout=0.5", "timeout=10")
    ended = observed.execute("python", "-c", patient, json.dumps([(host, 5432, "tcp")]))
    assert json.loads(ended.output) == [UNREACHABLE]
    assert Denial(host, 5432, "tcp", platform=True, ipv6=True) in observed.denials()


def test_a_blocked_host_has_no_address_and_is_told(
    observed: ContainerInstance, documented: ContainerInstance
) -> None:
    place = ("api.telegram.org", 443)
    assert tries(observed, place) == ["[Errno -5] No address associated with hostname"]
    assert Denial("api.telegram.org", 53, "udp", platform=True, blocked=True) in observed.denials()
    assert tries(documented, place) == [REFUSED]


def test_a_datagram_is_refused_or_lost(observed: ContainerInstance, documented: ContainerInstance) -> None:
    time_server = ("192.0.2.9", 123)
    assert tries(observed, time_server, kind="udp") == [REFUSED]
    assert Denial("192.0.2.9", 123, "udp", platform=False) in observed.denials()
    assert tries(documented, time_server, kind="udp") == [HANGS]
    assert Denial("192.0.2.9", 123, "udp", platform=True) in documented.denials()


def test_a_name_that_nobody_has_does_not_exist(observed: ContainerInstance) -> None:
    places = ("redis", 6379), ("postgres.invalid", 5432)
    assert tries(observed, *places) == ["no such name", "no such name"]


def test_the_space_has_no_capability_more(dock: OpenImageDock) -> None:
    masks = {
        egress: within(
            dock.boot(BootSpec(f"root, {egress}", user="image", egress=egress)),
            "print([line for line in open('/proc/1/status') if line.startswith('Cap')])",
        )
        for egress in (Egress.OPEN, Egress.OBSERVED)
    }
    assert masks[Egress.OBSERVED] == masks[Egress.OPEN]


def test_it_finds_itself_and_its_resolver_as_it_would(
    observed: ContainerInstance, instances: dict[Egress, ContainerInstance]
) -> None:
    servers = "print([line for line in open('/etc/resolv.conf') if line.startswith('nameserver')])"
    assert within(observed, servers) == within(instances[Egress.OPEN], servers)
    own = "import socket; host = socket.gethostname(); print(len(host), socket.gethostbyname(host)[:3])"
    assert within(observed, own) == within(instances[Egress.OPEN], own)


def test_only_its_own_sockets_are_seen(observed: ContainerInstance) -> None:
    assert [str(listener) for listener in observed._container.listeners()] == [f"0.0.0.0:{PORT}"]


def test_it_may_listen_where_dns_does(dock: OpenImageDock) -> None:
    listens = (
        "s = socket.create_server(('', 53)); d = socket.socket(type=socket.SOCK_DGRAM); d.bind(('', 53))"
    )
    instance = dock.boot(BootSpec("listens on 53", environment=(("HABIT", listens),)))
    assert instance.boot.ready
    assert tries(instance, ("openai", 80), ("api.example.com", 443)) == ["connects", REFUSED]


def test_what_was_tried_is_remembered(dock: OpenImageDock) -> None:
    mail = "socket.create_connection(('smtp.gmail.com', 587), timeout=0.2)"
    ends = f"try: {mail}\nexcept TimeoutError: sys.exit(3)"
    instance = dock.boot(BootSpec("tries and ends", environment=(("HABIT", ends),)))
    assert instance.boot.exit_code == 3
    tried = (Denial("smtp.gmail.com", 587, "tcp", platform=True),)
    instance.close()
    assert instance.denials() == tried


def test_the_fault_proxies_are_reached(dock: OpenImageDock) -> None:
    with dock.faults() as faults:
        instance = dock.boot(BootSpec("behind proxies", environment=faults.environment))
        host = faults.values("openai")["base_url"].split("/")[2]
        name, _, port = host.partition(":")
        assert tries(instance, (name, int(port or 80))) == ["connects"]
        strict = dock.boot(BootSpec("strict", egress=Egress.DOCUMENTED, environment=faults.environment))
        assert tries(strict, (name, 80), (name, 5432)) == ["connects", HANGS]


def test_the_header_names_the_mode(dock: OpenImageDock) -> None:
    assert [
        line for line in dock.header if line.startswith("egress observed: ports 25, 465, 587, 993 dropped")
    ]
    assert Capability.EGRESS in dock.capabilities


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return space_of(tmp_path, APP, port=PORT)


def make_known(run: OpenRun, name: str, address: str) -> None:
    """Let the name be one that the world knows: the resolver asks its system, which has a file of hosts."""
    engine = Engine.connect()
    labelled = {"label": f"{RUN_LABEL}={run.id}"}
    (resolver,) = (
        container
        for container in engine.client.containers.list(filters={**labelled})
        if container.attrs["Config"]["Cmd"] == ["resolver"]
    )
    code = f"open('/etc/hosts', 'a').write('{address} {name}\\n')"
    assert resolver.exec_run(["python", "-c", code]).exit_code == 0
    engine.close()


def test_what_the_manifest_allows_is_reached_and_no_more(
    run: OpenRun, outside: Outside, tmp_path: Path
) -> None:
    known = f"*.known.example:{outside.port}"
    manifest = f'[egress]\nallow = ["{known}", "smtp.example.com", "{outside.address}:{outside.port}"]\n'
    space = space_of(tmp_path, APP, port=PORT, manifest=manifest)
    with ImageDock(space, run, silent) as dock:
        make_known(run, "api.known.example", outside.address)
        make_known(run, "smtp.example.com", outside.address)
        assert f"only {known}, smtp.example.com, {outside.address}" in "\n".join(dock.header)
        instance = dock.boot(BootSpec())
        port = outside.port
        assert tries(instance, ("api.known.example", port), (outside.address, port)) == [
            "connects",
            "connects",
        ]
        assert tries(instance, ("api.known.example", 443), ("known.example", port)) == [REFUSED, REFUSED]
        assert tries(instance, ("smtp.example.com", 587)) == [HANGS]
        assert Denial("known.example", port, "tcp", platform=False) in instance.denials()


def test_an_engine_that_lacks_what_it_takes_goes_on_without(
    run: OpenRun, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firewall, "rules", lambda *_: "table inet egress { nonsense }")
    with ImageDock(space, run, silent) as dock:
        assert Capability.EGRESS not in dock.capabilities
        assert "egress is not limited, real services can be reached: " in "\n".join(dock.header)
        instance = dock.boot(BootSpec())
        assert instance.boot.ready
        assert instance.denials() == ()


def test_a_run_in_the_open_makes_no_sandbox(run: OpenRun, space: Space) -> None:
    with ImageDock(space, run, silent, Conditions(egress=Egress.OPEN)) as dock:
        assert dock.boot(BootSpec()).denials() == ()
        assert "egress open: not limited, real services can be reached" in dock.header
