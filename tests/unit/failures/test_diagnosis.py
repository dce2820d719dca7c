"""A log is known by the symptoms that the catalogue holds, and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from spacedock.failures.base import Failure, Symptom, Where, failure_from
from spacedock.failures.diagnosis import Diagnosis, Match, diagnose, hinted

DATA: Mapping[str, Any] = {
    "title": "It fails",
    "group": "build",
    "layer": "build",
    "since": "0.3",
    "cause": "This.",
    "remedy": "That.",
    "sources": ["a document"],
    "not_here": "it is made up",
}


def known(name: str, *symptoms: Mapping[str, Any]) -> Failure:
    usual = {"where": "container log", "why": "it says so", "reported": True}
    return failure_from(name, {**DATA, "symptoms": [{**usual, **symptom} for symptom in symptoms]})


def names(log: str, *failures: Failure, ended: bool = False) -> list[str]:
    return [diagnosis.failure.name for diagnosis in diagnose(log, failures, ended=ended)]


PORT = known("port", {"text": "listening on 127.0.0.1"})


def test_a_log_without_a_known_text_shows_nothing() -> None:
    assert names("listening on 0.0.0.0\n", PORT) == []


def test_a_match_has_its_line_and_its_number() -> None:
    (found,) = diagnose("starting\n  listening on 127.0.0.1 now  \ndone\n", [PORT])
    (match,) = found.matches
    assert (match.number, match.line) == (2, "listening on 127.0.0.1 now")


@pytest.mark.parametrize(
    ("log", "place"),
    [
        ("listening on 127.0.0.1", (1, "listening on 127.0.0.1")),
        ("\nlistening on 127.0.0.1", (2, "listening on 127.0.0.1")),
        ("listening on 127.0.0.1\n", (1, "listening on 127.0.0.1")),
        ("a\n\nlistening on 127.0.0.1\nlistening on 127.0.0.1", (3, "listening on 127.0.0.1")),
    ],
    ids=["alone", "behind an empty line", "with a line's end", "twice"],
)
def test_the_first_line_of_a_match_is_whole(log: str, place: tuple[int, str]) -> None:
    (found,) = diagnose(log, [PORT])
    assert [(match.number, match.line) for match in found.matches] == [place]


def test_a_symptom_that_is_not_there_hides_none_behind_it() -> None:
    failure = known("two", {"text": "absent"}, {"text": "never", "times": 2}, {"text": "exit 137"})
    assert names("never\nexit 137", failure) == ["two"]


def test_of_two_as_late_and_as_likely_the_name_decides() -> None:
    symptom = {"text": "fatal"}
    assert names("fatal", known("b", symptom), known("a", symptom)) == ["a", "b"]


@pytest.mark.parametrize(
    ("reported", "all_of_them"), [((True, True), True), ((True, False), False), ((False, False), False)]
)
def test_one_symptom_that_a_specimen_produced_is_enough(
    reported: tuple[bool, ...], all_of_them: bool
) -> None:
    matches = tuple(
        Match(Symptom(text="killed", where=Where.LOG, why="so", reported=said), "killed", 1)
        for said in reported
    )
    assert Diagnosis(PORT, matches).reported is all_of_them


def test_a_carriage_return_is_no_part_of_a_line() -> None:
    failure = known("exit", {"text": "exit 1", "pattern": r"^exit \d$"})
    assert names("starting\r\nexit 1\r\n", failure) == ["exit"]


def test_colours_and_line_ends_of_a_terminal_do_not_hide_a_text() -> None:
    assert names("\x1b[32mlistening\x1b[0m on\r\n127.0.0.1\r\n", PORT) == ["port"]


def test_a_text_is_found_in_any_spacing() -> None:
    assert names("listening   on\n  127.0.0.1", PORT) == ["port"]


def test_a_pattern_is_found_where_its_own_words_are_not() -> None:
    failure = known("any", {"text": "port 80 is taken", "pattern": r"port \d+ is taken"})
    assert names("port 7860 is taken", failure) == ["any"]


def test_hints_alone_name_nothing_and_add_to_what_is_likely() -> None:
    hint = {"text": "killed", "certainty": "hint"}
    likely = {"text": "exit 137", "certainty": "likely"}
    assert names("killed", known("hinted", hint)) == []
    assert names("killed: exit 137", known("likely", likely), known("both", hint, likely)) == [
        "both",
        "likely",
    ]


def test_what_several_share_is_hinted_at() -> None:
    hint = {"text": "killed", "certainty": "hint"}
    both = known("one", hint), known("another", hint), known("sure", {"text": "exit 137"})
    assert [found.failure.name for found in hinted("killed", both)] == ["another", "one"]
    assert hinted("exit 137", both) == ()


def test_what_is_sure_stands_before_what_is_likely() -> None:
    sure = known("sure", {"text": "out of memory"})
    likely = known("likely", {"text": "exit 137", "certainty": "likely"})
    assert names("out of memory\nexit 137", likely, sure) == ["sure", "likely"]


def test_of_two_that_are_as_likely_the_later_in_the_log_comes_first() -> None:
    first, last = known("a", {"text": "warning"}), known("b", {"text": "fatal"})
    assert names("warning\nfatal", first, last) == ["b", "a"]


def test_what_ends_a_program_counts_above_what_it_survived() -> None:
    warning, fatal = (
        known("a", {"text": "cache denied"}),
        known("b", {"text": "no key", "certainty": "likely"}),
    )
    end = "Traceback (most recent call last):\n  File x\nKeyError: no key"
    assert names(f"cache denied\n{end}", warning, fatal, ended=True) == ["b", "a"]
    assert names(f"cache denied\n{end}", warning, fatal) == ["a", "b"]
    assert names(f"{end}\ncache denied", warning, fatal, ended=True) == ["a", "b"]
    assert names(f"cache denied\n{end}\n" + "on\n" * 200, warning, fatal, ended=True) == ["a", "b"]


def test_a_text_may_have_to_stand_there_more_than_once() -> None:
    failure = known("workers", {"text": "booting worker", "times": 3})
    assert names("booting worker\n" * 2, failure) == []
    assert names("booting worker\n" * 3, failure) == ["workers"]


def test_a_text_of_another_failure_vetoes() -> None:
    failure = known("stop", {"text": "exit 137", "unless": "out of memory"})
    assert names("exit 137", failure) == ["stop"]
    assert names("out of memory\nexit 137", failure) == []


def test_what_only_reports_speak_for_is_marked() -> None:
    (found,) = diagnose("listening on 127.0.0.1", [PORT])
    assert found.reported


def test_a_symptom_must_find_its_own_text() -> None:
    with pytest.raises(ValidationError, match="does not find the text"):
        Symptom.model_validate({"text": "a", "where": "container log", "why": "b", "pattern": "c"})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"not_here": ""}, "either a specimen or a reason"),
        (
            {"symptoms": [{"text": "a", "where": "build log", "why": "b"}]},
            "each of its symptoms is only reported",
        ),
        ({"not_here": "", "specimen": {"says": "x"}}, "has a specimen and breaks no promise"),
    ],
)
def test_a_failure_that_is_not_whole_is_refused(change: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        failure_from("half", {**DATA, **change})
