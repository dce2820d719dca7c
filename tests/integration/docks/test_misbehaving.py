"""A Space whose front page misbehaves has a whole verdict: no promise fails for it that does not judge it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.registry import all_promises
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.run.loop import Run
from spacedock.runs import OpenRun
from tests.unit.docks.servers import space_of

SERVER = """
import os, socket, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"well")
        else:
            self.misbehave()

    do_HEAD = do_GET

    def misbehave(self):
{habit}

ThreadingHTTPServer(("0.0.0.0", 8080), Page).serve_forever()
"""
TO_ITSELF = """
        self.send_response(302)
        self.send_header("Location", "/")
        self.end_headers()
"""
TO_ANOTHER_HOST = """
        self.send_response(302)
        self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()
"""
NEVER_ENDS = """
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"and on " * 4096)
"""
RAISES = """
        raise RuntimeError("on purpose")
"""
DOCKERFILE = (
    'FROM python:3.11-slim\nUSER 1000\nWORKDIR /tmp\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
)


def held(tmp_path: Path, run: OpenRun, habit: str) -> dict[str, Finding]:
    script = SERVER.replace("{habit}", habit.strip("\n"))
    space = space_of(tmp_path / "space", script, port=8080, dockerfile=DOCKERFILE, manifest=READY)
    with Run(space, ImageDock(space, run, silent)) as opened:
        return {finding.promise.id: finding for finding in opened.judge(all_promises())}


READY = '[space]\nready = "/health"\n'


@pytest.mark.parametrize(
    ("habit", "broken"),
    [
        pytest.param(TO_ITSELF, "answers-head", id="redirects to itself"),
        pytest.param(TO_ANOTHER_HOST, "", id="redirects to another host"),
        pytest.param(NEVER_ENDS, "", id="never ends"),
        pytest.param(RAISES, "answers-its-requests", id="raises"),
    ],
)
def test_a_front_page_that_misbehaves_has_a_whole_verdict(
    tmp_path: Path, run: OpenRun, habit: str, broken: str
) -> None:
    findings = held(tmp_path, run, habit)
    assert [found.detail for found in findings.values() if found.outcome is Outcome.ERROR] == []
    # What fails whatever is asked for says nothing of how it takes HEAD: another promise tells.
    unseen = ["answers-head"] if broken == "answers-its-requests" else []
    assert [name for name, found in findings.items() if found.outcome is Outcome.BLOCKED] == unseen
    assert findings["boots-as-deployed"].outcome is Outcome.KEPT
    judges = [findings[name] for name in ("answers-head", "answers-its-requests")]
    said = {judge.promise.id: [problem.seen for problem in judge.problems] for judge in judges}
    assert [name for name, problems in said.items() if problems] == [broken] * bool(broken), said
