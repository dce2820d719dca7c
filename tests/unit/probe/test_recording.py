from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
import respx

from spacedock import recordings
from spacedock.errors import UsageError
from spacedock.probe.recording import brought, fetched, grace_in, observed, parsed, read, summary, write
from tests.unit.probe.reports import report

SITE = "https://owner-probe.hf.space"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(report(), tmp_path / "a.json")
    assert read(str(tmp_path / "a.json")) == report()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not JSON"),
        ("[]", "it is no report of the probe"),
        ('{"openapi": "3.1"}', "it is no report of the probe"),
        (json.dumps(report(probe={"version": 9})), "a report of version 9; this is version 1"),
        ('{"probe": {"version": 1}, "user": {}}', "it lacks writable, environment, limits"),
    ],
)
def test_a_file_that_is_no_recording_is_told_by_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(UsageError) as caught:
        read(str(tmp_path / "bad.json"))
    assert says in caught.value.what
    assert "bad.json" in caught.value.place
    assert caught.value.remedy


def test_a_file_that_is_not_there_or_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such recording"):
        read(str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match="no such folder"):
        write(report(), tmp_path / "no folder" / "a.json")


class TestFetching:
    @pytest.mark.parametrize("url", [SITE, f"{SITE}/", f"{SITE}/report"])
    def test_the_report_is_asked_for_with_an_address_that_is_claimed(self, url: str) -> None:
        with respx.mock() as server:
            asked = server.get(f"{SITE}/report").respond(json=report())
            assert read(url) == report()
        assert asked.calls[0].request.headers["X-Forwarded-For"] == "203.0.113.7"

    def test_a_space_that_is_away_is_told_by_its_status(self) -> None:
        with respx.mock() as server:
            server.get(f"{SITE}/report").respond(503)
            with pytest.raises(UsageError, match="it answers 503") as caught:
                fetched(SITE)
        assert caught.value.place == f"{SITE}/report"

    def test_a_name_that_leads_nowhere_is_told(self) -> None:
        with respx.mock() as server:
            server.get(f"{SITE}/report").mock(side_effect=httpx.ConnectError("no such host"))
            with pytest.raises(UsageError, match="it does not answer: no such host"):
                fetched(SITE)

    def test_a_page_that_is_no_report_is_told(self) -> None:
        with respx.mock() as server:
            server.get(f"{SITE}/report").respond(text="<html>")
            with pytest.raises(UsageError, match="it is not JSON"):
                read(SITE)


class TestGrace:
    def test_it_is_what_the_last_line_says(self) -> None:
        log = "".join(f"probe: {tenths / 10:.1f} s since SIGTERM\n" for tenths in range(301))
        assert grace_in(f"probe: listening on 7860\n{log}") == 30.0

    def test_a_log_without_a_stop_tells_none(self) -> None:
        assert grace_in("probe: listening on 7860\n") is None


def test_with_no_recording_no_fact_is_observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacedock.probe.recording.resources.files", lambda _: tmp_path)
    assert summary() == "0 facts observed by probe"


def test_what_the_package_brings_can_be_read_and_is_dated() -> None:
    folder = Path(recordings.__path__[0])
    assert [name for name, _ in brought()] == sorted(path.name for path in folder.glob("*.json"))


def test_the_latest_recording_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr("spacedock.probe.recording.resources.files", lambda _: tmp_path)
    write(report(user={"uid": 0}), tmp_path / "2026-12-01-cpu-basic.json")
    write(report(), tmp_path / "2026-12-02-cpu-basic.json")
    write(report(grace=None), tmp_path / "2026-12-03-cpu-basic.json")
    assert observed()["USER_ID"] == (True, "2026-12-03")
    assert observed()["STOP_GRACE_SECONDS"] == (True, "2026-12-02")
    assert summary().endswith("facts observed by probe, last on 2026-12-03")


def test_a_report_may_hold_more_than_is_known(tmp_path: Path) -> None:
    assert parsed(json.dumps({**report(), "later": 1}), "a")["later"] == 1
