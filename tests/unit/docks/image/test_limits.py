"""A flavour's hardware on engines that have more, and less."""

from __future__ import annotations

from spacedock.docks.image.limits import Limits

GIB = 2**30


def test_an_engine_that_has_more_gives_what_the_flavour_has() -> None:
    limits = Limits.of("cpu-basic", {"NCPU": 16, "MemTotal": 64 * GIB})
    assert limits.options() == {
        "nano_cpus": 2_000_000_000, "mem_limit": 16 * GIB, "memswap_limit": 16 * GIB,
    }  # fmt: skip
    assert list(limits.header()) == ["hardware cpu-basic: 2 vCPU, 16 GiB"]


def test_an_engine_that_has_less_gives_what_it_has_and_says_so() -> None:
    limits = Limits.of("cpu-upgrade", {"NCPU": 2, "MemTotal": 8 * GIB})
    assert (limits.cpus, limits.memory) == (2, 8 * GIB)
    assert "the flavour has 8 vCPU and 32 GiB, more than this engine" in limits.header()


def test_a_gpu_is_missing_and_the_header_says_so() -> None:
    assert (
        "the flavour's GPU is not here" in Limits.of("t4-small", {"NCPU": 4, "MemTotal": 16 * GIB}).header()
    )
