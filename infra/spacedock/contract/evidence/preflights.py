"""The question that a browser asks before a page of another origin may call."""

from __future__ import annotations

import httpx

from spacedock.space import Space


def preflight(space: Space, client: httpx.Client, origin: str) -> httpx.Response:
    """Ask it for a page at `origin`, which wants to call as the manifest says."""
    asked = space.manifest.origins
    return client.options(
        asked.path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": asked.method,
            "Access-Control-Request-Headers": ",".join(asked.headers),
        },
    )
