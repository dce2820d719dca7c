from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, Cause
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import READY, FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "names-missing-secrets"


def careful_dock() -> FakeDock:
    """A Space that names what it lacks, and nothing else."""
    return (
        FakeDock()
        .when("without API_KEY", FakeInstance(boot=exited(78), log="API_KEY is not set"))
        .when("without DATABASE_URL", FakeInstance(boot=exited(78), log="DATABASE_URL is not set"))
        .when("without API_KEY, DATABASE_URL", FakeInstance(boot=exited(78), log="API_KEY\nDATABASE_URL"))
        .when("with blank secrets", FakeInstance(boot=exited(78), log="API_KEY and DATABASE_URL are blank"))
    )


def test_a_space_that_names_what_it_lacks_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, careful_dock()).outcome is Outcome.KEPT


def test_every_way_of_missing_is_boarded_once(space: Space, hold: Hold) -> None:
    dock = careful_dock()
    hold(PROMISE, space, dock)
    assert sorted(order.purpose for order in dock.booted) == [
        "as deployed",
        "with blank secrets",
        "without API_KEY",
        "without API_KEY, DATABASE_URL",
        "without DATABASE_URL",
    ]


def test_field_names_in_lower_case_count_as_named(space: Space, hold: Hold) -> None:
    dock = careful_dock().when(
        "without API_KEY", FakeInstance(boot=exited(1), log="ValidationError\napi_key\n  Field required")
    )
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("instance", "says"),
    [
        (FakeInstance(boot=READY), "started all the same"),
        (FakeInstance(boot=exited(0), log="API_KEY is not set"), "code 0"),
        (FakeInstance(boot=exited(1), log="KeyError"), "does not name API_KEY"),
        (FakeInstance(boot=exited(1), log="MY_API_KEY_2 is not set"), "does not name API_KEY"),
        (FakeInstance(boot=exited(1), log="API_KEY and DATABASE_URL"), "also names DATABASE_URL"),
        (FakeInstance(boot=BootResult(60.0, 8080, Cause.SILENT), log="API_KEY?"), "did not exit"),
    ],
)
def test_a_start_that_hides_what_is_missing_breaks_it(
    space: Space, hold: Hold, instance: FakeInstance, says: str
) -> None:
    finding = hold(PROMISE, space, careful_dock().when("without API_KEY", instance))
    assert finding.outcome is Outcome.BROKEN
    (problem,) = finding.problems
    assert problem.seen.startswith("API_KEY not set: ")
    assert says in problem.seen


def test_blank_secrets_that_pass_for_values_are_warned_of(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, careful_dock().when("with blank secrets", FakeInstance(boot=READY)))
    assert (finding.outcome, finding.is_red(), finding.is_red(strict=True)) == (Outcome.BROKEN, False, True)
    assert [problem.seen for problem in finding.problems] == [
        "all of API_KEY, DATABASE_URL set to white space: the Space started all the same"
    ]


def test_beside_a_secret_that_is_not_missed_a_blank_one_is_red_too(space: Space, hold: Hold) -> None:
    dock = careful_dock().when("with blank secrets", FakeInstance(boot=READY))
    assert hold(PROMISE, space, dock.when("without API_KEY", FakeInstance(boot=READY))).is_red()


def test_a_space_that_never_starts_says_nothing_of_its_secrets(space: Space, hold: Hold) -> None:
    dock = careful_dock().when("as deployed", FakeInstance(boot=exited(1), log="no .env"))
    assert hold(PROMISE, space, dock).outcome is Outcome.BLOCKED


def test_without_required_secrets_there_is_nothing_to_ask(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest="[secrets]\nTOKEN = { required = false }\n")
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.NOT_ASKED
