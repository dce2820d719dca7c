"""The edge in front of a Space that tells what it is sent."""

from __future__ import annotations

import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from secrets import token_hex
from typing import Any

import docker
import httpx
import pytest

from spacedock import platform
from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import COMES_AS, MEMBERS_TOKEN, VISITOR, Edge, HostForm, Manner
from spacedock.edge.transport import trusting
from spacedock.progress import silent
from spacedock.runs import RUN_LABEL, OpenRun
from spacedock.space import read_space

HOST = "owner-its-name.hf.space"
ORIGIN = "https://front-end.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization,x-own",
}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "eA==",
}
PATIENCE = 20.0  # seconds

every_manner = pytest.mark.parametrize("manner", list(Manner))


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    # In a folder of its own: what git tracks does not count there.
    folder = tmp_path_factory.mktemp("edge") / "space"
    space = read_space(Path(shutil.copytree(Path(__file__).with_name("space"), folder)))
    with ImageDock(space, run, silent) as opened:
        yield opened


@pytest.fixture(scope="module")
def instance(dock: OpenImageDock) -> FullInstance:
    instance = dock.boot(BootSpec())
    assert instance.boot.ready, instance.logs()
    return instance


@pytest.fixture(scope="module")
def edge(instance: FullInstance) -> Edge:
    return instance.edge()


@pytest.fixture
def client(edge: Edge) -> Iterator[httpx.Client]:
    with edge.client(Manner.OBSERVED) as opened:
        yield opened


def told(answer: httpx.Response) -> dict[str, Any]:
    """The request as the Space saw it; of a header that came several times, every value in a list."""
    seen: dict[str, Any] = answer.json()
    headers: dict[str, list[str]] = {}
    for name, value in seen["headers"]:
        headers.setdefault(name, []).append(value)
    return {**seen, "headers": headers}


def wait(until: Callable[[], bool]) -> None:
    patience_ends = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < patience_ends
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("form", "name"), [(HostForm.PUBLIC, HOST), (HostForm.INTERNAL, platform.INTERNAL_HOST.value)]
)
@every_manner
def test_the_space_is_told_its_host_and_that_the_visitor_came_by_https(
    edge: Edge, manner: Manner, form: HostForm, name: str
) -> None:
    with edge.client(manner, form) as client:
        seen = told(client.get("/a//b%2Fc?d=e&f", headers={"X-Forwarded-Proto": "http"}))
    assert seen["path"] == "/a//b%2Fc?d=e&f"
    assert seen["version"] == "HTTP/1.1"
    assert seen["headers"]["host"] == [name]
    assert seen["headers"]["x-forwarded-proto"] == ["https"]


def test_it_calls_from_the_platforms_network(client: httpx.Client) -> None:
    peer = ip_address(told(client.get("/"))["peer"])
    assert not peer.is_loopback
    assert peer in ip_network(platform.EDGE_NETWORK.value)


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ([], VISITOR),
        (["203.0.113.7"], f"203.0.113.7, {VISITOR}"),
        (["203.0.113.7, 203.0.113.8"], f"203.0.113.7, 203.0.113.8, {VISITOR}"),
        (["203.0.113.7", "203.0.113.8"], f"203.0.113.7, 203.0.113.8, {VISITOR}"),
    ],
)
def test_what_a_client_says_of_its_address_is_kept_and_the_edges_word_is_last(
    client: httpx.Client, sent: list[str], arrives: str
) -> None:
    seen = told(client.get("/", headers=[("X-Forwarded-For", value) for value in sent]))
    assert seen["headers"]["x-forwarded-for"] == [arrives]


@pytest.mark.parametrize(
    ("visitor", "taken_for"), [("198.51.100.7", "198.51.100.7"), ("203.0.113.7", VISITOR)]
)
def test_a_test_may_come_as_another_visitor_and_no_space_hears_how(
    client: httpx.Client, visitor: str, taken_for: str
) -> None:
    seen = told(client.get("/", headers={COMES_AS: visitor}))
    assert seen["headers"]["x-forwarded-for"] == [taken_for]
    assert COMES_AS.lower() not in seen["headers"]


@pytest.mark.parametrize("path", ["/", "/broken"])
@every_manner
def test_every_answer_of_the_space_bears_what_the_platform_adds(
    edge: Edge, manner: Manner, path: str
) -> None:
    with edge.client(manner) as client:
        headers = client.get(path).headers
    cors = {"access-control-expose-headers"} if manner is Manner.TRANSPARENT else set()
    assert set(headers) >= set(platform.EDGE_HEADERS.value) - cors
    assert headers["x-proxied-host"].startswith("http://10.")
    assert headers["x-proxied-path"] == path
    assert headers["link"] == '<https://huggingface.co/spaces/Owner/Its_Name>;rel="canonical"'
    assert len(headers["x-request-id"]) == 6


def test_what_the_space_says_of_itself_is_kept(client: httpx.Client) -> None:
    answer = client.get("/wordy")
    assert answer.headers["x-wordy"] == "w" * 30_000
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["server"].startswith("BaseHTTP")


def test_an_answer_cannot_give_orders_to_the_edge(client: httpx.Client) -> None:
    answer = client.get("/internal")
    assert answer.status_code == 200
    assert answer.headers["x-accel-redirect"] == "/elsewhere"


def test_an_error_of_the_spaces_own_is_passed_on(client: httpx.Client) -> None:
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()) == (502, "its own")


def test_observed_it_answers_preflights_itself_and_without_credentials(client: httpx.Client) -> None:
    answer = client.options("/api", headers=PREFLIGHT)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-allow-headers"] == "authorization,x-own"
    assert answer.headers["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answer.headers
    assert "x-proxied-host" not in answer.headers


@pytest.mark.parametrize("left_out", ["Origin", "Access-Control-Request-Method"])
def test_observed_what_is_no_preflight_reaches_the_space(client: httpx.Client, left_out: str) -> None:
    headers = {name: value for name, value in PREFLIGHT.items() if name != left_out}
    assert told(client.options("/api", headers=headers))["method"] == "OPTIONS"


def test_observed_the_origin_is_reflected_whatever_the_space_says(client: httpx.Client) -> None:
    headers = client.get("/", headers={"Origin": ORIGIN}).headers
    assert headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert headers.get_list("access-control-expose-headers") == ["*"]


def test_observed_without_an_origin_the_spaces_word_stands(client: httpx.Client) -> None:
    assert client.get("/").headers["access-control-allow-origin"] == "https://mine.example"


def test_transparent_the_space_answers_preflights_and_its_word_stands(edge: Edge) -> None:
    with edge.client(Manner.TRANSPARENT) as client:
        answer = client.options("/api", headers=PREFLIGHT)
        assert told(answer)["headers"]["access-control-request-method"] == ["PUT"]
        for headers in (answer.headers, client.get("/", headers={"Origin": ORIGIN}).headers):
            assert headers.get_list("access-control-allow-origin") == ["https://mine.example"]
            assert headers.get_list("access-control-expose-headers") == ["X-Mine"]


@every_manner
def test_events_come_one_by_one(edge: Edge, instance: FullInstance, manner: Manner) -> None:
    name = token_hex()
    with edge.client(manner) as client, client.stream("GET", f"/events?{name}") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"data: first\n\n"
        httpx.post(f"{instance.url}/gate?{name}").raise_for_status()
        assert b"".join(pieces) == b"data: second\n\n"


@every_manner
def test_a_websocket_passes_both_ways(edge: Edge, manner: Manner) -> None:
    with edge.client(manner) as client, client.stream("GET", "/ws", headers=UPGRADE) as answer:
        assert answer.status_code == 101
        assert answer.headers["upgrade"] == "websocket"
        stream = answer.extensions["network_stream"]
        for said in (b"hello", bytes(1000)):
            stream.write(said, timeout=PATIENCE)
            heard = b""
            while len(heard) < len(said):
                heard += stream.read(2**16, timeout=PATIENCE)
            assert heard == said


def test_a_body_of_any_size_passes(client: httpx.Client) -> None:
    size = 64 * 2**20
    assert client.post("/upload", content=bytes(size)).json() == size


def test_a_body_is_passed_on_while_it_is_being_sent(client: httpx.Client, instance: FullInstance) -> None:
    name = token_hex()

    def body() -> Iterator[bytes]:
        yield b"first"
        wait(lambda: httpx.get(f"{instance.url}/uploaded?{name}").json() == 5)
        yield b"second"

    assert client.post(f"/upload?{name}", content=body()).json() == 11


@contextmanager
def away(instance: FullInstance) -> Iterator[None]:
    """Have the Space leave its port, and come back."""
    seen = instance.logs().count("away")
    instance.execute("sh", "-c", "kill -USR1 1")
    wait(lambda: instance.logs().count("away") > seen)
    try:
        yield
    finally:
        instance.execute("sh", "-c", "kill -USR2 1")


@every_manner
def test_while_the_space_is_away_it_answers_503_by_itself_and_recovers(
    edge: Edge, instance: FullInstance, manner: Manner
) -> None:
    with edge.client(manner) as client:
        with away(instance):
            answer = client.get("/")
            assert answer.status_code == 503
            assert not [name for name in answer.headers if name.startswith("x-proxied")]
        wait(lambda: client.get("/").status_code == 200)


def test_a_space_that_has_ended_is_away_too(dock: OpenImageDock) -> None:
    instance = dock.boot(BootSpec("to be ended"))
    with instance.edge().client(Manner.OBSERVED) as client:
        assert client.get("/").status_code == 200
        instance.stop(5)
        assert client.get("/").status_code == 503


def test_it_is_trusted_by_its_own_authority_alone(edge: Edge) -> None:
    host, port = edge.address(Manner.OBSERVED)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://{host}:{port}/", trust_env=False)


@pytest.mark.parametrize(
    ("name", "good"), [(HOST, True), ("localhost", True), ("somebody-else.hf.space", False)]
)
def test_its_certificate_is_for_the_spaces_host_and_this_machine(edge: Edge, name: str, good: bool) -> None:
    context = trusting(edge.certificate)
    with socket.create_connection(edge.address(Manner.OBSERVED), timeout=PATIENCE) as plain:
        if good:
            context.wrap_socket(plain, server_hostname=name).close()
        else:
            with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
                context.wrap_socket(plain, server_hostname=name)


def test_browsers_are_offered_http_2(edge: Edge) -> None:
    context = trusting(edge.certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(edge.address(Manner.OBSERVED), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"


def test_a_redirect_to_the_spaces_host_is_left_as_it_is(client: httpx.Client) -> None:
    assert client.get("/redirect").headers["location"] == f"https://{HOST}/home"


def test_a_developer_who_opens_it_by_another_name_stays_on_it(edge: Edge) -> None:
    url = edge.browser_url(Manner.TRANSPARENT)
    with httpx.Client(verify=trusting(edge.certificate), trust_env=False) as browser:
        answer = browser.get(f"{url}/redirect")
        assert answer.headers["location"] == f"{url}/home"
        assert told(browser.get(url))["headers"]["host"] == [HOST]


@pytest.fixture(scope="module")
def private(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The edge of the same Space, made private."""
    folder = tmp_path_factory.mktemp("private") / "space"
    shutil.copytree(Path(__file__).with_name("space"), folder)
    manifest = folder / "space.toml"
    manifest.write_text(manifest.read_text().replace("[space]\n", '[space]\nvisibility = "private"\n'))
    with ImageDock(read_space(folder), run, silent) as dock:
        yield dock.boot(BootSpec()).edge()


@every_manner
def test_a_private_space_is_hidden_from_strangers_and_the_harness_is_none(
    private: Edge, manner: Manner
) -> None:
    with private.client(manner) as client:
        assert MEMBERS_TOKEN.lower() not in told(client.get("/"))["headers"]
        del client.headers[MEMBERS_TOKEN]
        hidden = client.get("/")
        assert client.get("/", headers={"Authorization": "Bearer hf_token"}).status_code == 200
    assert hidden.status_code == platform.PRIVATE_STATUS.value
    assert platform.PRIVATE_TEXT.value in hidden.text
    assert not [name for name in hidden.headers if name.startswith("x-proxied")]


def test_who_opens_a_private_space_by_another_name_is_its_developer(private: Edge) -> None:
    with httpx.Client(verify=trusting(private.certificate), trust_env=False) as browser:
        assert browser.get(private.browser_url(Manner.OBSERVED)).status_code == 200


def test_its_log_has_no_query(client: httpx.Client, edge: Edge) -> None:
    client.get("/logged?token=c4n4ry")
    wait(lambda: "GET /logged 200" in edge.logs())
    assert "c4n4ry" not in edge.logs()


def test_an_instance_has_one_edge_however_many_ask_and_it_ends_with_the_instance(
    dock: OpenImageDock, run: OpenRun
) -> None:
    instance = dock.boot(BootSpec("to be left"))
    with ThreadPoolExecutor(4) as pool:
        (edge,) = {future.result() for future in [pool.submit(instance.edge) for _ in range(4)]}
    port = edge.address(Manner.OBSERVED)[1]
    assert port in published(run)
    instance.close()
    assert port not in published(run)
    edge.close()


def published(run: OpenRun) -> set[int]:
    """The ports that containers of the run have on their engine."""
    client = docker.from_env()
    try:
        ours = client.containers.list(filters={"label": f"{RUN_LABEL}={run.id}"}, ignore_removed=True)
        bindings = (found for container in ours for found in container.ports.values() if found)
        return {int(binding["HostPort"]) for found in bindings for binding in found}
    finally:
        client.close()
