from __future__ import annotations

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import ImageAdditions
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock

PROMISE = "copies-no-layer-twice"
CHOWN = "RUN /bin/sh -c chown -R 1000:1000 /home/user # buildkit"


def made(*layers: tuple[str, int]) -> FakeDock:
    """A dock whose image's steps made layers of so many megabytes."""
    steps = tuple(step for step, _ in layers)
    return FakeDock(made=ImageAdditions({}, {}, steps, tuple(size * 10**6 for _, size in layers)))


def seen(finding: Finding) -> list[str]:
    assert finding.outcome in (Outcome.BROKEN, Outcome.KEPT)
    return [problem.seen for problem in finding.problems]


def test_a_step_that_changes_the_owner_of_much_breaks_it_and_boots_nothing(space: Space, hold: Hold) -> None:
    dock = made(("COPY . . # buildkit", 48), (CHOWN, 48))
    assert seen(hold(PROMISE, space, dock)) == [
        "`RUN /bin/sh -c chown -R 1000:1000 /home/user` holds 48 MB of files a second time"
    ]
    assert dock.booted == []


def test_one_that_changes_the_owner_of_little_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, made(("COPY . . # buildkit", 48), (CHOWN, 29))).outcome is Outcome.KEPT


def test_two_are_added_up_and_what_is_nothing_is_not_told(space: Space, hold: Hold) -> None:
    chmod = "RUN /bin/sh -c chmod -R a+rX /opt # buildkit"
    dock = made((CHOWN, 20), (chmod, 20), ("RUN /bin/sh -c chmod +x start.sh # buildkit", 0))
    assert len(seen(hold(PROMISE, space, dock))) == 2


@pytest.mark.parametrize(
    "step",
    [
        "RUN |1 A=b /bin/sh -c useradd -u 1000 user && mkdir -p /data && chown -R user /app # buildkit",
        "RUN /bin/bash -o pipefail -c chmod -R 777 /app; cd /app # buildkit",
        "RUN /bin/sh -c set -e\nchgrp -R 0 /app\n # buildkit",
        "RUN chown -R 1000 /app # buildkit",
        "/bin/sh -c chown -R 1000 /app",
        "RUN /bin/sh -c /bin/chown -R 1000 /app || true # buildkit",
        "RUN /bin/sh -c WHO=1000 chown -R $WHO /app # buildkit",
    ],
)
def test_whatever_builder_wrote_the_history_the_step_is_known(space: Space, hold: Hold, step: str) -> None:
    assert len(seen(hold(PROMISE, space, made((step, 48))))) == 1


@pytest.mark.parametrize(
    "step",
    [
        "RUN /bin/sh -c pip install torch && chown -R 1000 /app # buildkit",
        "RUN /bin/sh -c mkdir /data # buildkit",
        "RUN /bin/sh -c cp -r /app /chown # buildkit",
        "COPY --chown=1000:1000 . . # buildkit",
        "/bin/sh -c #(nop) COPY dir:chown in /app",
    ],
)
def test_a_layer_that_may_be_large_for_other_reasons_is_left_alone(
    space: Space, hold: Hold, step: str
) -> None:
    assert hold(PROMISE, space, made((step, 480))).outcome is Outcome.KEPT


def test_a_secret_in_such_a_step_is_not_shown(space: Space, hold: Hold) -> None:
    step = "RUN |1 API_KEY=hunter22 /bin/sh -c chown -R 1000 /app # buildkit"
    assert "hunter22" not in str(hold(PROMISE, space, made((step, 48))).problems)


def test_a_dock_that_builds_no_image_proves_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.IMAGE})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN
