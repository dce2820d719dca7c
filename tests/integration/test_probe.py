"""The dock against its own facts: what the probe sees there is what `spacedock.platform` says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spacedock import platform
from spacedock.docks.boots import BootSpec
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.failures.catalogue import all_failures
from spacedock.failures.diagnosis import diagnose
from spacedock.probe.compare import Agreement, compare
from spacedock.probe.fields import ANSWERED, DROPPED, flat
from spacedock.probe.recording import parsed, read, write
from spacedock.probe.run import _asked, probe_space, record
from spacedock.probe.settle import probed_facts, verdicts
from spacedock.progress import silent
from spacedock.runs import open_run

# Of the grace, so that nobody waits for all of it.
SCALE = 0.3


@pytest.fixture(scope="module")
def dock(dock_name: str) -> Iterator[OpenImageDock]:
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    with open_run() as run, ImageDock(probe_space(run.folder), run, silent, Conditions()) as opened:
        yield opened


@pytest.fixture(scope="module")
def reports(dock: OpenImageDock) -> dict[str, dict[str, Any]]:
    """Two reports of the dock as observed, and one where only documented ports are open."""
    with ThreadPoolExecutor(3) as pool:
        grace = platform.STOP_GRACE_SECONDS.value
        twice = [pool.submit(record, dock, silent, grace=grace, scale=SCALE) for _ in range(2)]
        documented = pool.submit(dock.boot, BootSpec("documented ports", egress=Egress.DOCUMENTED))
        return {
            "first": twice[0].result(),
            "second": twice[1].result(),
            "documented": parsed(_asked(dock, documented.result()), "the probe"),
        }


@pytest.fixture(scope="module")
def report(reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return reports["first"]


def test_its_log_shows_none_of_the_known_failures(dock: OpenImageDock) -> None:
    with closing(dock.boot(BootSpec("whose log is read"))) as instance:
        assert instance.boot.ready
        assert diagnose(instance.logs(), all_failures()) == ()


@pytest.mark.parametrize("name", probed_facts())
def test_what_a_fact_says_holds_in_the_dock(name: str, dock: OpenImageDock, report: dict[str, Any]) -> None:
    smaller = [line for line in dock.header if "more than this engine" in line]
    if name == "HARDWARE" and smaller:
        pytest.skip(smaller[0])
    assert dict(verdicts(report)).get(name) is True


def test_the_platforms_user_has_no_name_and_no_home(report: dict[str, Any]) -> None:
    user = report["user"]
    assert (user["uid"], user["passwd"], user["home"]) == (1000, False, "/")
    assert report["writable"]["/"] == report["writable"]["/etc"] == "no"


def test_nothing_of_the_harness_is_in_its_environment(report: dict[str, Any]) -> None:
    names = set(flat(report)["environment.names"])
    assert names == {"HOME", "HOSTNAME", *platform.BUILT_IN_VARIABLES.value}


def test_documented_egress_leaves_the_documented_ports_alone(reports: dict[str, dict[str, Any]]) -> None:
    fields = flat(reports["documented"])
    reached = {name: outcome for name, outcome in fields.items() if name.startswith("reach.")}
    allowed = {f"reach.{port}" for port in platform.EGRESS_OPEN_PORTS.value}
    assert reached == {name: ANSWERED if name in allowed else DROPPED for name in reached}


def test_a_recording_of_the_dock_agrees_with_the_dock(
    reports: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    write(reports["first"], tmp_path / "first.json")
    compared = compare(read(str(tmp_path / "first.json")), reports["second"])
    assert [each for each in compared if each.answer is Agreement.DIFFER] == []
    assert {each.field.partition(".")[0] for each in compared if each.answer is Agreement.UNKNOWN} <= {
        "machine",
        "limits",
    }


def test_a_doctored_recording_differs_just_there(report: dict[str, Any]) -> None:
    doctored = json.loads(json.dumps(report))
    doctored["user"]["uid"] = 0
    doctored["reach"]["imap.gmail.com:993"] = "connected"
    doctored["environment"]["names"].append("PORT")
    differ = [each.field for each in compare(doctored, report) if each.answer is Agreement.DIFFER]
    assert differ == ["environment.names", "reach.993", "user.uid"]


def test_no_id_or_address_of_the_run_is_in_a_report(report: dict[str, Any]) -> None:
    text = json.dumps(report)
    assert re.search(r"\b(\d{1,3}\.){3}\d{1,3}\b", text) is None
    assert re.search(r"[0-9a-f]{12}", text) is None
