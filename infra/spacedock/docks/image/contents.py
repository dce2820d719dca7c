"""The Space's image once it is built: how large it is, what it adds to its base, what is in its layers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Event, Lock
from typing import Any

from docker.errors import DockerException
from docker.models.images import Image
from requests.exceptions import RequestException

from spacedock.docks.image.layers import sightings
from spacedock.docks.image_facts import FileInspector, ImageAdditions, Sighting
from spacedock.engine import IMAGE_LABEL, Engine
from spacedock.errors import EngineError
from spacedock.runs import HOST_LABEL, RUN_LABEL, cache_folder

_OURS = frozenset({IMAGE_LABEL, RUN_LABEL, HOST_LABEL})
_MEGABYTE = 10**6  # as `docker images` counts
_FORGOTTEN = 30 * 24 * 3600.0  # seconds without use
_EXPORT_TIMEOUT = 120  # seconds without a byte
_CHUNK = 1 << 20


class Contents:
    """An image on an engine, and the images that its build may have started from."""

    def __init__(self, engine: Engine, image: str, bases: Iterable[str]) -> None:
        self._engine = engine
        self._image = engine.client.images.get(image)
        self._base = _base(self._image, [engine.client.images.get(base) for base in bases])
        self._searches: dict[str, Future[tuple[Sighting, ...]]] = {}
        self._lock = Lock()
        self._over = Event()
        self._pool = ThreadPoolExecutor(1, "look into the image")

    @property
    def config(self) -> dict[str, Any]:
        """The image's settings, as the engine gives them."""
        config: dict[str, Any] = self._image.attrs["Config"]
        return config

    @property
    def architecture(self) -> str:
        """`linux/amd64`."""
        return f"{self._image.attrs['Os']}/{self._image.attrs['Architecture']}"

    def __str__(self) -> str:
        size = f"image {_megabytes(self._image)}"
        return f"{size} on a base of {_megabytes(self._base)}" if self._base else size

    @cached_property
    def made(self) -> ImageAdditions:
        """What the build added to its base's settings."""
        base: dict[str, Any] = self._base.attrs["Config"] if self._base else {}
        given = set(base.get("Env") or ())
        environment = [pair.partition("=") for pair in self.config.get("Env") or () if pair not in given]
        labels = (self.config.get("Labels") or {}).items() - (base.get("Labels") or {}).items()
        history = _history(self._image)[len(_history(self._base)) if self._base else 0 :]
        return ImageAdditions(
            {name: value for name, _, value in environment},
            {name: value for name, value in labels if name not in _OURS},
            tuple(str(step["CreatedBy"]) for step in history),
            tuple(int(step["Size"]) for step in history),
        )

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Look into the layers above the base, once for each `rules`, in a thread of its own."""
        with self._lock:
            if rules not in self._searches:
                self._searches[rules] = self._pool.submit(self._search, look, _Clean(rules))
            return self._searches[rules]

    def close(self) -> None:
        """Give up a search that goes on."""
        self._over.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _search(self, look: FileInspector, clean: _Clean) -> tuple[Sighting, ...]:
        base = _layers(self._base) if self._base else ()
        own = dict.fromkeys(_layers(self._image)[len(base) :])
        if all(layer in clean for layer in own):
            return ()
        try:
            found = sightings(self._export(), own, look, skip=base)
        except (DockerException, RequestException) as error:
            raise EngineError(
                f"the engine does not export the Space's image: {error}", remedy="see the engine's own log"
            ) from error
        if not found:
            clean.add(own)
        return found

    def _export(self) -> Iterator[bytes]:
        client = self._engine.another_client(timeout=_EXPORT_TIMEOUT)
        try:
            for chunk in client.images.get(str(self._image.id)).save(chunk_size=_CHUNK):
                if self._over.is_set():
                    return
                yield chunk
        finally:
            client.close()


class _Clean:
    """Layers in which nothing was seen by one set of rules, in this run or an earlier one."""

    def __init__(self, rules: str) -> None:
        name = hashlib.sha256(rules.encode()).hexdigest()[:16]
        self._folder = cache_folder("layers") / name

    def __contains__(self, layer: str) -> bool:
        path = self._path(layer)
        with suppress(OSError):
            if path.exists():
                path.touch()  # it is in use
                return True
        return False

    def add(self, layers: Iterable[str]) -> None:
        """Remember them, and forget those that nobody asked for in a month."""
        self._folder.mkdir(exist_ok=True)
        for layer in layers:
            self._path(layer).touch()
        with suppress(OSError):  # another run may do the same
            for path in self._folder.parent.glob("*/*"):
                if time.time() - path.stat().st_mtime > _FORGOTTEN:
                    path.unlink()

    def _path(self, layer: str) -> Path:
        return self._folder / layer.removeprefix("sha256:")


def _base(image: Image, candidates: Sequence[Image]) -> Image | None:
    """Return the image that makes up most of the first layers."""
    layers = _layers(image)
    below = [base for base in candidates if layers[: len(_layers(base))] == _layers(base)]
    return max(below, key=lambda base: len(_layers(base)), default=None)


def _layers(image: Image) -> tuple[str, ...]:
    return tuple(image.attrs["RootFS"].get("Layers") or ())


def _history(image: Image) -> list[dict[str, Any]]:
    """Return the instructions that made an image with what each added, the first one first."""
    history: list[dict[str, Any]] = image.history()
    return history[::-1]


def _megabytes(image: Image) -> str:
    return f"{image.attrs['Size'] / _MEGABYTE:.0f} MB"
