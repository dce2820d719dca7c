"""What holds for every promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract import promises
from spacedock.contract.promise import Promise
from spacedock.contract.registry import all_promises, chosen
from spacedock.errors import UsageError

TESTS = Path(__file__).parent


def test_every_module_of_the_room_is_a_promise() -> None:
    modules = {path.stem for path in Path(promises.__path__[0]).glob("*.py")} - {"__init__"}
    assert {promise.id.replace("-", "_") for promise in all_promises()} == modules


@pytest.mark.parametrize("promise", all_promises(), ids=lambda promise: promise.id)
def test_a_promise_says_what_why_and_where_from(promise: Promise) -> None:
    for word in (promise.title, promise.reason, promise.consequence, promise.remedy, promise.source):
        assert word.strip()
    assert promise.since


@pytest.mark.parametrize("promise", all_promises(), ids=lambda promise: promise.id)
def test_a_promise_has_a_test_of_its_own(promise: Promise) -> None:
    assert (TESTS / f"test_{promise.id.replace('-', '_')}.py").exists()


def test_a_promise_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError) as caught:
        chosen(["binds-port"])
    assert "binds-port" in caught.value.what
    assert "binds-app-port" in caught.value.remedy
