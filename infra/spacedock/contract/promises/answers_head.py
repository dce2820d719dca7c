"""A Space answers HEAD as it answers GET."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.base import Level, LookPromise, Problem
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0


class AnswersHead(LookPromise):
    """`HEAD /` is asked by uptime checks, and once by something at start."""

    title = "GET and HEAD / answer 200"
    reason = "The Space page shows `/`; one Space that stayed `Starting` logged `HEAD / 405` (contested)."
    consequence = "The page shows an error where the application should be; monitors count the Space as down."
    remedy = 'answer both at the root: `@app.api_route("/", methods=["GET", "HEAD"])`'
    source = "incidents head-root-405 and root-404-misread (one report, contradicted by others)"
    since = "0.1"
    level = Level.SHOULD

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Ask for the root, as the Space page and a monitor do."""
        with httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            for method in ("GET", "HEAD"):
                status = client.request(method, "/", follow_redirects=True).status_code
                if status != httpx.codes.OK:
                    yield self.problem(f"{method} / answers {status}")
