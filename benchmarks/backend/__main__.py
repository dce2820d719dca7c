"""The containerised backend beside bare FastAPI routes in the same image, with services that answer at once.

    python benchmarks/backend [SECONDS]

Prints requests a second and latencies of `/health`, of a retrieval and of a streamed chat, memory at rest and
after 10,000 requests, the time from the container's start to the first 200, and the image's size; each with
its ratio to the bare one, measured in turn within one run. Needs a Docker engine, and `wrk` on PATH:
apt-get install wrk.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PORT = 8080
STARTS = 7
REQUESTS = 10_000
CONNECTIONS = 16
QUESTION = json.dumps({"question": "What does a camera see?"})
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
ENVIRONMENT = {
    "OPENAI_API_KEY": f"sk-{secrets.token_hex(20)}",
    "OPENAI_BASE_URL": "http://services:8000/v1",
    "QDRANT_API_KEY": secrets.token_hex(20),
    "QDRANT_URL": "http://services:8000",
    "DATABASE_URL": "postgresql://nobody@services:1/none",  # readers without a token need no database
    "RATE_LIMIT": "9999999/second",
}


BACKEND = ("sh", "-c", f"exec python -m backend --host 0.0.0.0 --port {PORT}")
BARE = ("python", "/tmp/bare.py")  # noqa: S108 - in its container
SERVICES = ("python", "/tmp/services.py", "8000")  # noqa: S108


@dataclass(frozen=True)
class Case:
    """What is asked of each server. From the collection `nothing` no model is asked."""

    ours: str
    bare: str
    body: str = ""
    accept: str = "application/json"
    collection: str = "textbook"


CASES = {
    "/health": Case("/health", "/health"),
    "retrieval": Case("/api/chat", "/retrieval", QUESTION, collection="nothing"),
    "streamed chat": Case("/api/chat", "/chat", QUESTION, "text/event-stream"),
}


@dataclass(frozen=True)
class Load:
    """What wrk measured; latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Running:
    """A container, and when it was started."""

    id: str
    began: float

    @property
    def url(self) -> str:
        return f"http://{docker('port', self.id, f'{PORT}/tcp')}"

    @property
    def resident(self) -> float:
        """Megabytes that the main process holds."""
        status = docker("exec", self.id, "cat", "/proc/1/status")
        return int(found(r"VmRSS:\s+(\d+)", status)) / 1024

    def until_200(self) -> float:
        """Seconds from the start to the first 200, asked for as tightly as the engine allows."""
        with httpx.Client(trust_env=False) as client:
            while True:
                with suppress(httpx.TransportError):
                    if client.get(f"{self.url}/health").status_code == 200:
                        return time.monotonic() - self.began

    def until_ready(self) -> None:
        """Wait until the clients of the services are imported, which nobody's first answer waits for."""
        self.until_200()
        httpx.get(f"{self.url}/ready", trust_env=False, timeout=60)


@dataclass(frozen=True)
class Bench:
    """An image and a network; `folder` is for what wrk reads."""

    image: str
    network: str
    folder: Path

    @contextmanager
    def run(
        self, command: Sequence[str], *, alias: str = "", collection: str = "textbook"
    ) -> Iterator[Running]:
        """Run a server in a new container for as long as the body takes."""
        environment = {**ENVIRONMENT, "QDRANT_COLLECTION_NAME": collection}
        options = [f"--network={self.network}", f"--publish=127.0.0.1::{PORT}", "--cpus=2", "--memory=16g"]
        options += [f"--env={key}={value}" for key, value in environment.items()]
        options += [f"--network-alias={alias}"] if alias else []
        container = docker("create", *options, self.image, *command)
        try:
            docker("cp", f"{HERE}/.", f"{container}:/tmp/")
            began = time.monotonic()
            docker("start", container)
            yield Running(container, began)
        finally:
            docker("rm", "--force", container)

    def load(self, running: Running, path: str, case: Case, seconds: float) -> Load:
        """Have wrk ask for `seconds`; every answer must be a 200."""
        script = self.folder / "case.lua"
        script.write_text(
            f"wrk.method = {json.dumps('POST' if case.body else 'GET')}\n"
            f"wrk.body = {json.dumps(case.body)}\n"
            f'wrk.headers["Content-Type"] = "application/json"\n'
            f'wrk.headers["Accept"] = {json.dumps(case.accept)}\n'
        )
        command = [
            "wrk",
            f"-d{math.ceil(seconds)}s",
            "-t1",
            f"-c{CONNECTIONS}",
            "--latency",
            "--timeout=30s",
            f"-s{script}",
        ]
        done = subprocess.run([*command, f"{running.url}{path}"], capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise SystemExit(f"{path} did not always answer 200:\n{done.stdout}")
        return Load(
            float(found(r"Requests/sec:\s+([\d.]+)", done.stdout)),
            milliseconds(found(r"(?m)^ +50% +(\S+)", done.stdout)),
            milliseconds(found(r"(?m)^ +99% +(\S+)", done.stdout)),
        )


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def size(image: str) -> float:
    return int(docker("image", "inspect", "--format={{.Size}}", image)) / 1e6


def layers(image: str) -> list[str]:
    made_of: list[str] = json.loads(docker("image", "inspect", "--format={{json .RootFS.Layers}}", image))
    return made_of


def base_of(image: str) -> str:
    """The image that has the most of the first layers of `image`, and no others."""
    own = layers(image)
    others = ((other, layers(other)) for other in docker("image", "ls", "--quiet", "--no-trunc").split())
    return max(
        (len(made_of), other)
        for other, made_of in others
        if made_of != own and made_of == own[: len(made_of)]
    )[1]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"nothing matches {pattern} in:\n{text}")
    return match[1]


def milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


def say(name: str, ours: float, bare: float, unit: str) -> None:
    print(f"{name:34} {ours:10.2f} {bare:10.2f} {unit:4} ratio {ours / bare:5.2f}", flush=True)  # noqa: T201


def measure_starts(bench: Bench) -> None:
    """From the container's start to the first 200, in turn."""
    times: dict[Sequence[str], list[float]] = {BACKEND: [], BARE: []}
    for _ in range(STARTS):
        for command, seconds in times.items():
            with bench.run(command) as running:
                seconds.append(running.until_200())
    say("start to first 200", median(times[BACKEND]), median(times[BARE]), "s")


def measure_load(bench: Bench, seconds: float) -> None:
    """Each case twice in turn, the better of the two; the first seconds warm up."""
    for name, case in CASES.items():
        with bench.run(BACKEND, collection=case.collection) as ours, bench.run(BARE) as bare:
            ours.until_ready()
            bare.until_200()
            pairs = ((ours, case.ours), (bare, case.bare))
            rounds = [[bench.load(who, path, case, seconds) for who, path in pairs] for _ in range(3)][1:]
        best, best_bare = (max(column, key=lambda load: load.rate) for column in zip(*rounds, strict=True))
        say(f"{name}: requests a second", best.rate, best_bare.rate, "/s")
        say(f"{name}: p50", best.p50, best_bare.p50, "ms")
        say(f"{name}: p99", best.p99, best_bare.p99, "ms")


def measure_memory(bench: Bench) -> None:
    """The main process at rest, once warm, and after 10,000 more streamed chats."""
    case = CASES["streamed chat"]
    told = {}
    for command, path in ((BACKEND, case.ours), (BARE, case.bare)):
        with bench.run(command) as running:
            running.until_ready()
            rest = running.resident
            rate = bench.load(running, path, case, 5).rate
            warm = running.resident
            bench.load(running, path, case, REQUESTS / rate)
            told[command] = (rest, warm, running.resident)
    for name, ours, bare in zip(
        ("at rest", "warm", "10,000 chats later"), told[BACKEND], told[BARE], strict=True
    ):
        say(f"memory {name}", ours, bare, "MB")


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not on PATH: apt-get install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = stack.enter_context(open_run())
        dock = stack.enter_context(ImageDock(read_space(ROOT), run, silent))
        network = docker("network", "create", f"bench-{run.id}")
        stack.callback(docker, "network", "rm", network)
        bench = Bench(dock.image, network, folder)
        stack.enter_context(bench.run(SERVICES, alias="services"))
        say("image, beside its base", size(dock.image), size(base_of(dock.image)), "MB")
        measure_starts(bench)
        measure_memory(bench)
        measure_load(bench, seconds)


if __name__ == "__main__":
    main()
