"""The bookkeeping of a soak: what is due, what was unsound, what grew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ledger import HUNG, KINDS, Gate, due, quarters, read, summary, write

SPACES = ("ours", "chat", "data", "fronted", "previews", "settings", "userless", "web", "websocket")
CALM = Gate(0, "ours", "calm", (0,), 12.5, memory=90.0, descriptors=20, cache=500.0, engine=2000.0)


def report(*gates: Gate) -> list[str]:
    return list(summary(gates))


def test_each_space_meets_each_kind() -> None:
    met = [due(number, SPACES) for number in range(len(SPACES) * len(KINDS))]
    assert len({(gate.space, gate.kind) for gate in met}) == len(met)


def test_a_few_gates_meet_every_kind_and_several_spaces() -> None:
    met = [due(number, SPACES) for number in range(len(KINDS))]
    assert {gate.kind for gate in met} == set(KINDS)
    assert len({gate.space for gate in met}) == len(KINDS)


@pytest.mark.parametrize(
    ("kind", "codes", "flake"),
    [
        ("calm", (0,), ""),
        ("calm", (1,), "ended with 1"),
        ("two at once", (0, 4), "ended with 4"),
        ("SIGTERM", (143,), ""),
        ("SIGTERM", (0,), ""),
        ("SIGTERM", (-15,), "ended with -15"),
        ("SIGKILL", (-9,), ""),
        ("container killed", (4,), ""),
        ("container killed", (HUNG,), "hung"),
        ("TMPDIR full", (7,), ""),
        ("TMPDIR full", (1,), "ended with 1"),
    ],
)
def test_a_gate_may_end_in_some_ways_and_no_other(kind: str, codes: tuple[int, ...], flake: str) -> None:
    assert replace(CALM, kind=kind, codes=codes).flake == flake


@pytest.mark.parametrize(
    ("said", "defect"),
    [
        ("no space left\nTraceback (most recent call last):\n", True),
        ("  report it in the project's issues, with all that is printed here", True),
        ("its log:\n    Traceback (most recent call last):\n", False),
        ("the disk is full", False),
    ],
)
def test_a_defect_of_ours_is_a_flake_whatever_the_exit_code(said: str, defect: bool) -> None:
    assert bool(replace(CALM, kind="TMPDIR full", codes=(7,), said=said).flake) == defect


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    ledger = tmp_path / "soak.jsonl"
    gates = [CALM, replace(CALM, number=1, leftovers=("network n",), within=((90.0, 20), (91.5, 20)))]
    assert read(ledger) == []
    for gate in gates:
        write(ledger, gate)
    assert read(ledger) == gates


def test_a_soak_goes_on_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    ledger = tmp_path / "soak.jsonl"
    write(ledger, CALM)
    with ledger.open("a") as file:
        file.write('{"number": 1, "spa')
    assert read(ledger) == [CALM]
    second = replace(CALM, number=1)
    write(ledger, second)
    assert read(ledger) == [CALM, second]


@pytest.mark.parametrize("line", ["[]", "{}", '{"kind": "loud"}', '{"kind": "calm", "what": 1}', "no"])
def test_another_file_is_no_ledger(tmp_path: Path, line: str) -> None:
    ledger = tmp_path / "soak.jsonl"
    ledger.write_text(f"{line}\nand more")
    with pytest.raises(ValueError, match="line 1 of the ledger is no gate"):
        read(ledger)
    assert ledger.read_text() == f"{line}\nand more"


def test_the_report_counts_and_names_what_was_unsound() -> None:
    flaky: dict[str, Any] = {"number": 1, "space": "web", "codes": (1,)}
    left: dict[str, Any] = {
        "number": 2,
        "kind": "SIGKILL",
        "codes": (-9,),
        "leftovers": ("volume v", "file f"),
    }
    skipped = replace(CALM, number=3, kind="TMPDIR full", codes=(), skipped="only root may")
    said = report(CALM, replace(CALM, **flaky), replace(CALM, **left), skipped)
    assert said[0] == "gates: 3, flakes: 1, with leftovers: 1"
    assert "calm: 2, 12.5 s, exit 0 (1), 1 (1)" in said
    assert "flake: gate 1, web, calm: ended with 1" in said
    assert "left by gate 2, ours, SIGKILL: volume v, file f" in said
    assert "skipped 1: TMPDIR full: only root may" in said


def test_the_report_says_what_the_end_of_which_container_led_to() -> None:
    struck = {"0123456789ab-postgres-a1b2c3": 6, "ba9876543210-postgres-c3b2a1": 4, "0a-edge-of-one-f00": 4}
    gates = [
        replace(CALM, kind="container killed", codes=(code,), struck=f"spacedock-{name}")
        for name, code in struck.items()
    ]
    said = report(*gates)
    assert "container killed, postgres: exit 4 (1), 6 (1)" in said
    assert "container killed, edge-of-one: exit 4 (1)" in said


def test_the_report_says_what_grew() -> None:
    gates = [replace(CALM, number=at, memory=90.0 + at, cache=500.0, engine=None) for at in range(8)]
    several = replace(CALM, kind="three in one process", within=((80.0, 20), (95.0, 22), (97.0, 22)))
    said = report(*gates, several)
    assert "memory of a gate, MB: 90 at first, 96 at last" in said
    assert "cache, MB: 500 at first, 500 at last" in said
    assert "memory, MB, from the second to the third gate of a process: +2.0" in said
    assert "descriptors, from the second to the third gate of a process: +0.0" in said


def test_one_odd_figure_is_no_growth() -> None:
    assert quarters([1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1]) == (1, 1)
    assert quarters([1, 2]) == (1, 2)
