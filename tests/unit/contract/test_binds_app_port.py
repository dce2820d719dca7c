from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, Cause
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening
from tests.unit.spaces import sound_space

PROMISE = "binds-app-port"


def test_a_space_that_answers_on_every_port_asked_keeps_it(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    ports = [order.port for order in dock.booted]
    assert ports[:2] == [None, 7860]
    assert len(set(ports)) == 3


def test_a_space_with_a_fixed_port_must_survive_being_told_it(tmp_path: Path, hold: Hold) -> None:
    dock = FakeDock()
    assert hold(PROMISE, sound_space(tmp_path, manifest=""), dock).outcome is Outcome.KEPT
    assert [order.port for order in dock.booted] == [None, 8080]


@pytest.mark.parametrize(
    ("boot", "says", "remedy"),
    [
        (listening(Cause.LOOPBACK, "127.0.0.1", 8080), "bound to loopback only", "bind 0.0.0.0"),
        (listening(Cause.IPV6_ONLY, "::", 8080), "open on IPv6 only", "instead of `::`"),
        (listening(Cause.OTHER_PORT, "0.0.0.0", 8000), "listens on 0.0.0.0:8000", "app_port: 8000"),
        (listening(Cause.SILENT, "0.0.0.0", 8080), "no HTTP answer", "answers HTTP"),
    ],
)
def test_a_space_that_cannot_be_reached_breaks_it(
    space: Space, hold: Hold, boot: object, says: str, remedy: str
) -> None:
    finding = hold(PROMISE, space, FakeDock().when("as deployed", FakeInstance(boot=boot)))  # type: ignore[arg-type]
    (problem,) = finding.problems
    assert problem.seen.startswith("PORT unset: ")
    assert says in problem.seen
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("steps", "remedy"),
    [
        ('CMD ["uvicorn", "app:app"]', "uvicorn `--host 0.0.0.0`"),
        ('CMD ["gunicorn", "app:app"]', "gunicorn `--bind 0.0.0.0:8080`"),
        ('CMD ["node", "server.js"]', "`ENV HOSTNAME=0.0.0.0`"),
        ('CMD ["python", "app.py"]', "`app.run(host=...)`"),
        ('ENV HOSTNAME=localhost\nCMD ["node", "server.js"]', "instead of `HOSTNAME=localhost`"),
    ],
)
def test_how_to_listen_everywhere_is_said_of_the_server_that_is_there(
    tmp_path: Path, hold: Hold, steps: str, remedy: str
) -> None:
    space = sound_space(tmp_path, dockerfile=f"FROM python:3.11-slim\n{steps}\n")
    boot = listening(Cause.LOOPBACK, "127.0.0.1", 8080)
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).problems
    assert remedy in problem.remedy


def test_a_space_that_ignores_port_though_it_says_otherwise_breaks_it(space: Space, hold: Hold) -> None:
    stubborn = FakeInstance(boot=listening(Cause.OTHER_PORT, "0.0.0.0", 8080))
    finding = hold(PROMISE, space, FakeDock().when("with PORT=7860", stubborn))
    assert [problem.seen.partition(":")[0] for problem in finding.problems] == ["PORT=7860"]


def test_a_space_that_exits_breaks_another_promise(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock().when("as deployed", FakeInstance(boot=exited(1))))
    assert finding.outcome is Outcome.BLOCKED


def test_a_space_that_exits_only_when_port_is_set_breaks_this_one(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock().when("with PORT=7860", FakeInstance(boot=exited(1))))
    assert finding.problems[0].seen.startswith("PORT=7860: exited with code 1")


def test_a_space_that_listens_on_nothing_yet_breaks_another_promise(space: Space, hold: Hold) -> None:
    loading = FakeInstance(boot=BootResult(60.0, 8080, Cause.SILENT))
    assert hold(PROMISE, space, FakeDock(otherwise=loading)).outcome is Outcome.BLOCKED


def test_a_space_that_listens_on_nothing_only_when_port_is_set_breaks_this_one(
    space: Space, hold: Hold
) -> None:
    lost = FakeInstance(boot=BootResult(60.0, 7860, Cause.SILENT))
    finding = hold(PROMISE, space, FakeDock().when("with PORT=7860", lost))
    assert finding.problems[0].seen.startswith("PORT=7860: no HTTP answer on port 7860")
