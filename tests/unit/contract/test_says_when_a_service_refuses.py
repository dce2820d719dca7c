from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.evidence import refusals
from spacedock.services.faults.openai import RequestFault
from spacedock.space import Space
from tests.unit.answers import BreaksOff
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "says-when-a-service-refuses"
DEPLOYED, REFUSED = "http://deployed.test", "http://refused.test"
MANIFEST = """
[secrets]
OPENAI_API_KEY = { from = "openai.api_key" }
[[requests]]
path = "/ask"
method = "POST"
"""


Answer = Callable[[httpx.Request], httpx.Response]


class FakeModelFaults:
    """Remembers the refusal in force, and each that was; the Space answers as `answer` says of it."""

    def __init__(self) -> None:
        self.in_force: RequestFault | None = None
        self.ordered: list[RequestFault] = []
        self.answer: Callable[[str | None], int] = lambda _error: 503

    def order(self, fault: RequestFault) -> None:
        self.in_force = fault
        self.ordered.append(fault)

    def take_back(self) -> None:
        self.in_force = None

    def answered(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.answer(self.in_force.error) if self.in_force else 200)


class ModelDock(FakeDock):
    """A dock whose bays at the model have an address each."""

    def model_bay(self, name: str) -> tuple[Any, tuple[tuple[str, str], ...]]:
        return self.model, (("OPENAI_BASE_URL", f"http://model.test/{name}"),)


@pytest.fixture
def model_faults() -> FakeModelFaults:
    return FakeModelFaults()


@pytest.fixture
def asking(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=MANIFEST)


@pytest.fixture(autouse=True)
def servers(model_faults: FakeModelFaults) -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{DEPLOYED}/ask", name="deployed").respond(200)
        router.post(f"{REFUSED}/ask", name="refused").mock(side_effect=model_faults.answered)
        yield router


def dock(model_faults: FakeModelFaults, refused: FakeInstance | None = None) -> FakeDock:
    found = ModelDock(
        as_deployed=FakeInstance(url=DEPLOYED),
        to_be_refused_by_OpenAI=refused or FakeInstance(url=REFUSED, log="RateLimitError"),
    )
    found.model = model_faults
    return found


def ask(
    space: Space, hold: Hold, model_faults: FakeModelFaults, answer: Callable[[str | None], int]
) -> Finding:
    """Hold a Space to it whose status is what `answer` says for the refusal in force."""
    model_faults.answer = answer
    return hold(PROMISE, space, dock(model_faults))


def while_refused(model_faults: FakeModelFaults, answer: Callable[[], httpx.Response]) -> Answer:
    """Answer well, and so as long as the model refuses."""
    return lambda _request: answer() if model_faults.in_force else httpx.Response(200)


def raising(error: Exception) -> Callable[[], httpx.Response]:
    def fail() -> httpx.Response:
        raise error

    return fail


def test_a_space_that_says_so_keeps_it(asking: Space, hold: Hold, model_faults: FakeModelFaults) -> None:
    statuses = {"invalid_api_key": 503, "rate_limit_exceeded": 429, "insufficient_quota": 502}
    assert ask(asking, hold, model_faults, lambda error: statuses[error or ""]).outcome is Outcome.KEPT
    assert [fault.error for fault in model_faults.ordered] == list(statuses)


def test_a_bare_500_breaks_it(asking: Space, hold: Hold, model_faults: FakeModelFaults) -> None:
    finding = ask(asking, hold, model_faults, lambda error: 500 if error == "insufficient_quota" else 503)
    (problem,) = finding.problems
    assert problem.seen == "while OpenAI answers 429 insufficient_quota, POST /ask answers 500"
    assert problem.log == "RateLimitError"


def test_no_answer_breaks_it(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    servers["refused"].mock(side_effect=while_refused(model_faults, raising(httpx.ReadTimeout("too late"))))
    seen = [problem.seen for problem in hold(PROMISE, asking, dock(model_faults)).problems]
    assert (
        seen[0] == "while OpenAI answers 401 invalid_api_key, POST /ask is not answered: ReadTimeout too late"
    )
    assert len(seen) == 3


def test_an_answer_that_breaks_off_breaks_it(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    half = while_refused(model_faults, lambda: httpx.Response(200, stream=BreaksOff(b"As an")))
    servers["refused"].mock(side_effect=half)
    problem = hold(PROMISE, asking, dock(model_faults)).problems[0]
    assert problem.seen.endswith("POST /ask answers 200 and breaks off (ReadError reset): As an")
    assert problem.log == "RateLimitError"


def test_a_space_that_ends_when_it_is_refused_breaks_it(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    servers["refused"].mock(side_effect=while_refused(model_faults, raising(httpx.ReadError("reset"))))
    ends = FakeInstance(url=REFUSED, gone=True, log="it ends")
    finding = hold(PROMISE, asking, dock(model_faults, ends))
    assert [problem.log for problem in finding.problems] == ["it ends"] * 3


def test_a_redirect_to_another_host_is_an_answer(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    servers["refused"].respond(303, headers={"location": "https://elsewhere.example/"})
    assert hold(PROMISE, asking, dock(model_faults)).outcome is Outcome.KEPT


def test_a_request_that_needs_no_model_is_answered_as_ever(
    asking: Space, hold: Hold, model_faults: FakeModelFaults
) -> None:
    assert ask(asking, hold, model_faults, lambda _error: 200).outcome is Outcome.KEPT


def test_nothing_is_refused_any_more_when_it_was_seen(
    asking: Space, hold: Hold, model_faults: FakeModelFaults
) -> None:
    ask(asking, hold, model_faults, lambda _error: 500)
    assert model_faults.in_force is None


def test_nothing_is_refused_any_more_when_asking_fails(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(refusals, "sent", interrupted)
    assert hold(PROMISE, asking, dock(model_faults)).outcome is Outcome.ERROR
    assert model_faults.ordered
    assert model_faults.in_force is None


def test_it_asks_in_a_bay_of_its_own(asking: Space, hold: Hold, model_faults: FakeModelFaults) -> None:
    given = dock(model_faults)
    hold(PROMISE, asking, given)
    assert [spec.environment for spec in given.booted] == [
        (),
        (("OPENAI_BASE_URL", "http://model.test/refusals"),),
    ]


def test_the_instance_that_others_look_at_is_not_asked(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    assert ask(asking, hold, model_faults, lambda _error: 503).outcome is Outcome.KEPT
    assert not servers["deployed"].called


def test_a_space_that_fails_anyway_is_not_judged(
    asking: Space, hold: Hold, model_faults: FakeModelFaults, servers: respx.MockRouter
) -> None:
    servers["refused"].respond(500)
    finding = hold(PROMISE, asking, dock(model_faults))
    assert finding.outcome is Outcome.BLOCKED
    assert "POST /ask answers 500" in finding.detail
    assert model_faults.ordered == []


def test_a_space_that_does_not_boot_is_not_judged(
    asking: Space, hold: Hold, model_faults: FakeModelFaults
) -> None:
    given = dock(model_faults, FakeInstance(boot=exited(3)))
    assert hold(PROMISE, asking, given).outcome is Outcome.BLOCKED
    assert model_faults.ordered == []


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (MANIFEST.partition("[[requests]]")[0], "the manifest names no [[requests]]"),
        ('[[requests]]\npath = "/ask"\n', "the manifest names no service `openai`"),
    ],
)
def test_a_space_without_requests_or_without_a_model_is_not_asked(
    tmp_path: Path, hold: Hold, model_faults: FakeModelFaults, manifest: str, why: str
) -> None:
    finding = hold(PROMISE, sound_space(tmp_path, manifest=manifest), dock(model_faults))
    assert (finding.outcome, finding.detail) == (Outcome.NOT_ASKED, why)


def test_a_dock_without_services_cannot_show_it(asking: Space, hold: Hold) -> None:
    given = FakeDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert hold(PROMISE, asking, given).outcome is Outcome.NOT_PROVEN


def test_it_is_good_practice_and_no_more(asking: Space, hold: Hold, model_faults: FakeModelFaults) -> None:
    assert ask(asking, hold, model_faults, lambda _error: 503).promise.level is Level.SHOULD
