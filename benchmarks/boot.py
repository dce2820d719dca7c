"""How long the image dock takes to know how a boot ended, beside `docker run` of the same image.

    python benchmarks/boot.py [ROUNDS]

Prints medians in seconds and their ratio. Both sides are measured in turn, so that a machine that slows down
slows both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from statistics import median

import httpx

from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

SERVER = """
import os, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
if "FAIL" in os.environ:
    sys.exit("no")
HTTPServer(("0.0.0.0", 7860), SimpleHTTPRequestHandler).serve_forever()
"""
DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /tmp\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
CRASH = BootSpec(purpose="crashing", environment=(("FAIL", "1"),))


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def run_until_answer(image: str) -> None:
    """`docker run`, and ask as tightly as a shell loop never would."""
    container = docker("run", "--detach", "--publish=127.0.0.1::7860", image)
    try:
        address = docker("port", container, "7860/tcp")
        with httpx.Client(trust_env=False) as client:
            while True:
                with suppress(httpx.TransportError):
                    client.get(f"http://{address}/")
                    return
    finally:
        docker("rm", "--force", container)


def run_until_exit(image: str) -> None:
    """`docker run` in the foreground of a container that exits at once."""
    subprocess.run(["docker", "run", "--rm", "--env=FAIL=1", image], capture_output=True, check=False)


def seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "README.md").write_text("---\nsdk: docker\n---\n")
        (place / "Dockerfile").write_text(DOCKERFILE)
        (place / "app.py").write_text(SERVER)
        with open_run() as run, ImageDock(read_space(place), run, silent) as dock:

            def boot(spec: BootSpec) -> None:
                with closing(dock.boot(spec)):
                    pass

            pairs = {
                "boot to first answer": (lambda: boot(BootSpec()), lambda: run_until_answer(dock.image)),
                "crash to verdict": (lambda: boot(CRASH), lambda: run_until_exit(dock.image)),
            }
            for name, (ours, theirs) in pairs.items():
                figures = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
                dock_median, docker_median = (median(column) for column in zip(*figures, strict=True))
                print(  # noqa: T201
                    f"{name}: dock {dock_median:.2f} s, docker run {docker_median:.2f} s, "
                    f"ratio {median(ours / theirs for ours, theirs in figures):.2f}"
                )


if __name__ == "__main__":
    main()
