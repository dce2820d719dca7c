"""Which sandboxes are made when: some ahead of the boots, more once a boot has come up, none that stay."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from typing import Any

import pytest

from spacedock.docks.conditions import Egress
from spacedock.docks.image import sandboxes as sandboxes_module
from spacedock.docks.image.sandbox import Lacking
from spacedock.docks.image.sandboxes import Sandboxes, SandboxKind

PORT = 7860


class FakeContainer:
    """Whom the kernel counts packets of."""

    def get_container_id(self) -> str:
        return "c0ffee"


class FakeSandbox:
    """One that is there until it is removed."""

    container = FakeContainer()
    network_mode = "container:c0ffee"

    def __init__(self) -> None:
        self.removed = self.ended = False

    def address(self, port: int) -> tuple[str, int]:
        return "127.0.0.1", port

    def forget(self) -> tuple[tuple[()], bool]:
        return (), True

    def remove(self) -> None:
        self.removed = True


class FakeMaker:
    """Makes them, and remembers of which kind; with `refusal` it has none."""

    def __init__(self, *_: object) -> None:
        self.made: list[tuple[SandboxKind, FakeSandbox]] = []
        self.refusal = ""

    def make(self, kind: SandboxKind) -> FakeSandbox:
        if self.refusal:
            raise Lacking(self.refusal)
        sandbox = FakeSandbox()
        self.made.append((kind, sandbox))
        return sandbox

    def close(self) -> None:
        """Nothing resolves for them."""


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> FakeMaker:
    fake = FakeMaker()
    monkeypatch.setattr(sandboxes_module, "SandboxMaker", lambda *_: fake)
    return fake


@pytest.fixture
def sandboxes(maker: FakeMaker) -> Iterator[Sandboxes]:
    with of(Egress.OBSERVED) as entered:
        yield entered


def of(egress: Egress) -> Sandboxes:
    place: Any = None
    return Sandboxes(place, egress=egress, port=PORT, allow=())


def settled(sandboxes: Sandboxes, maker: FakeMaker) -> int:
    """Return how many were made once nothing is being made."""
    wait(tuple(sandboxes._spares))
    return len(maker.made)


def test_a_first_boot_and_two_that_tell_why_it_failed_find_theirs(
    sandboxes: Sandboxes, maker: FakeMaker
) -> None:
    assert settled(sandboxes, maker) == 3
    leases = [sandboxes.take(Egress.OBSERVED, PORT) for _ in range(3)]
    assert None not in leases
    assert settled(sandboxes, maker) == 3


def test_a_boot_that_came_up_makes_one_more_ahead(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    sandboxes.take(Egress.OBSERVED, PORT)
    sandboxes.expect_another()
    assert settled(sandboxes, maker) == 4


def test_no_more_are_ahead_than_are_wanted(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    sandboxes.expect_another()
    assert settled(sandboxes, maker) == 3


def test_one_more_than_there_are_is_made_for_who_wants_it(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    for _ in range(4):
        sandboxes.take(Egress.OBSERVED, PORT)
    assert len(maker.made) == 4


def test_one_of_another_kind_takes_none_of_those(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    sandboxes.take(Egress.OBSERVED, PORT + 1)
    assert settled(sandboxes, maker) == 4
    assert {kind.port for kind, _ in maker.made} == {PORT, PORT + 1}


def test_what_is_given_back_is_used_again(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    lease = sandboxes.take(Egress.OBSERVED, PORT)
    assert lease
    lease.close()
    for _ in range(3):
        sandboxes.take(Egress.OBSERVED, PORT)
    assert settled(sandboxes, maker) == 3


def test_leaving_removes_those_that_nobody_has_and_makes_no_more(maker: FakeMaker) -> None:
    with of(Egress.OBSERVED) as entered:
        assert settled(entered, maker) == 3
    entered.expect_another()
    assert [sandbox.removed for _, sandbox in maker.made] == [True] * 3


@pytest.mark.parametrize("ask", ["take", "expect"])
def test_where_nothing_is_limited_none_is_made(maker: FakeMaker, ask: str) -> None:
    with of(Egress.OPEN) as entered:
        if ask == "take":
            assert entered.take(Egress.OPEN, PORT) is None
        entered.expect_another()
    assert maker.made == []


def test_where_none_can_be_had_none_is_tried_again(maker: FakeMaker) -> None:
    maker.refusal = "no nftables"
    with of(Egress.OBSERVED) as entered:
        assert entered.take(Egress.OBSERVED, PORT) is None
        assert entered.lacking == "no nftables"
        assert settled(entered, maker) == 0
        maker.refusal = ""
        entered.expect_another()
        assert settled(entered, maker) == 0
        assert entered.take(Egress.OBSERVED, PORT) is None


def test_one_that_ended_while_it_waited_is_given_to_nobody(sandboxes: Sandboxes, maker: FakeMaker) -> None:
    settled(sandboxes, maker)
    for _, sandbox in maker.made:
        sandbox.ended = True
    assert sandboxes.take(Egress.OBSERVED, PORT)
    assert len(maker.made) == 4
