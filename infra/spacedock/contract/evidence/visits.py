"""Visits to a Space through its edge, as a browser makes them."""

from __future__ import annotations

import httpx

_HOPS = 5  # redirects that are followed
_HTML = "text/html"


def visit(client: httpx.Client, path: str = "/") -> list[httpx.Response]:
    """GET `path` and follow redirects within the Space; return every answer, the last one last.

    One to `http://` is followed to `https://`, which is what the edge serves.
    """
    url = client.base_url.join(path)
    answers = []
    for _ in range(_HOPS):
        answers.append(client.get(url))
        location = answers[-1].headers.get("location", "")
        target = url.join(location) if answers[-1].is_redirect else url
        if target.host != client.base_url.host or not answers[-1].is_redirect:
            break
        url = target.copy_with(scheme="https", port=None)
    return answers


def is_page(answer: httpx.Response) -> bool:
    """Whether a browser shows it as a page."""
    return answer.is_success and answer.headers.get("content-type", "").lower().startswith(_HTML)


def status_of(client: httpx.Client, path: str, headers: dict[str, str] | None = None) -> int:
    """Return the status of a GET; the body, which may never end, is not read."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer.status_code
