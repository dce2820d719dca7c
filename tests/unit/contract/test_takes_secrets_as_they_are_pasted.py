from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.answers import BreaksOff
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "takes-secrets-as-they-are-pasted"
DEPLOYED, PASTED = "http://deployed.test", "http://pasted.test"
REQUESTS = """
[[requests]]
path = "/notes"
headers = { authorization = "Bearer $API_KEY" }
private = true
"""
VALUES = {"API_KEY": "k", "DATABASE_URL": "postgresql://u@postgres/db", "CPU_CORES": "2"}


@pytest.fixture
def asking(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + REQUESTS)


@pytest.fixture(autouse=True)
def servers() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{DEPLOYED}/notes", name="deployed").respond(200)
        router.get(f"{PASTED}/notes", name="pasted").respond(200)
        yield router


def dock(pasted: FakeInstance | None = None) -> FakeDock:
    """A dock whose Space is given VALUES, and `pasted` becomes of it with line breaks after the secrets."""
    values = {
        name: f"{value}\n" if name in {"API_KEY", "DATABASE_URL"} else value for name, value in VALUES.items()
    }
    return FakeDock(
        as_deployed=FakeInstance(url=DEPLOYED, environment=VALUES),
        with_a_line_break_after_each_secret=pasted
        or FakeInstance(url=PASTED, environment=values, log="Illegal"),
    )


def test_a_space_that_strips_keeps_it(asking: Space, hold: Hold) -> None:
    given = dock()
    assert hold(PROMISE, asking, given).outcome is Outcome.KEPT
    assert given.booted[-1].environment == (
        ("API_KEY", "k\n"),
        ("DATABASE_URL", "postgresql://u@postgres/db\n"),
    )


def test_callers_send_the_secret_as_it_is(asking: Space, hold: Hold, servers: respx.MockRouter) -> None:
    hold(PROMISE, asking, dock())
    assert servers["pasted"].calls.last.request.headers["authorization"] == "Bearer k"


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_request_that_fails_then_breaks_it(
    asking: Space, hold: Hold, servers: respx.MockRouter, status: int
) -> None:
    servers["pasted"].respond(status, text="no")
    (problem,) = hold(PROMISE, asking, dock()).problems
    assert (
        problem.seen == f"with a line break after each secret GET /notes answers {status}: no; without, 200"
    )
    assert problem.log == "Illegal"


def test_no_answer_breaks_it(asking: Space, hold: Hold, servers: respx.MockRouter) -> None:
    servers["pasted"].mock(side_effect=httpx.ReadTimeout("too late"))
    (problem,) = hold(PROMISE, asking, dock()).problems
    assert "GET /notes is not answered: ReadTimeout too late" in problem.seen


def test_an_answer_that_breaks_off_breaks_it(asking: Space, hold: Hold, servers: respx.MockRouter) -> None:
    servers["pasted"].mock(side_effect=lambda _: httpx.Response(200, stream=BreaksOff(b"half")))
    (problem,) = hold(PROMISE, asking, dock()).problems
    assert "GET /notes answers 200 and breaks off (ReadError reset): half; without, 200" in problem.seen


def test_a_space_that_ends_when_it_is_asked_breaks_it(
    asking: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["pasted"].mock(side_effect=httpx.ReadError("reset"))
    (problem,) = hold(PROMISE, asking, dock(FakeInstance(url=PASTED, gone=True, log="it ends"))).problems
    assert problem.log == "it ends"


def test_a_redirect_to_another_host_is_an_answer(
    asking: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["pasted"].respond(303, headers={"location": "https://elsewhere.example/"})
    assert hold(PROMISE, asking, dock()).outcome is Outcome.KEPT


def test_another_answer_that_is_none_of_the_secrets_doing_keeps_it(
    asking: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["pasted"].respond(409)
    assert hold(PROMISE, asking, dock()).outcome is Outcome.KEPT


def test_a_request_that_is_refused_anyway_shows_nothing(
    asking: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["deployed"].respond(401)
    servers["pasted"].respond(401)
    assert hold(PROMISE, asking, dock()).outcome is Outcome.KEPT


def test_a_boot_that_fails_breaks_it(asking: Space, hold: Hold) -> None:
    log = (
        '  File "app.py", line 3\n    connect(os.environ["DATABASE_URL"])\nOperationalError: no such database'
    )
    (problem,) = hold(PROMISE, asking, dock(FakeInstance(boot=exited(1), log=log))).problems
    assert problem.seen.startswith("with a line break after each secret it does not boot: exited with code 1")
    assert problem.log == log


@pytest.mark.parametrize("log", ["API_KEY ends in a line break", "1 validation error\napi_key\n  line break"])
def test_a_boot_that_ends_and_names_a_secret_keeps_it(asking: Space, hold: Hold, log: str) -> None:
    assert hold(PROMISE, asking, dock(FakeInstance(boot=exited(1), log=log))).outcome is Outcome.KEPT


def test_a_longer_name_is_another_one(asking: Space, hold: Hold) -> None:
    log = "OPENAI_API_KEY is fine"
    assert hold(PROMISE, asking, dock(FakeInstance(boot=exited(1), log=log))).outcome is Outcome.BROKEN


def test_without_requests_the_boot_alone_tells(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, dock()).outcome is Outcome.KEPT
    assert hold(PROMISE, space, dock(FakeInstance(boot=exited(1)))).outcome is Outcome.BROKEN


def test_a_space_that_fails_anyway_is_not_judged(
    asking: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["deployed"].respond(500)
    given = dock()
    assert hold(PROMISE, asking, given).outcome is Outcome.BLOCKED
    assert [order.purpose for order in given.booted] == ["as deployed"]


def test_a_space_that_does_not_boot_is_not_judged(asking: Space, hold: Hold) -> None:
    assert (
        hold(PROMISE, asking, FakeDock(as_deployed=FakeInstance(boot=exited(3)))).outcome is Outcome.BLOCKED
    )


def test_a_space_without_secrets_is_not_asked(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest="[space]\nid = 'owner/name'\n")
    given = dock()
    assert hold(PROMISE, space, given).outcome is Outcome.NOT_ASKED
    assert given.booted == []


def test_a_dock_without_services_cannot_show_it(asking: Space, hold: Hold) -> None:
    given = FakeDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert hold(PROMISE, asking, given).outcome is Outcome.NOT_PROVEN


def test_it_is_good_practice_and_no_more(asking: Space, hold: Hold) -> None:
    assert hold(PROMISE, asking, dock()).promise.level is Level.SHOULD
