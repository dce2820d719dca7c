"""`spacedock probe` and `spacedock parity` with a dock of pretence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import respx

from spacedock import cli
from spacedock.docks import choose
from spacedock.docks.capability import Capability
from spacedock.probe.recording import read, write
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.probe.reports import report

Spacedock = Callable[..., int]
STOPPED = "probe: listening on 7860\nprobe: 0.0 s since SIGTERM\nprobe: 9.9 s since SIGTERM\n"


@pytest.fixture
def spacedock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Spacedock]:
    """Run a command beside a dock whose probe gives that report; return the exit code."""
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path / "cache"))
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.get("/report").respond(json=report(grace=None))

        def _run(*words: str, instance: FakeInstance | None = None) -> int:
            can = frozenset(Capability) - {Capability.EDGE}
            dock = FakeDock(capabilities=can, otherwise=instance or FakeInstance(log=STOPPED))
            monkeypatch.setattr(choose, "choose", lambda *_, **__: dock)
            monkeypatch.setattr(sys, "argv", ["spacedock", *words])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return int(ended.value.code or 0)

        yield _run


def test_probe_prints_what_is_seen_and_how_the_facts_come_out(
    spacedock: Spacedock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spacedock("probe") == 0
    said = capsys.readouterr().out
    assert "uid                      1000" in said
    assert "this dock cannot show it" in said  # the headers: it has no edge
    assert "USER_ID                  holds" in said
    assert "observed by probe" in said


def test_probe_writes_what_parity_reads(spacedock: Spacedock, tmp_path: Path) -> None:
    assert spacedock("probe", "-o", str(tmp_path / "a.json")) == 0
    written = read(str(tmp_path / "a.json"))
    assert (written["grace"], written["headers"]) == (9.9, None)
    assert written["probe"]["place"] == "the fake dock, egress observed, edge observed"


def test_a_probe_that_does_not_start_ends_in_6_with_its_log(
    spacedock: Spacedock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spacedock("probe", instance=FakeInstance(boot=exited(1), log="address in use")) == 6
    assert "address in use" in capsys.readouterr().err


def test_parity_with_what_agrees_ends_in_0(
    spacedock: Spacedock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(report(), tmp_path / "a.json")
    assert spacedock("parity", str(tmp_path / "a.json")) == 0
    said = capsys.readouterr().out
    assert "agree   user.uid: 1000  [USER_ID]" in said
    assert "unknown headers: this dock does not say (4 fields)" in said
    assert ", 0 differ, " in said


def test_parity_with_what_differs_ends_in_1_and_names_it(
    spacedock: Spacedock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(report(user={"uid": 0}), tmp_path / "a.json")
    assert spacedock("parity", str(tmp_path / "a.json")) == 1
    assert "differ  user.uid: there 0, here 1000  [USER_ID]" in capsys.readouterr().out


def test_parity_takes_the_grace_from_a_log_and_keeps_what_it_fetched(
    spacedock: Spacedock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.log").write_text("probe: 29.9 s since SIGTERM\n")
    with respx.mock() as platform:  # beside the fixture's, which answers for the dock
        platform.get("https://owner-probe.hf.space/report").respond(json=report(grace=None))
        kept = tmp_path / "kept.json"
        options = (f"--log={tmp_path / 'run.log'}", f"--output={kept}")
        assert spacedock("parity", "https://owner-probe.hf.space", *options) == 1
    assert json.loads(kept.read_text())["grace"] == 29.9
    assert "grace: there 29.9, here 9.9  [STOP_GRACE_SECONDS]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("parity", "/nowhere.json"), "there is no such recording"),
        (("parity", "-o", "/tmp/a.json"), "there is nothing to write"),
        (("parity", "{report}", "--log", "/nowhere.log"), "it cannot be read"),
        (("parity", "{report}", "--log", "{report}"), "no line of it says `probe: N s since SIGTERM`"),
        (("probe", "-o", "/nowhere/at/all.json"), "no such folder"),
    ],
)
def test_a_wrong_word_ends_in_2_and_is_named(
    spacedock: Spacedock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    write(report(), tmp_path / "report.json")
    assert spacedock(*(word.format(report=tmp_path / "report.json") for word in words)) == 2
    assert says in capsys.readouterr().err


def test_parity_with_no_recording_proves_nothing_and_says_so(
    spacedock: Spacedock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spacedock.probe.recording.resources.files", lambda _: tmp_path)
    assert spacedock("parity") == 3
    assert capsys.readouterr().out.startswith("0 facts observed by probe; docs/probe.md says how")
