from __future__ import annotations

from typing import Self

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.builds_from_what_is_pushed import BuildsFromWhatIsPushed
from spacedock.errors import SpaceBuildError
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock

PROMISE = "builds-from-what-is-pushed"
LOG = 'COPY data.json .\n--------\nERROR: failed to solve: "/data.json": not found'


class Unbuilt(FakeDock):
    """A dock that cannot be entered."""

    def __init__(self, error: SpaceBuildError) -> None:
        super().__init__()
        self.error = error

    def __enter__(self) -> Self:
        raise self.error


def failed(log: str = LOG, path: str | None = "Dockerfile") -> Unbuilt:
    return Unbuilt(SpaceBuildError("exit code 1", path=path, remedy="add data.json", log=log))


def seen(space: Space, hold: Hold, dock: Unbuilt) -> str:
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.BROKEN
    (problem,) = finding.problems
    assert (problem.remedy, problem.log) == ("add data.json", dock.error.log)
    return problem.seen


def test_a_space_that_was_built_keeps_it_and_boots_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert dock.booted == []


def test_one_that_does_not_build_breaks_it_with_the_builders_last_words(space: Space, hold: Hold) -> None:
    assert seen(space, hold, failed()) == (
        'Dockerfile: exit code 1: ERROR: failed to solve: "/data.json": not found'
    )


def test_a_step_that_many_meet_is_explained(space: Space, hold: Hold) -> None:
    dock = failed("useradd: UID 1000 is not unique\nERROR: failed to solve: exit code: 4")
    (problem,) = hold(PROMISE, space, dock).problems
    assert "user with id 1000 already" in problem.seen
    assert "USER 1000" in problem.remedy


@pytest.mark.parametrize("line", ["failed to solve: no such host", "ERROR: failed to solve: no such host"])
def test_what_is_said_below_the_last_words_is_none_of_them(space: Space, hold: Hold, line: str) -> None:
    assert seen(space, hold, failed(f"Step 1/2\n{line}\n\nView build details: ...")).endswith(
        f"exit code 1: {line}"
    )


@pytest.mark.parametrize(
    "line",
    ["secret TOKEN not found: not found", "The command '/bin/sh -c false' returned a non-zero code: 1"],
)
def test_where_none_look_like_it_the_last_line_is(space: Space, hold: Hold, line: str) -> None:
    assert seen(space, hold, failed(f"Step 1/2\n{line}")).endswith(f"exit code 1: {line}")


def test_the_last_words_of_several_are_told(space: Space, hold: Hold) -> None:
    assert seen(space, hold, failed("failed to solve: a\nfailed to solve: b")).endswith("failed to solve: b")


def test_long_last_words_are_cut(space: Space, hold: Hold) -> None:
    assert seen(space, hold, failed("failed to solve: " + "x" * 1000)).endswith("xxx...")


def test_where_the_builder_says_nothing_only_the_end_is_told(space: Space, hold: Hold) -> None:
    assert seen(space, hold, failed("", path=None)) == "exit code 1"


def test_that_it_does_not_build_has_the_exit_code_of_a_build() -> None:
    assert BuildsFromWhatIsPushed.exit_code == SpaceBuildError.exit_code


def test_what_a_dock_did_not_carry_out_is_not_proven(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    dock.not_carried_out = ("Dockerfile:4 RUN make", "Dockerfile:5 COPY --from=other / /")
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.NOT_PROVEN
    assert finding.detail == f"the {dock.name} dock did not carry out {'; '.join(dock.not_carried_out)}"


def test_of_many_steps_three_are_named(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    dock.not_carried_out = tuple(f"Dockerfile:{line} RUN make" for line in range(2, 12))
    assert hold(PROMISE, space, dock).detail.endswith("Dockerfile:4 RUN make; and 7 more")
