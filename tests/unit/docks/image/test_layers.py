"""Exports as engines write them, old and new, and what is seen in their layers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator

import pytest

from spacedock.docks.image.layers import sightings
from spacedock.docks.image_facts import Sighting
from spacedock.errors import EngineError

LOOKED_AT: list[str] = []


def look(path: str, chunks: Iterator[bytes]) -> Iterator[str]:
    LOOKED_AT.append(path)
    if b"canary" in b"".join(chunks):
        yield "a canary"


@pytest.fixture(autouse=True)
def _nothing_looked_at() -> None:
    LOOKED_AT.clear()


def archive(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def digest(layer: bytes) -> str:
    return f"sha256:{hashlib.sha256(layer).hexdigest()}"


BASE = archive({"usr/base": b"canary"})
CLEAN = archive({"app/a": b"x" * 511, "app/b": b"y" * 512, "app/c": b"z" * 513})
DIRTY = archive({"./app/key": b"the canary"})
EMPTY = b"\0" * 1024
OWN = [digest(CLEAN), digest(EMPTY), digest(DIRTY)]
CONFIG = json.dumps(
    {
        "rootfs": {"diff_ids": [digest(BASE), *OWN]},
        "history": [
            {"created_by": "base"},
            {"created_by": "COPY a"},
            {"created_by": "ENV A=b", "empty_layer": True},
            {"created_by": "WORKDIR /"},
            {"created_by": "RUN cat"},
        ],
    }
).encode()
FOUND = (Sighting("a canary", "/app/key", "RUN cat"),)


def old_export() -> bytes:
    """As engines before version 25 write it, sorted by ids that say nothing."""
    return archive(
        {
            "0a/VERSION": b"1.0",
            "0a/json": b'{"id": "0a"}',
            "0a/layer.tar": DIRTY,
            "1b/layer.tar": BASE,
            "2c/layer.tar": EMPTY,
            "3d.json": CONFIG,
            "4e/layer.tar": CLEAN,
            "manifest.json": b"[]",
        }
    )


def new_export(*, packed: bool = False) -> bytes:
    """As engines from version 25 on write it; packed where they keep images in containerd."""
    layers = {digest(layer): layer for layer in (BASE, CLEAN, EMPTY, DIRTY)}
    if packed:
        layers = {digest(zipped): zipped for zipped in map(gzip.compress, layers.values())}
    blobs = {f"blobs/sha256/{name.removeprefix('sha256:')}": layer for name, layer in layers.items()}
    return archive({**blobs, "blobs/sha256/c0": CONFIG, "index.json": b'{"manifests": []}'})


EXPORTS = {"old": old_export(), "new": new_export(), "packed": new_export(packed=True)}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_what_is_in_a_layer_of_its_own_is_seen_with_path_and_instruction(export: bytes) -> None:
    assert sightings([export], OWN, look) == FOUND


@pytest.mark.parametrize("size", [1, 7, 512, 10_000])
def test_the_stream_may_come_in_pieces_of_any_size(size: int) -> None:
    pieces = (EXPORTS["old"][start : start + size] for start in range(0, len(EXPORTS["old"]), size))
    assert sightings(pieces, OWN, look) == FOUND


def test_a_base_that_is_known_by_name_is_not_read() -> None:
    assert sightings([EXPORTS["new"]], OWN, look, skip=[digest(BASE)]) == FOUND
    assert "/usr/base" not in LOOKED_AT


def test_a_file_that_is_not_read_is_digested_all_the_same() -> None:
    assert sightings([EXPORTS["old"]], OWN, lambda _path, _chunks: ()) == ()


def test_a_layer_that_the_export_lacks_is_an_error() -> None:
    with pytest.raises(EngineError, match="1 of its layers in no form that can be read"):
        sightings([EXPORTS["old"]], [*OWN, "sha256:0123"], look)


@pytest.mark.parametrize("name", ["{", "{}", '{"rootfs": 1}', "{" * 90], ids=["one", "two", "all", "many"])
def test_a_layer_whose_first_name_looks_like_settings_is_a_layer(name: str) -> None:
    layer = archive({name: b"harmless", "app/key": b"the canary"})
    export = archive({"0a/layer.tar": layer})
    found = sightings([export], [digest(layer)], look)
    assert [sighting.path for sighting in found] == ["/app/key"]


@pytest.mark.parametrize("text", [b"{", b'{"a": ' * 100_000, b"{\xff}"], ids=["cut off", "deep", "no text"])
def test_settings_that_cannot_be_read_are_no_settings(text: bytes) -> None:
    export = archive({"3d.json": text, "0a/layer.tar": DIRTY})
    assert sightings([export], [digest(DIRTY)], look) == (Sighting("a canary", "/app/key", ""),)


def with_a_header_of(size: int) -> bytes:
    """A layer of which one entry says that its name is so long (tar(5), GNU's long names)."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, size
    return DIRTY[:1024] + member.tobuf(tarfile.GNU_FORMAT) + b"n" * 1024


@pytest.mark.parametrize(
    "layer",
    [with_a_header_of(8 << 30), DIRTY[:700], DIRTY[:1024] + b"\xff" * 2048],
    ids=["a name of 8 GB", "cut off", "noise"],
)
def test_a_layer_that_is_no_archive_any_more_is_read_as_far_as_it_is_one(layer: bytes) -> None:
    assert len(sightings([archive({"0a/layer.tar": layer})], [digest(layer)], look)) <= 1


def test_a_compressed_layer_that_is_cut_off_cannot_be_read() -> None:
    export = archive({"0a/layer.tar": gzip.compress(DIRTY)[:-20]})
    with pytest.raises(EngineError, match="in no form that can be read"):
        sightings([export], [digest(DIRTY)], look)
