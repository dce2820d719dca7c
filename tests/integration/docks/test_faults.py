"""Services are broken and mended under a tiny Space, in the dock that `--dock` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import httpx
import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.choose import choose
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.errors import UsageError
from spacedock.progress import silent
from spacedock.runs import OpenRun, open_run
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.faults.network import NetworkFaults
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from tests.unit.docks.servers import ASKING_MANIFEST, asking, free_port, space_of

MANIFEST = ASKING_MANIFEST + '[variables]\nDATABASE_URL = { from = "postgres.url" }\n'
JSON, PAGE = "application/json", "text/html"


@pytest.fixture(scope="module")
def run() -> Iterator[OpenRun]:
    with open_run() as opened:
        yield opened


@pytest.fixture(scope="module")
def dock(dock_name: str, run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDock]:
    port = free_port()
    space = space_of(tmp_path_factory.mktemp("space"), asking(port), port=port, manifest=MANIFEST)
    with choose(dock_name, space, run, silent) as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(dock: OpenDock) -> Iterator[NetworkFaults]:
    with dock.faults() as faults:
        yield faults


@pytest.fixture
def faults(opened: NetworkFaults) -> Iterator[NetworkFaults]:
    yield opened
    opened.mend_all()


@pytest.fixture(scope="module")
def instance(dock: OpenDock, opened: NetworkFaults) -> Iterator[FullInstance]:
    with closing(dock.boot(BootSpec("faults", environment=opened.environment))) as booted:
        assert booted.boot.ready, booted.logs()
        yield booted


@pytest.fixture
def meets(instance: FullInstance) -> Callable[[], str]:
    """What the Space meets when it asks OpenAI."""
    return lambda: httpx.get(instance.url, timeout=60, trust_env=False).text


def test_the_space_is_given_the_proxies_and_the_secrets_stay(
    dock: OpenDock, faults: NetworkFaults, instance: FullInstance
) -> None:
    given = dict(faults.environment)
    assert given.keys() == {"OPENAI_API_KEY", "OPENAI_BASE_URL", "DATABASE_URL"}
    assert given.items() <= instance.environment.items()
    assert given["OPENAI_API_KEY"] == dock.services["openai"].values["api_key"]
    assert given["OPENAI_BASE_URL"] != dock.services["openai"].values["base_url"]


@pytest.mark.parametrize(
    ("fault", "met"),
    [(NetworkFault("refuse"), "ConnectionRefusedError"), (NetworkFault("garbage"), PAGE)],
    ids=str,
)
def test_a_service_is_broken_and_mended(
    faults: NetworkFaults, meets: Callable[[], str], fault: NetworkFault, met: str
) -> None:
    with faults.broken("openai", fault):
        assert meets() == met
    assert meets() == JSON


@pytest.mark.parametrize(
    ("end", "met"), [("cut", "ConnectionResetError"), ("refuse", "ConnectionResetError")]
)
def test_a_request_in_flight_is_reset(
    faults: NetworkFaults, meets: Callable[[], str], end: str, met: str
) -> None:
    faults.break_("openai", NetworkFault("hang"))
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(meets)
        faults.wait("openai", lambda traffic: traffic.bytes_in > 0)
        faults.break_("openai", NetworkFault("cut") if end == "cut" else NetworkFault("refuse"))
        assert asking.result() == met


def test_what_hung_goes_on_when_it_is_mended(faults: NetworkFaults, meets: Callable[[], str]) -> None:
    faults.break_("openai", NetworkFault("hang"))
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(meets)
        faults.wait("openai", lambda traffic: traffic.bytes_in > 0)
        faults.mend("openai")
        assert asking.result() == JSON


def test_one_service_breaks_and_the_others_do_not(faults: NetworkFaults, meets: Callable[[], str]) -> None:
    faults.break_("postgres", NetworkFault("refuse"))
    assert meets() == JSON


def test_tls_passes_untouched(
    dock: OpenDock, dock_name: str, faults: NetworkFaults, instance: FullInstance
) -> None:
    """The Space has no Postgres client: its handshake is begun by hand, up to the server's word on TLS."""
    code = (
        "import os, socket, struct, urllib.parse\n"
        "at = urllib.parse.urlsplit(os.environ['DATABASE_URL'])\n"
        "wire = socket.create_connection((at.hostname, at.port))\n"
        "wire.sendall(struct.pack('!ii', 8, 80877103))\n"
        "print(wire.recv(1))\n"
    )
    ended = instance.execute("python", "-c", code)
    assert ended.output.strip() == ("b'S'" if dock_name == "image" else "b'N'")


def test_requests_are_seen_and_broken_at_the_doubles_desk(
    dock: OpenDock, faults: NetworkFaults, meets: Callable[[], str]
) -> None:
    model_faults = OpenAIFaults.of(dock.services["openai"])
    model_faults.order(RequestFault(error="overloaded"))
    model_faults.forget()
    assert meets() == "503"
    assert meets() == JSON
    assert [(request.path, request.outcome) for request in model_faults.requests()] == [
        ("/v1/models", "answered")
    ] * 2


def test_one_more_service_runs_beside_the_space_and_can_be_broken(dock: OpenDock) -> None:
    service = dock.start("qdrant")
    assert dock.start("qdrant") is service
    assert httpx.get(f"{service.local['url']}/readyz", trust_env=False).status_code == 200
    with dock.faults() as more:
        assert more.values("qdrant")["url"] != service.values["url"]
        with more.broken("qdrant", NetworkFault("refuse")):
            assert more.watch("qdrant").live == 0
    with pytest.raises(UsageError, match="`mongo`"):
        dock.start("mongo")


@pytest.mark.usefixtures("needs_image_dock")  # elsewhere two instances would share a port
def test_two_bays_at_once_and_one_hangs(dock: OpenDock) -> None:
    with dock.faults() as one, dock.faults() as other, ExitStack() as stack:
        hanging, passing = (
            stack.enter_context(closing(dock.boot(BootSpec(name, environment=faults.environment))))
            for name, faults in (("hangs", one), ("passes", other))
        )
        with one.broken("openai", NetworkFault("hang")), ThreadPoolExecutor(1) as pool:
            asking = pool.submit(httpx.get, hanging.url, timeout=60, trust_env=False)
            one.wait("openai", lambda traffic: traffic.bytes_in > 0)
            assert httpx.get(passing.url, timeout=60, trust_env=False).text == JSON
            assert not asking.done()
            one.mend("openai")
            assert asking.result().text == JSON


@pytest.mark.usefixtures("needs_image_dock")
def test_each_bay_offers_services_at_their_usual_ports(dock: OpenDock) -> None:
    with dock.faults() as one, dock.faults() as other:
        places = [urlsplit(faults.values("postgres")["url"]) for faults in (one, other)]
    assert [place.port for place in places] == [5432, 5432]
    assert len({place.hostname for place in places}) == 2
