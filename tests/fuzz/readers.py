"""Everything that reads what a stranger wrote, each as what is done with any bytes at all.

What cannot be read is raised as a SpacedockError, and nothing else is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from spacedock.docks import proc
from spacedock.docks.process.pip import read_installs
from spacedock.docks.process.plan import read_plan
from spacedock.evidence import addresses, cores, keys, leaks, markup, redirects, reloading
from spacedock.evidence.asking.decoding import Unpacking
from spacedock.evidence.asking.reply import Headers, Reply
from spacedock.failures import catalogue
from spacedock.failures.diagnosis import diagnose
from spacedock.printable import printable
from spacedock.space import Space, features, hints
from spacedock.space.dockerfile import read_dockerfile
from spacedock.space.dockerignore import read_dockerignore
from spacedock.space.front_matter import read_front_matter
from spacedock.space.manifest import read_manifest
from spacedock.space.workflows import _jobs, _of_job
from tests.unit.spaces import SOUND_DOCKERFILE, SOUND_MANIFEST, SOUND_README, sound_space

Reader = Callable[[bytes, Path], object]
_PATHS = ("a", "a/b.py", "README.md", "-", "a b/c", ".env", "x" * 250)
_BODY = 2**16  # bytes that are unpacked of an answer


def _readme(content: bytes, place: Path) -> object:
    front = read_front_matter(_written(place, "README.md", content))
    space = replace(_sound(place), front_matter=front)
    return [front.title, front.defects, space.startup_seconds, space.not_emulated()]


def _dockerfile(content: bytes, place: Path) -> object:
    dockerfile = read_dockerfile(_written(place, "Dockerfile", content))
    space = replace(_sound(place), dockerfile=dockerfile)
    return [
        dockerfile.bases,
        dockerfile.declared_args,
        list(hints.build_hints(space)),
        list(features.not_emulated(space.front_matter, dockerfile, space.manifest)),
        list(reloading.started_reloaders(space)),
        cores.fixed_workers(space, 2),
    ]


def _plan(content: bytes, place: Path) -> object:
    """A Dockerfile, and behind a NUL the requirements that it installs: as the process dock reads them."""
    text, _, requirements = content.partition(b"\0")
    context = place / "context"
    for name in ("requirements.txt", "app.py", "a/b.py"):
        _written(context, name, requirements)
    dockerfile = read_dockerfile(_written(context, "Dockerfile", text))
    plan = read_plan(dockerfile, context, place / "staged", {"A": "1"})
    return [(install.local, install.hashed, install.digest()) for install in plan.installs]


def _run(content: bytes, place: Path) -> object:
    file = _written(place, "requirements.txt", content)
    return read_installs(content.decode("utf-8", "replace"), lambda _: file)


def _manifest(content: bytes, place: Path) -> object:
    manifest = read_manifest(_written(place, "space.toml", content))
    space = replace(_sound(place), manifest=manifest)
    return [addresses.addresses(space), space.allowed_origins, space.host, space.not_emulated()]


def _workflow(content: bytes, place: Path) -> object:
    path = _written(place, "a.yml", content)
    return [list(_of_job(path, steps, "owner/name")) for steps in _jobs(path)]


def _dockerignore(content: bytes, place: Path) -> object:
    _written(place, ".dockerignore", content)
    ignored = read_dockerignore(place)
    return [ignored.leaves_out(path) for path in _PATHS]


def _code(content: bytes, _place: Path) -> object:
    text = content.decode("utf-8", "replace")
    if any(len(line) > cores._LONGEST for line in text.splitlines()):
        return None
    return [list(read(f"{text}\n", 2)) for read in dict.fromkeys(cores._READERS.values())]


def _log(content: bytes, _place: Path) -> object:
    text = content.decode("utf-8", "replace")
    return [diagnose(text, catalogue.all_failures()), reloading.said_by_a_reloader(text), printable(text)]


def _page(content: bytes, _place: Path) -> object:
    head, _, body = content.partition(b"\n")
    reply = Reply("GET", "/a", 200, Headers((("content-type", head.decode("latin-1")),)), body)
    page = markup.page_of("https://a.test", reply)
    urls = [page.absolute(load.url) for load in page.loads]
    return [urls, [markup.path_in("https://a.test", url) for url in urls], redirects.described(reply.text)]


def _body(content: bytes, _place: Path) -> object:
    """An answer's body behind the name of its encoding."""
    name, _, data = content.partition(b"\n")
    unpacking = Unpacking(name.decode("latin-1"))
    try:
        unpacked = unpacking.feed(data, _BODY)
    except zlib.error:  # which who reads it takes for a broken answer
        return None
    if len(unpacked) > _BODY:
        raise AssertionError("more than was asked for")
    return unpacked, unpacking.complete


def _proc(content: bytes, _place: Path) -> object:
    """What a container's own `cat` says that its kernel tells."""
    text = content.decode("utf-8", "replace")
    return [
        proc.listeners(text), proc.processor_seconds(text), proc.memory(text), proc.user_id(text),
        proc.resident_peak(text), proc.hears_sigterm(text),
    ]  # fmt: skip


def _secrets(content: bytes, _place: Path) -> object:
    text = content.decode("utf-8", "replace")
    return [
        list(leaks.kinds(text)), keys.without_keys(text), list(leaks.assigned(text, ("A",))),
        reloading.reloads(text),
    ]  # fmt: skip


READERS: Final[Mapping[str, Reader]] = {
    "README.md": _readme,
    "Dockerfile": _dockerfile,
    "plan": _plan,
    "run": _run,
    "space.toml": _manifest,
    "workflow": _workflow,
    ".dockerignore": _dockerignore,
    "code": _code,
    "log": _log,
    "page": _page,
    "body": _body,
    "proc": _proc,
    "secrets": _secrets,
}
# What each reader is sure to read well, to begin with.
SOUND: Final[Mapping[str, bytes]] = {
    "README.md": SOUND_README.encode(),
    "Dockerfile": SOUND_DOCKERFILE.encode(),
    "plan": f"{SOUND_DOCKERFILE}RUN pip install -r requirements.txt\n\0-r more.txt\nhttpx==1\n".encode(),
    "run": b"pip install -r requirements.txt && python -m pip install 'a[b]>1' -c c.txt",
    "space.toml": SOUND_MANIFEST.encode(),
    "workflow": b"jobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4\n    - run: git push -f https://hf.co/"
    b"spaces/owner/name\n",
    ".dockerignore": b"# a\n*.py\n!a/**/[b-c]?\n",
    "code": b"import os\nworkers = os.cpu_count() + 1\n",
    "log": b"Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'A'\n",
    "page": b"text/html; charset=utf-8\n<base href=/a><script src=b.js></script><link rel=icon href=c>",
    "body": b"gzip\n" + zlib.compress(b"a" * 100, wbits=31),
    "proc": b"1: 0100007F:1E61 0:0 0A\nusage_usec 5\n500\nfile 5\nUid:\t1\t1\nVmHWM:\t5 kB\n",
    "secrets": b"export API_KEY=abc\nsk-proj-0123456789012345678901234567890123456789\n",
}


@cache
def _sound(place: Path) -> Space:
    return sound_space(place / "sound")


def _written(place: Path, name: str, content: bytes) -> Path:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
