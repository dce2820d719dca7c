from __future__ import annotations

from typing import Any

import pytest

from spacedock import platform
from spacedock.probe.fields import FIELDS
from spacedock.probe.settle import RULES, facts_of, probed_facts, verdicts
from tests.unit.probe.reports import report


def test_every_fact_that_names_a_field_has_a_rule_and_every_rule_a_fact() -> None:
    assert set(RULES) == set(probed_facts())


def test_a_fact_names_a_field_that_there_is() -> None:
    known = {field.name for field in FIELDS}
    assert {fact.probe.partition(".")[0] for fact in probed_facts().values()} <= known


def test_every_fact_holds_for_a_platform_as_the_facts_have_it() -> None:
    assert dict(verdicts(report())) == dict.fromkeys(probed_facts(), True)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"user": {"uid": 0}}, {"USER_ID"}),
        ({"user": {"home": "/root"}}, {"HOME"}),
        ({"first_process": "tini"}, {"FIRST_PROCESS"}),
        ({"writable": {"/": "yes"}}, {"WRITABLE"}),
        ({"writable": {"/data": "yes"}}, {"DATA_FOLDER"}),
        ({"environment": {"names": ["PORT"]}}, {"PORT_IS_SET", "BUILT_IN_VARIABLES"}),
        ({"limits": {"memory": "unlimited"}}, {"HARDWARE"}),
        ({"reach": {"smtp.gmail.com:25": "refused"}}, {"EGRESS_DROPPED_PORTS", "EGRESS_CLOSED_MEANS"}),
        ({"reach": {"portquiz.net:5432": "timed out"}}, {"EGRESS_SEEN_OPEN_PORTS"}),
        ({"reach": {"huggingface.co:443": "not resolved"}}, {"EGRESS_OPEN_PORTS"}),
        ({"ipv6": {"route": True}}, {"IPV6"}),
        ({"headers": {"x-forwarded-for": ["public"]}}, {"EDGE_FORWARDED_FOR"}),
        ({"peer": "loopback"}, {"EDGE_NETWORK"}),
        ({"grace": 30.0}, {"STOP_GRACE_SECONDS"}),
    ],
)
def test_a_report_that_is_otherwise_contradicts_its_fact_alone(
    changed: dict[str, Any], names: set[str]
) -> None:
    assert {name for name, held in verdicts(report(**changed)) if not held} == names


@pytest.mark.parametrize("section", ["user", "limits", "ipv6", "headers", "peer", "grace", "first_process"])
def test_of_what_a_report_does_not_say_nothing_is_settled(section: str) -> None:
    said = {name for name, _ in verdicts(report(**{section: None}))}
    assert not {name for name in said if probed_facts()[name].probe.partition(".")[0] == section}


def test_a_port_has_to_do_with_the_facts_that_list_it() -> None:
    (open_port,) = facts_of("reach.443")
    assert open_port == "EGRESS_OPEN_PORTS"
    assert 587 in platform.EGRESS_DROPPED_PORTS.value
    assert set(facts_of("reach.587")) == {"EGRESS_DROPPED_PORTS", "EGRESS_CLOSED_MEANS"}
