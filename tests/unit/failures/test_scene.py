"""A specimen in its dock says what its owner would see, and the contract says the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import chosen
from spacedock.docks.boots import Cause
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.dock import Dock
from spacedock.errors import SpaceBuildError, UsageError
from spacedock.failures import scene
from spacedock.failures.base import Failure, Where, failure_from
from spacedock.failures.scene import SpecimenAccount, staged
from spacedock.progress import silent
from tests.unit.edges import FakeEdge
from tests.unit.failures.test_diagnosis import DATA
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening

PORT = chosen(["binds-app-port"])


def failing(**recipe: Any) -> Failure:
    whole = {"baseline": "web", "says": "x", **recipe}
    return failure_from("made-up", {**DATA, "not_here": "", "breaks": ["binds-app-port"], "specimen": whole})


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """What the dock was chosen with; `dock` is the one that is given."""
    seen: dict[str, Any] = {"dock": FakeDock()}

    def choose(
        name: str, space: object, run: object, progress: object, conditions: Conditions, *, trusted: bool
    ) -> Dock:
        seen.update(name=name, space=space, conditions=conditions)
        dock: Dock = seen["dock"]
        return dock

    monkeypatch.setattr(scene, "choose", choose)
    return seen


def account(failure: Failure, *, mended: bool = False) -> SpecimenAccount:
    with staged(failure, "image", silent, mended=mended) as stage:
        return stage.held_to(PORT, silent)


def by(account: SpecimenAccount, where: Where) -> str:
    return "\n".join(text for who, text in account.said if who is where)


def test_log_and_stage_of_the_boot_as_deployed_are_told(given: dict[str, Any]) -> None:
    given["dock"] = FakeDock(
        otherwise=FakeInstance(boot=listening(Cause.LOOPBACK, "127.0.0.1", 7860), log="on 127")
    )
    told = account(failing())
    assert by(told, Where.LOG) == "on 127"
    assert "Launch timed out" in by(told, Where.PAGE)
    assert [finding.promise.id for finding in told.broken] == ["binds-app-port"]
    assert "on 127" in told.text


def test_the_log_of_another_boot_is_told_where_a_problem_is_about_it(given: dict[str, Any]) -> None:
    other = FakeInstance(boot=listening(Cause.OTHER_PORT, "0.0.0.0", 9), log="the port is another")
    given["dock"] = FakeDock(otherwise=FakeInstance(log="all is well")).when("with PORT=7860", other)
    assert by(account(failing()), Where.LOG) == "all is well\nthe port is another"


def test_no_secret_of_the_run_is_told(given: dict[str, Any]) -> None:
    given["dock"] = FakeDock(canaries={"API_TOKEN": ("s3cret",)}, otherwise=FakeInstance(log="token s3cret"))
    assert by(account(failing()), Where.LOG) == "token [API_TOKEN]"


def test_a_build_that_fails_tells_the_builders_words(given: dict[str, Any]) -> None:
    class Fails(FakeDock):
        def __enter__(self) -> Fails:
            raise SpaceBuildError("exit code: 100", remedy="mend it", log="E: no such package")

    given["dock"] = Fails()
    told = account(failing())
    assert by(told, Where.BUILD) == "E: no such package"
    assert by(told, Where.PAGE).startswith("BUILD_ERROR: Job failed with exit code: 100")
    assert [finding.outcome for finding in told.findings] == [Outcome.BLOCKED]


def test_a_folder_that_is_no_space_tells_the_platforms_words(given: dict[str, Any]) -> None:
    told = account(failing(changes=[{"file": "README.md", "after": "# Text\n"}]))
    assert by(told, Where.PAGE).startswith("CONFIG_ERROR")
    assert "dock" in given
    assert "name" not in given


def test_files_are_judged_too_once_the_dock_has_been_entered(given: dict[str, Any]) -> None:
    pushed = failing(changes=[{"file": ".env", "after": "API_KEY=x\n"}])
    with staged(pushed, "image", silent) as stage:
        told = stage.held_to(chosen(["starts-without-env-file"]), silent)
    assert [finding.promise.id for finding in told.broken] == ["starts-without-env-file"]


def test_a_manifest_that_cannot_be_read_is_an_error_of_the_catalogue(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is not TOML"):
        account(failing(changes=[{"file": "space.toml", "after": "[space"}]))


def test_the_specimen_meets_its_conditions_and_its_twin_has_time(given: dict[str, Any]) -> None:
    failure = failing(egress="documented", time_scale=0.5)
    account(failure)
    assert given["conditions"] == Conditions(Egress.DOCUMENTED, time_scale=0.5)
    account(failure, mended=True)
    assert given["conditions"] == Conditions(Egress.DOCUMENTED)


def test_a_question_is_told_with_its_answer(given: dict[str, Any]) -> None:
    edge = FakeEdge(
        lambda request: httpx.Response(400, text=f"Invalid host header {request.headers['host']}")
    )
    given["dock"] = FakeDock(otherwise=FakeInstance(in_front=edge))
    told = account(failing(asks=[{"path": "/health", "host": "internal", "headers": {"x-from": "me"}}]))
    said = by(told, Where.CALLER).splitlines()
    assert said[:3] == ["> GET /health", "> x-from: me", "< HTTP/1.1 400 Bad Request"]
    assert said[-1] == "Invalid host header proxy.spaces.internal.huggingface.tech"


def test_a_question_past_the_edge_that_fails_is_told_too(given: dict[str, Any]) -> None:
    with respx.mock(base_url="http://space.test") as server:
        server.post("/api").mock(side_effect=httpx.ReadError("cut off"))
        told = account(
            failing(asks=[{"path": "/api", "method": "POST", "through": "space", "body": {"a": 1}}])
        )
    assert by(told, Where.CALLER) == "> POST /api\nReadError: cut off"


def test_a_space_that_does_not_boot_is_not_asked(given: dict[str, Any]) -> None:
    given["dock"] = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    assert by(account(failing(asks=[{"path": "/"}])), Where.CALLER) == ""


def test_nothing_of_it_is_left(given: dict[str, Any]) -> None:
    account(failing())
    root: Path = given["space"].root
    assert not root.exists()
