from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from spacedock import platform
from spacedock.platform import Confidence, Fact, space_host

FACTS = platform.all_facts()
BY_NAME = pytest.mark.parametrize(("name", "fact"), FACTS.items(), ids=list(FACTS))


def test_every_subject_has_facts_and_a_title() -> None:
    found = platform.subjects()
    assert {subject.name for subject in found} >= {
        "build",
        "edge",
        "network_in",
        "network_out",
        "front_matter",
    }
    assert all(subject.facts and subject.title for subject in found)


def test_each_fact_stands_once() -> None:
    counts = Counter(name for subject in platform.subjects() for name in subject.facts)
    assert [name for name, count in counts.items() if count > 1] == []
    titles = Counter(fact.title for fact in FACTS.values())
    assert [title for title, count in titles.items() if count > 1] == []


@BY_NAME
def test_a_fact_is_an_attribute_of_the_room(name: str, fact: Fact[Any]) -> None:
    assert getattr(platform, name) is fact


@BY_NAME
def test_a_fact_says_where_it_comes_from_and_when(name: str, fact: Fact[Any]) -> None:
    assert fact.title
    assert fact.source
    assert fact.sure in Confidence
    assert re.fullmatch(r"20\d\d(-(0[1-9]|1[0-2]))?", fact.date)


@BY_NAME
def test_a_contested_fact_says_how_a_run_takes_it(name: str, fact: Fact[Any]) -> None:
    assert bool(fact.other) == bool(fact.choice)
    if fact.other:
        assert fact.other.source
        assert fact.other.value != fact.value


@BY_NAME
def test_a_fact_cannot_be_changed(name: str, fact: Fact[Any]) -> None:
    assert not isinstance(fact.value, list | dict | set)


@pytest.mark.parametrize(
    ("space_id", "host"),
    [
        ("owner/name", "owner-name.hf.space"),
        ("Owner/My_Space.v2", "owner-my-space-v2.hf.space"),
        (f"owner/{'a' * 57}", f"owner-{'a' * 57}.hf.space"),
    ],
)
def test_a_host_is_made_of_owner_and_name(space_id: str, host: str) -> None:
    assert space_host(space_id) == host


def test_a_long_name_has_a_host_of_its_own_that_names_can_have() -> None:
    hosts = {space_host(f"owner/{'a' * 70}-{end}") for end in "bc"}
    assert len(hosts) == 2
    assert all(host.encode("idna") and host.startswith("owner-aaa") for host in hosts)


def test_what_is_built_in_is_what_is_documented() -> None:
    built_in = platform.built_in_variables("owner/name", "A Space", "cpu-basic")
    assert tuple(built_in) == platform.BUILT_IN_VARIABLES.value
    assert (built_in["CPU_CORES"], built_in["MEMORY"], built_in["ACCELERATOR"]) == ("2", "16Gi", "none")


def test_a_flavour_with_known_resources_is_one_of_all() -> None:
    assert set(platform.HARDWARE.value) <= set(platform.FLAVORS.value)


def test_a_key_without_effect_is_one_that_is_known() -> None:
    assert set(platform.KEYS_WITHOUT_EFFECT.value) <= set(platform.KEYS.value)


def test_a_stage_that_a_fact_leads_to_is_one_of_all() -> None:
    assert {platform.EXIT_STAGE.value, platform.LAUNCH_TIMEOUT_STAGE.value} <= set(platform.STAGES.value)
