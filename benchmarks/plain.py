"""What plain `docker run` takes for the same work, and the smallest Space to do it with."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

CRASH = "FAIL"  # the variable with which the Space below exits at once
PORT = 7860
SERVER = f"""
import os, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
if "{CRASH}" in os.environ:
    sys.exit("no")
HTTPServer(("0.0.0.0", {PORT}), SimpleHTTPRequestHandler).serve_forever()
"""
DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /tmp\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
NOTHING: Mapping[str, str] = {}


def lay_out(folder: Path, *, crashes: bool = False) -> Path:
    """Write the smallest Space that answers, or that exits at once."""
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("---\nsdk: docker\n---\n")
    (folder / "Dockerfile").write_text(DOCKERFILE + (f"ENV {CRASH}=1\n" if crashes else ""))
    (folder / "app.py").write_text(SERVER)
    return folder


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def run_until_answer(
    image: str, port: int = PORT, environment: Mapping[str, str] = NOTHING, path: str = "/"
) -> None:
    """`docker run`, and ask as tightly as a shell loop never would."""
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    container = docker("run", "--detach", f"--publish=127.0.0.1::{port}", *variables, image)
    try:
        address = docker("port", container, f"{port}/tcp").splitlines()[0]
        with httpx.Client(trust_env=False) as client:
            while True:
                with suppress(httpx.TransportError):
                    client.get(f"http://{address}{path}")
                    return
    finally:
        docker("rm", "--force", container)


def run_until_exit(image: str, *variables: str) -> None:
    """`docker run` in the foreground of a container that exits at once."""
    given = [f"--env={name}=1" for name in variables]
    subprocess.run(["docker", "run", "--rm", *given, image], capture_output=True, check=False)


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
