"""A second Docker engine on this machine, on a loopback TCP port, with a registry for its mirror.

It stands for an engine that is elsewhere: images, containers and networks of its own, an address in
DOCKER_HOST, no access to this machine's files. Run as a script it stays until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import psutil

from spacedock.engine import Engine
from spacedock.images.supply import Supply, pins
from spacedock.progress import Progress, silent
from spacedock.runs import OpenRun, open_run

MIRRORED = ("python", "postgres", "qdrant", "edge")

_NEEDS = {
    "dockerd": "docker.io",
    "docker-registry": "docker-registry",
    "iptables": "iptables",
    "ip": "iproute2",
}
_PATIENCE = 60.0  # seconds for a server to say where it listens


@dataclass(frozen=True)
class Second:
    """The second engine, by what DOCKER_HOST must say."""

    address: str


def missing() -> str:
    """What a test that needs a second engine says when it is skipped; empty when nothing is missing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a second engine needs Linux and root: sudo env PATH=$PATH tox -e integration"
    packages = [package for program, package in _NEEDS.items() if shutil.which(program) is None]
    return f"a second engine needs more: apt-get install {' '.join(packages)}" if packages else ""


@contextmanager
def second_engine(progress: Progress = silent) -> Iterator[Second]:
    """An engine that finds the pinned images under their official names in its mirror."""
    with ExitStack() as stack:
        run = stack.enter_context(open_run())
        registry = stack.enter_context(_registry(run))
        _fill(registry, progress)
        network = stack.enter_context(_network())
        second = stack.enter_context(_dockerd(run, registry, network))
        _carry("sandbox", second, progress)
        yield second


@contextmanager
def _registry(run: OpenRun) -> Iterator[str]:
    """Debian's docker-registry on a free loopback port: `127.0.0.1:port`."""
    configuration = run.folder / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {run.folder / 'registry'}}}}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    command = ("docker-registry", "serve", str(configuration))
    with _server(run, command, ready=r"listening on (127\.0\.0\.1:\d+)") as address:
        yield address


def _fill(registry: str, progress: Progress) -> None:
    """Give the registry what the engine at hand has for the pins, under their official names."""
    engine = Engine.connect()
    try:
        supply = Supply(engine, progress)
        for key in MIRRORED:
            repository, _, tag = pins()[key].partition(":")
            repository = repository if "/" in repository else f"library/{repository}"
            name = f"{registry}/{repository}"
            engine.client.images.get(supply.pinned(key).tag).tag(name, tag)
            for event in engine.client.api.push(name, tag, stream=True, decode=True):
                if "error" in event:
                    raise RuntimeError(event["error"])
            engine.client.images.remove(f"{name}:{tag}")
    finally:
        engine.client.close()


def _carry(key: str, second: Second, progress: Progress) -> None:
    """Give the second engine an image that is built from Debian's packages, which come slowly through it."""
    engine = Engine.connect()
    there = docker.DockerClient(base_url=second.address)
    try:
        image = engine.client.images.get(Supply(engine, progress).program(key).tag)
        there.images.load(b"".join(image.save(named=True)))
    finally:
        there.close()
        engine.close()


@contextmanager
def _network() -> Iterator[ipaddress.IPv4Network]:
    """A free /16 for the engine's networks, which may reach out; a bridge for containers without a network.

    The engine itself leaves the packet filter alone (`--iptables=false`): it would clear the first's rules.
    """
    network = _free_network()
    rules = [
        ("nat", "POSTROUTING", "-s", str(network), "!", "-d", str(network), "-j", "MASQUERADE"),
        ("filter", "FORWARD", "-s", str(network), "-j", "ACCEPT"),
        ("filter", "FORWARD", "-d", str(network), "-j", "ACCEPT"),
    ]
    bridge = _bridge(network)
    _run("ip", "link", "add", bridge, "type", "bridge")
    try:
        _run("ip", "address", "add", f"{network[-2]}/24", "dev", bridge)
        _run("ip", "link", "set", bridge, "up")
        for table, chain, *rule in rules:
            _run("iptables", "--wait", "--table", table, "--insert", chain, *rule)
        yield network
    finally:
        for table, chain, *rule in rules:
            _run("iptables", "--wait", "--table", table, "--delete", chain, *rule, check=False)
        _run("ip", "link", "delete", bridge, check=False)


@contextmanager
def _dockerd(run: OpenRun, registry: str, network: ipaddress.IPv4Network) -> Iterator[Second]:
    command = (
        "dockerd",
        "--host=tcp://127.0.0.1:0",
        f"--data-root={run.folder / 'data'}",
        f"--exec-root={run.folder / 'exec'}",
        f"--pidfile={run.folder / 'pid'}",
        f"--registry-mirror=http://{registry}",
        f"--bridge={_bridge(network)}",
        f"--default-address-pool=base={network},size=24",
        "--iptables=false",
        "--ip6tables=false",
    )
    try:
        with _server(run, command, ready=r"API listen on (127\.0\.0\.1:\d+)") as listening:
            address = f"tcp://{listening}"
            try:
                yield Second(address)
            finally:
                _empty(address)
    finally:
        for mount in psutil.disk_partitions(all=True):
            if mount.mountpoint.startswith(str(run.folder)):
                _run("umount", "--lazy", mount.mountpoint, check=False)


def _empty(address: str) -> None:
    """Remove what runs on the engine, so that it leaves no bridge and no mount behind."""
    client = docker.DockerClient(base_url=address)
    try:
        for container in client.containers.list(all=True):
            container.remove(force=True, v=True)
        client.networks.prune()
    finally:
        client.close()


@contextmanager
def _server(run: OpenRun, command: tuple[str, ...], *, ready: str) -> Iterator[str]:
    """A server that takes a free port and says in its log which; that address."""
    log = run.folder / f"{command[0]}.log"
    with (
        log.open("w") as output,
        # Not in this session: a Ctrl-C is for the harness, which needs its servers while it tidies up.
        subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        run.adopt(process.pid)
        try:
            yield _told(process, log, ready)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def _told(process: subprocess.Popen[bytes], log: Path, ready: str) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(ready, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen:\n{log.read_text(errors='replace')[-2000:]}")


def _free_network() -> ipaddress.IPv4Network:
    taken = subprocess.run(("ip", "route"), capture_output=True, text=True, check=True).stdout
    free = [number for number in range(64, 256) if f"10.{number}." not in taken]
    return ipaddress.IPv4Network(f"10.{random.choice(free)}.0.0/16")


def _bridge(network: ipaddress.IPv4Network) -> str:
    return f"spacedock{network.network_address.packed[1]}"


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=not check)


def main() -> None:
    """Keep a second engine until Ctrl-C."""
    if refusal := missing():
        raise SystemExit(refusal)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), second_engine() as second:
        print(f"export DOCKER_HOST={second.address}", flush=True)  # noqa: T201
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
