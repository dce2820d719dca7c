"""The way to an edge: under the Space's name to where the edge is, and nowhere else."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import trustme

from spacedock.edge.certificates import Certificates
from spacedock.edge.transport import EdgeTransport, trusting

HOST = "owner-name.hf.space"


class Told(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.headers['Host']} {self.path}".encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def certificates() -> Certificates:
    return Certificates.made_for(HOST, "localhost", "localhost")


@pytest.fixture
def address(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    pem = tmp_path_factory.mktemp("pem") / "server.pem"
    pem.write_bytes(certificates.server)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with HTTPServer(("127.0.0.1", 0), Told) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield ("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


def get(url: str, address: tuple[str, int], certificate: str) -> str:
    with httpx.Client(transport=EdgeTransport(HOST, address, certificate)) as client:
        return client.get(url).text


def test_a_request_goes_to_the_address_under_the_spaces_name(
    address: tuple[str, int], certificates: Certificates
) -> None:
    assert get(f"https://{HOST}/a?b", address, certificates.authority) == f"{HOST} /a?b"


def test_another_authority_is_not_trusted(address: tuple[str, int]) -> None:
    stranger = trustme.CA().cert_pem.bytes().decode()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        get(f"https://{HOST}/", address, stranger)


@pytest.mark.parametrize(
    "url", [f"http://{HOST}/", f"https://{HOST}:8443/", "https://huggingface.co/", f"https://not-{HOST}/"]
)
def test_nothing_else_is_reached(url: str, address: tuple[str, int], certificates: Certificates) -> None:
    with pytest.raises(httpx.ConnectError, match="is not the edge"):
        get(url, address, certificates.authority)


def test_the_authority_alone_is_trusted(certificates: Certificates) -> None:
    (known,) = trusting(certificates.authority).get_ca_certs()
    assert "hf-spacedock" in str(known["subject"])


def test_a_pin_is_the_hash_of_a_key_and_new_each_time(certificates: Certificates) -> None:
    assert len(certificates.pin) == 44
    assert certificates.pin != Certificates.made_for(HOST).pin
