"""The way from an HTTP client of the harness to an edge, whose name no server of names knows."""

from __future__ import annotations

import ssl
from typing import Self

import httpx


class EdgeTransport(httpx.BaseTransport):
    """Carries requests for `https://host` to `address`, and no others anywhere.

    The certificate is checked for `host`. Raises httpx.ConnectError for any other URL: a redirect must not
    lead a test to a real server.
    """

    def __init__(self, host: str, address: tuple[str, int], certificate: str) -> None:
        self._host = host
        self._address = address
        self._inner = httpx.HTTPTransport(verify=trusting(certificate), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the edge under the name that it was asked for by."""
        url = request.url
        if (url.scheme, url.host, url.port) != ("https", self._host, None):
            raise httpx.ConnectError(f"{url.scheme}://{url.netloc.decode()} is not the edge", request=request)
        connect_host, connect_port = self._address
        mapped = httpx.Request(
            request.method,
            url.copy_with(host=connect_host, port=connect_port),
            headers=request.headers,  # `Host` is among them
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": self._host},
        )
        return self._inner.handle_request(mapped)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._inner.close()


def trusting(certificate: str) -> ssl.SSLContext:
    """A client's context that trusts the authority of `certificate` (PEM) and nobody else."""
    return ssl.create_default_context(cadata=certificate)
