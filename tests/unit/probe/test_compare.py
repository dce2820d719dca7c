from __future__ import annotations

from typing import Any

import pytest

from spacedock.docks.capability import Capability
from spacedock.probe.compare import Agreement, Compared, compare
from spacedock.probe.fields import FIELDS, flat, masked
from tests.unit.probe.reports import report


def differing(there: dict[str, Any], here: dict[str, Any]) -> list[Compared]:
    return [each for each in compare(there, here) if each.answer is Agreement.DIFFER]


def test_equal_reports_agree_in_every_field_but_those_of_the_machine() -> None:
    answers = {each.field: each.answer for each in compare(report(), report())}
    unknown = {field for field, answer in answers.items() if answer is not Agreement.AGREE}
    assert {field.partition(".")[0] for field in unknown} == {"machine", "limits"}
    assert answers["machine.architecture"] is Agreement.AGREE


@pytest.mark.parametrize(
    ("changed", "field", "fact"),
    [
        ({"user": {"uid": 0}}, "user.uid", "USER_ID"),
        ({"first_process": "tini"}, "first_process", "FIRST_PROCESS"),
        ({"reach": {"imap.gmail.com:993": "connected"}}, "reach.993", "EGRESS_DROPPED_PORTS"),
        ({"ipv6": {"route": True}}, "ipv6.route", "IPV6"),
        ({"headers": {"host": "another name"}}, "headers.host", "SPACE_HOST"),
        ({"limits": {"cpus": 4.0}}, "limits.cpus", "HARDWARE"),
        ({"grace": 30.0}, "grace", "STOP_GRACE_SECONDS"),
    ],
)
def test_a_difference_is_told_with_the_fact_that_it_settles(
    changed: dict[str, Any], field: str, fact: str
) -> None:
    (found,) = differing(report(**changed), report())
    assert found.field == field
    assert fact in found.facts
    assert found.words.startswith("there ")


@pytest.mark.parametrize(
    "changed",
    [
        {"probe": {"taken": "2027-01-01T00:00:00Z"}},
        {"reach": {"imap.gmail.com:993": "timed out", "portquiz.net:6379": "connected"}},
        {"grace": 9.8},
        {"machine": {"kernel": "Linux 6.1", "processors": 2}},
        {"mounts": {"/etc/hosts": "ext4 rw"}},
        {"environment": {"names": [*report()["environment"]["names"], "PYTHON_VERSION", "GPG_KEY"]}},
        {"headers": {"names": ["host", "user-agent", "x-forwarded-for", "x-forwarded-proto"]}},
    ],
    ids=[
        "date",
        "refused",
        "half a tick",
        "machine",
        "mount",
        "the image's variables",
        "the client's headers",
    ],
)
def test_what_is_new_each_time_or_not_of_the_platform_is_no_difference(changed: dict[str, Any]) -> None:
    assert differing(report(**changed), report()) == []


def test_names_are_compared_as_sets_and_told_as_such() -> None:
    here = report(environment={"names": ["PORT", *report()["environment"]["names"][1:]]})
    (found,) = differing(report(), here)
    assert found.words == "only there ACCELERATOR; only here PORT"


def test_ids_dates_and_addresses_are_one_word_each() -> None:
    text = "at 10.1.2.3 since 2026-12-01T10:00:00Z in 0123456789abcdef"
    assert flat({"first_process": text})["first_process"] == "at ADDRESS since DATE in ID"


def test_a_port_is_compared_whoever_was_behind_it() -> None:
    there = report(reach={"db.example:5432": "connected"})
    assert differing(there, report()) == []


def test_a_field_that_one_side_lacks_is_unknown_and_who_lacks_it_is_told() -> None:
    (grace,) = [each for each in compare(report(grace=None), report()) if each.field == "grace"]
    assert (grace.answer, grace.words) == (Agreement.UNKNOWN, "here 10.0; the recording does not say")


def test_a_dock_says_nothing_of_what_it_cannot_show() -> None:
    seen = masked(report(), frozenset({Capability.SIGNALS}))
    assert {name for name, value in seen.items() if value is not None} == {"probe", "environment", "grace"}


def test_the_report_has_the_fields_that_are_told_of_and_no_others() -> None:
    assert [field.name for field in FIELDS] == [name for name in report() if name != "probe"]
