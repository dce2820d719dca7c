from __future__ import annotations

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.contract.promises.deploys_from_its_workflow import DeploysFromItsWorkflow
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock

PROMISE = "deploys-from-its-workflow"
SYNC = "uses: huggingface/hub-sync@v0.3.0"
CHECKOUT = "{ uses: actions/checkout@v6 }"
WHOLE = "{ uses: actions/checkout@v6, with: { fetch-depth: 0 } }"
PUSH = "run: git push https://huggingface.co/spaces/owner/name main"


def workflow(space: Space, *steps: str) -> None:
    path = space.root / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text("jobs:\n  push:\n    steps:\n" + "".join(f"      - {step}\n" for step in steps))


def test_without_a_workflow_there_is_nothing_to_check(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_ASKED
    assert dock.booted == []


@pytest.mark.parametrize(
    "steps",
    [
        (f"{{ {SYNC}, with: {{ space_sdk: docker }} }}",),
        (WHOLE, PUSH),
        (WHOLE, f"{PUSH} --force"),
        (CHECKOUT, "run: hf upload owner/name . --repo-type space"),
    ],
)
def test_a_workflow_that_brings_it_there_keeps_it(space: Space, hold: Hold, steps: tuple[str, ...]) -> None:
    workflow(space, *steps)
    dock = FakeDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert dock.booted == []


@pytest.mark.parametrize(
    ("given", "says"),
    [("{ }", "`space_sdk` unset, which means gradio"), ("{ space_sdk: static }", "`space_sdk: static`")],
)
def test_a_sync_that_creates_another_kind_of_space_breaks_it(
    space: Space, hold: Hold, given: str, says: str
) -> None:
    workflow(space, f"{{ {SYNC}, with: {given} }}")
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome is Outcome.BROKEN
    (problem,) = finding.problems
    assert problem.seen == f".github/workflows/push.yml:4: hub-sync creates a Space with {says}"
    assert "NO_APP_FILE" in problem.consequence
    assert problem.remedy == "add `space_sdk: docker`"


def test_a_push_without_force_or_history_breaks_it(space: Space, hold: Hold) -> None:
    workflow(space, CHECKOUT, PUSH)
    (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert problem.seen.startswith(".github/workflows/push.yml:5: `git push` without `--force`")
    assert "(fetch first)" in problem.consequence
    assert "--force" in problem.remedy


def test_force_makes_no_history(space: Space, hold: Hold) -> None:
    workflow(space, CHECKOUT, f"{PUSH} --force")
    (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert "`git push --force` to the Hub" in problem.seen
    assert "(shallow update not allowed)" in problem.consequence
    assert problem.remedy == "give the step with actions/checkout `fetch-depth: 0`"


def test_it_turns_no_verdict_red() -> None:
    assert DeploysFromItsWorkflow.level is Level.SHOULD
