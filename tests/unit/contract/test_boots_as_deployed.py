from __future__ import annotations

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Denial, Usage
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening

PROMISE = "boots-as-deployed"
IMAGE_USER = "as the image's own user"
WITH_ENV_FILE = "with a .env file in its working directory"
FAILED = FakeInstance(boot=exited(1), log="KeyError: 'OPENAI_API_KEY'")


def purposes(dock: FakeDock) -> list[str]:
    return [order.purpose for order in dock.booted]


def test_a_space_that_boots_keeps_it(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert purposes(dock) == ["as deployed"]


def test_one_that_ends_later_has_booted(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(gone=True))).outcome is Outcome.KEPT


def test_an_exit_with_an_error_breaks_it_with_what_the_platform_shows(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FAILED))
    (problem,) = finding.problems
    assert finding.outcome is Outcome.BROKEN
    assert problem.seen == (
        "it exited with code 1 after 0.30 s: it wants OPENAI_API_KEY, which space.toml does not name: "
        "the dock gives it none"
    )
    assert "[secrets]" in problem.remedy
    assert problem.consequence == "RUNTIME_ERROR: Exit code: 1."
    assert problem.log == "KeyError: 'OPENAI_API_KEY'"


def test_where_the_log_tells_no_cause_the_end_alone_is_told(space: Space, hold: Hold) -> None:
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1), log="bye"))).problems
    assert problem.seen == "it exited with code 1 after 0.30 s"
    assert "spacedock diagnose" in problem.remedy


def test_what_is_started_again_and_again_has_not_booted(space: Space, hold: Hold) -> None:
    boot = BootResult(6.0, 8080, Cause.RESPAWNING, restarts=7)
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).problems
    assert problem.seen.startswith("it ends and is started again, 7 times in 6 s")


def test_what_only_the_dock_denied_is_no_failure_of_the_platforms(space: Space, hold: Hold) -> None:
    tried = Denial("huggingface.co", 443, "tcp", platform=False)
    instance = FakeInstance(boot=exited(1), log="KeyError: 'SIGNING_KEY'", denied=(tried, tried))
    finding = hold(PROMISE, space, FakeDock(otherwise=instance))
    (problem,) = finding.problems
    assert (finding.outcome, finding.is_red()) == (Outcome.BROKEN, False)
    assert "the dock had denied it huggingface.co" in problem.seen
    assert '[egress] allow = ["huggingface.co"]' in problem.remedy
    assert "RUNTIME_ERROR" not in problem.consequence


def test_what_the_platform_denies_too_may_have_ended_it_there(space: Space, hold: Hold) -> None:
    tried = (
        Denial("mail.example", 25, "tcp", platform=True),
        Denial("huggingface.co", 443, "tcp", platform=False),
    )
    instance = FakeInstance(boot=exited(1), denied=tried)
    assert hold(PROMISE, space, FakeDock(otherwise=instance)).is_red()


def test_a_script_that_ends_with_0_is_left_to_stays_up(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(0)))).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    "instance",
    [
        FakeInstance(boot=BootResult(1.0, 8080, Cause.EXITED, 137, out_of_memory=True)),
        FakeInstance(
            boot=exited(1), used=Usage(exceeded=("Workload evicted, storage limit exceeded (50G)",))
        ),
    ],
    ids=["memory", "disk"],
)
def test_a_limit_is_left_to_fits_its_hardware(space: Space, hold: Hold, instance: FakeInstance) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=instance)).outcome is Outcome.BLOCKED


@pytest.mark.parametrize("otherwise", [IMAGE_USER, WITH_ENV_FILE])
def test_what_boots_as_another_user_or_with_a_file_is_left_to_that_promise(
    space: Space, hold: Hold, otherwise: str
) -> None:
    dock = FakeDock(otherwise=FAILED).when(otherwise, FakeInstance())
    assert hold(PROMISE, space, dock).outcome is Outcome.BLOCKED


def test_both_are_tried_before_it_is_broken(space: Space, hold: Hold) -> None:
    dock = FakeDock(otherwise=FAILED)
    hold(PROMISE, space, dock)
    assert {IMAGE_USER, WITH_ENV_FILE} <= set(purposes(dock))


def test_a_dock_that_does_not_tell_users_apart_tries_no_other(space: Space, hold: Hold) -> None:
    without = frozenset(Capability) - {Capability.IDENTITY}
    dock = FakeDock(capabilities=without, otherwise=FAILED).when(IMAGE_USER, FakeInstance())
    assert hold(PROMISE, space, dock).outcome is Outcome.BROKEN
    assert IMAGE_USER not in purposes(dock)


@pytest.mark.parametrize(
    "boot",
    [
        listening(Cause.LOOPBACK, "127.0.0.1", 8080),
        listening(Cause.OTHER_PORT, "0.0.0.0", 8000),
        BootResult(2.0, 8080, Cause.SILENT),
    ],
    ids=["loopback", "other port", "late"],
)
def test_what_runs_and_is_not_reached_in_time_is_none_of_its_business(
    space: Space, hold: Hold, boot: BootResult
) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).outcome is Outcome.BLOCKED
