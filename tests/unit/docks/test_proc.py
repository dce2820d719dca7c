"""The kernel's texts, as they were read in containers."""

from __future__ import annotations

import pytest

from spacedock.docks import proc

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 020013AC:1F90 010013AC:D2A0 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:2382 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:2383 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:2384 00000000000000000000000000000000:0000 0A 00000000:00000000
"""
STATUS = "Name:\tpython\nUid:\t1000\t1001\t1000\t1000\nSigBlk:\t{blocked}\nSigCgt:\t{caught}\n"


def test_listening_sockets_are_told_without_the_engines_own_resolver() -> None:
    text = TCP + TCP6 + "cat: /sys/fs/cgroup/cpu.stat: No such file or directory\n"
    assert [str(listener) for listener in proc.listeners(text)] == [
        "127.0.0.1:8080", "[::]:9090", "[::1]:9091", "127.0.0.1:9092",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (TCP + "usage_usec 1500000\nuser_usec 1\n", 1.5),
        (TCP + "2500000000\n", 2.5),
        (TCP, None),
    ],
)
def test_processor_time_is_told_by_either_version_of_control_groups(text: str, seconds: float | None) -> None:
    assert proc.processor_seconds(text) == seconds


def test_the_user_is_the_effective_one() -> None:
    assert proc.user_id(STATUS) == 1001
    assert proc.user_id("") is None


@pytest.mark.parametrize(
    ("blocked", "caught", "heard"),
    [
        ("0000000000000000", "0000000000004002", True),
        ("0000000000004000", "0000000000000000", True),
        ("0000000000000000", "0000000000000002", False),
    ],
)
def test_pid_1_hears_sigterm_only_where_it_handles_or_holds_it(
    blocked: str, caught: str, heard: bool
) -> None:
    assert proc.hears_sigterm(STATUS.format(blocked=blocked, caught=caught)) is heard


@pytest.mark.parametrize(
    ("text", "peak"),
    [
        ("900\ncache 500\nrss 400\ntotal_cache 500\ntotal_shmem 100\n", 500),
        ("700\n900\nanon 300\nfile 500\nshmem 100\n", 500),
        ("900\n", 900),
        ("100\nfile 500\n", 0),
        ("cat: /sys/fs/cgroup/memory.peak: No such file or directory\n", None),
    ],
    ids=["version 1", "version 2", "no detail", "more cache than use", "no control group"],
)
def test_peak_memory_is_told_without_the_cache_of_files(text: str, peak: int | None) -> None:
    memory = proc.memory(text)
    assert (memory.peak if memory else None) == peak


def test_the_most_that_a_process_had_resident_is_told() -> None:
    assert proc.resident_peak("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n") == 2 * 2**20
    assert proc.resident_peak("Name:\tkthread\n") is None


LONG = "9" * 5000


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}\n",
        f"usage_usec {LONG}\nfile {LONG}\nUid:\t1\t{LONG}\nVmHWM:\t{LONG} kB\n",
        "0: x y 0A z\n1: : : 0A\n2: 0100007F:zz 00000000:0000 0A 0\n3: 01:1F90 00000000:0000 0A 0\n",
        f"{LONG}: 0100007F:{LONG} 00000000:0000 0A 0\n",
    ],
    ids=["digits", "figures", "sockets", "long sockets"],
)
def test_a_text_that_lies_is_none(text: str) -> None:
    assert proc.listeners(text) == ()
    assert (proc.processor_seconds(text), proc.memory(text)) == (None, None)
    assert (proc.user_id(text), proc.resident_peak(text)) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5000,
        f"usage_usec {'9' * 5000}",
        f"total_cache {'9' * 5000}",
        f"VmHWM:\t{'9' * 5000} kB",
        f"Uid:\t1\t{'9' * 5000}\t1\t1",
        "1: zz:zz 0:0 0A",
        "1: 0100007F 0:0 0A",
        f"1: {'F' * 5000}:1E61 0:0 0A",
        "1: 0100007F:FFFFFFFF 0:0 0A",
    ],
    ids=[
        "digits of memory",
        "digits of processor time",
        "digits of cache",
        "digits of a peak",
        "digits of a user",
        "a socket of no digits",
        "a socket without a port",
        "an address of 5000 digits",
        "a port of eight digits",
    ],
)
def test_a_container_that_lies_of_itself_tells_nothing(text: str) -> None:
    assert proc.listeners(text) == ()
    told = (proc.processor_seconds, proc.memory, proc.resident_peak, proc.user_id)
    assert [tell(text) for tell in told] == [None] * 4
