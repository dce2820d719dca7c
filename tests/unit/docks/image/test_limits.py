"""A flavour's hardware on engines that have more, and less, and bound a container's disk or do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from spacedock.docks.image.limits import Limits
from spacedock.runs import OpenRun

GIB = 2**30
LARGE = {"NCPU": 16, "MemTotal": 64 * GIB}
EXT4 = {**LARGE, "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}
XFS = {**LARGE, "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "xfs"]]}
BTRFS = {**LARGE, "Driver": "btrfs", "DriverStatus": [["Btrfs", ""]]}
NO_QUOTA = "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"


class FakeEngine:
    """Says what it is, and creates containers, or refuses to."""

    def __init__(self, found: dict[str, Any], refusal: str = "") -> None:
        self.containers = self
        self.images = self
        self.attrs = {"Size": 10**9}
        self.created: list[dict[str, Any]] = []
        self.removed = 0
        self._found = found
        self._refusal = refusal

    def info(self) -> dict[str, Any]:
        return self._found

    def get(self, _image: str) -> FakeEngine:
        return self

    def create(self, image: str, command: list[str], **options: Any) -> FakeEngine:
        if self._refusal:
            raise APIError("400", explanation=self._refusal)
        self.created.append(options)
        return self

    def remove(self) -> None:
        self.removed += 1


def bound(engine: FakeEngine) -> Limits:
    limits = Limits.of("cpu-basic", LARGE)
    return limits.bound(engine, "image", OpenRun("1", Path("nowhere")))  # type: ignore[arg-type]


def test_an_engine_that_has_more_gives_what_the_flavour_has() -> None:
    limits = Limits.of("cpu-basic", LARGE)
    assert limits.options() == {
        "nano_cpus": 2_000_000_000, "mem_limit": 16 * GIB, "memswap_limit": 16 * GIB,
    }  # fmt: skip
    assert limits.disk == 50 * 10**9
    assert list(limits.header()) == ["hardware cpu-basic: 2 vCPU, 16 GiB, 50 GB disk"]


def test_an_engine_that_has_less_gives_what_it_has_and_says_so() -> None:
    limits = Limits.of("cpu-upgrade", {"NCPU": 2, "MemTotal": 8 * GIB})
    assert (limits.cpus, limits.memory) == (2, 8 * GIB)
    assert "the flavour has 8 vCPU and 32 GiB, more than this engine" in limits.header()


def test_a_gpu_is_missing_and_the_header_says_so() -> None:
    assert (
        "the flavour's GPU is not here" in Limits.of("t4-small", {"NCPU": 4, "MemTotal": 16 * GIB}).header()
    )


def test_a_manifest_that_asks_for_less_gets_it_and_the_header_says_so() -> None:
    limits = Limits.of("cpu-basic", LARGE, memory_gb=0.5, disk_gb=2)
    assert (limits.memory, limits.disk) == (GIB // 2, 2 * 10**9)
    assert list(limits.header()) == [
        "hardware cpu-basic: 2 vCPU, 0.5 GiB, 2 GB disk",
        "the manifest asks for 0.5 GiB of memory; the flavour has 16 GiB",
        "the manifest asks for 2 GB of disk; the flavour has 50 GB",
    ]


def test_what_goes_over_is_worded_as_the_platform_words_it() -> None:
    limits = Limits.of("cpu-basic", LARGE)
    assert limits.memory_text == "Memory limit exceeded (16Gi)"
    assert limits.disk_text == "Workload evicted, storage limit exceeded (50G)"


@pytest.mark.parametrize(
    ("lacking", "told"),
    [({"MemoryLimit": False}, "limits no memory"), ({"SwapLimit": False}, "limits no swap")],
)
def test_an_engine_that_cannot_limit_is_told(lacking: dict[str, bool], told: str) -> None:
    header = "\n".join(Limits.of("cpu-basic", {**LARGE, **lacking}).header())
    assert told in header


@pytest.mark.parametrize(
    ("found", "size"),
    [(XFS, "52500000000"), (BTRFS, "53750000000")],
    ids=["overlay2 on xfs", "btrfs, which counts the image too"],
)
def test_a_driver_that_can_bounds_the_layer_a_little_above_the_limit(
    found: dict[str, Any], size: str
) -> None:
    engine = FakeEngine(found)
    limits = bound(engine)
    (options,) = engine.created
    assert options["storage_opt"] == {"size": size}
    assert options["name"].startswith("spacedock-1-bound-")
    assert engine.removed == 1
    assert limits.options()["storage_opt"] == {"size": size}
    assert not any("watched" in line for line in limits.header())


def test_a_driver_that_cannot_is_not_tried_and_the_disk_is_watched() -> None:
    engine = FakeEngine(EXT4)
    limits = bound(engine)
    assert limits.bound_at is None
    assert engine.created == []
    assert "storage_opt" not in limits.options()
    assert (
        "the disk is watched, not bounded: overlay2 on extfs bounds no container's own layer"
        in limits.header()
    )


def test_a_filesystem_without_quota_is_found_out_by_trying() -> None:
    limits = bound(FakeEngine(XFS, refusal=NO_QUOTA))
    assert limits.bound_at is None
    assert f"the disk is watched, not bounded: {NO_QUOTA}" in limits.header()
