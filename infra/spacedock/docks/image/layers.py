"""What an image adds to its base, file by file, read from the stream in which an engine exports it.

`docker save` writes the layers in no particular order, each a tar archive in the tar archive of the whole,
and says only at the end which is which: so each is looked into as it passes, and known by its digest
afterwards.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import IO, cast

from spacedock.docks.image_facts import FileInspector, Sighting
from spacedock.errors import EngineError
from spacedock.reading import Joined

_CHUNK = 1 << 18
_LARGEST_JSON = 1 << 24
_LARGEST_HEADER = 1 << 22  # bytes of one entry's names and attributes
_MAGIC_AT, _MAGIC = 257, b"ustar"  # tar(5), as every engine writes it
# What is raised for a layer that is not what it says: by its archive, or by its compression.
_BROKEN = (tarfile.TarError, ValueError, OverflowError, EOFError, zlib.error, gzip.BadGzipFile)
_GZIP = b"\x1f\x8b"
_BLOB = "blobs/sha256/"  # how engines from version 25 on name a layer that they store as it is


def sightings(
    export: Iterable[bytes], own: Collection[str], look: FileInspector, *, skip: Collection[str] = ()
) -> tuple[Sighting, ...]:
    """Look into every file of the layers whose digests are `own`; layers in `skip` need not be read.

    Raises EngineError where the export lacks one of them, or has it in a form that cannot be read.
    """
    seen: dict[str, list[tuple[str, str]]] = {}
    steps: dict[str, str] = {}
    with tarfile.open(fileobj=_archive(Joined(export)), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or _digest_in_name(member.name) in skip:
                continue
            with content:
                start = cast("io.BufferedReader", content).peek(512)
                if _may_be_settings(start) and member.size < _LARGEST_JSON:
                    steps |= _steps(content.read())
                else:
                    layer = _Forward(_plain(content, start))
                    found = list(_look_into(layer, look))
                    with suppress(*_BROKEN):
                        seen[layer.digest()] = found
    if missing := set(own) - set(seen):
        raise _not_read(missing)
    return tuple(Sighting(what, path, steps.get(digest, "")) for digest in own for what, path in seen[digest])


class _Forward:
    """A file that tarfile may seek in, forwards only; what it skips is digested too.

    tarfile's own stream mode copies its whole buffer for each small file, which takes three times as long.
    """

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source = source
        self._position = 0
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        if size > _LARGEST_HEADER:  # contents are read in chunks: this is a name, or attributes
            raise tarfile.ReadError(f"a header of {size} bytes")
        data = self._source.read(size)
        self._position += len(data)
        self._hash.update(data)
        return data

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> int:
        while self._position < position and self.read(min(_CHUNK, position - self._position)):
            pass
        return self._position

    def digest(self) -> str:
        """Return the digest of the whole, which is read to its end."""
        while self.read(_CHUNK):
            pass
        return f"sha256:{self._hash.hexdigest()}"


def _archive(source: io.RawIOBase) -> IO[bytes]:
    return cast("IO[bytes]", _Forward(io.BufferedReader(source, _CHUNK)))


def _plain(content: IO[bytes], start: bytes) -> io.BufferedIOBase:
    """Return the layer as it was before it was compressed; its digest is that of this form."""
    source = gzip.GzipFile(fileobj=content) if start.startswith(_GZIP) else content
    return io.BufferedReader(cast("io.RawIOBase", source), _CHUNK)


def _look_into(layer: _Forward, look: FileInspector) -> Iterator[tuple[str, str]]:
    """Yield what is seen in each file of a layer; what is no archive, or one no longer, holds none."""
    with suppress(*_BROKEN), tarfile.open(fileobj=cast("IO[bytes]", layer), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                path = "/" + member.name.removeprefix("./").lstrip("/")
                yield from ((what, path) for what in look(path, _chunks(content)))


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk


def _digest_in_name(name: str) -> str:
    return f"sha256:{name.removeprefix(_BLOB)}" if name.startswith(_BLOB) else ""


def _may_be_settings(start: bytes) -> bool:
    """Whether what starts so may be JSON: a layer's first file may have a name like that."""
    return start[:1] == b"{" and not start[_MAGIC_AT:].startswith(_MAGIC)


def _steps(text: bytes) -> dict[str, str]:
    """Return the instruction that made each layer, where `text` is an image's configuration."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict) or "rootfs" not in data:
        return {}
    history = [step for step in data.get("history") or () if not step.get("empty_layer")]
    layers = data["rootfs"].get("diff_ids") or ()
    return {layer: step.get("created_by", "") for layer, step in zip(layers, history, strict=False)}


def _not_read(missing: Collection[str]) -> EngineError:
    some = ", ".join(sorted(digest[:19] for digest in missing))
    return EngineError(
        f"the engine's export of the Space's image has {len(missing)} of its layers in no form that can be "
        f"read here: {some}",
        remedy="have the builder compress layers with gzip or not at all",
    )
