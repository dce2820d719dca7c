"""`spacedock reproduce`: the list, and a failure before the reader's eyes, in a dock of pretence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spacedock.cli import app
from spacedock.docks import choose as docks
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.dock import Dock
from spacedock.errors import UsageError
from spacedock.failures import scene
from spacedock.failures.base import Group
from spacedock.failures.catalogue import all_failures, find
from spacedock.failures.specimen import mending
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening
from tests.unit.spaces import write_space

LOOPBACK = listening(Cause.LOOPBACK, "127.0.0.1", 7860)


class Defective(FakeDock):
    """A dock that boots a Space once, and then fails."""

    def __init__(self, first: FakeInstance) -> None:
        super().__init__(otherwise=first)

    def boot(self, spec: BootSpec) -> FakeInstance:
        if self.booted:
            raise LookupError("a defect")
        return super().boot(spec)


def said(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reproduce", *arguments], catch_exceptions=False)


@pytest.fixture
def docked(monkeypatch: pytest.MonkeyPatch) -> list[FakeDock]:
    """Docks in the order in which they are asked for; each is used up by one scene."""
    given: list[FakeDock] = []

    def choose(*_: object, trusted: bool) -> Dock:
        return given.pop(0)

    monkeypatch.setattr(scene, "choose", choose)
    monkeypatch.setattr(docks, "choose", choose)
    return given


def test_every_failure_is_listed_once_under_its_group() -> None:
    lines = said().output.splitlines()
    for failure in all_failures():
        assert sum(line[2:].split(" ", 1)[0] == failure.name for line in lines) == 1
    assert [line for line in lines if line in set(Group)] == [
        group for group in Group if any(failure.group is group for failure in all_failures())
    ]


def test_a_word_lists_what_it_occurs_in() -> None:
    told = said("loopback").output
    assert "bind-loopback" in told
    assert "oom-16gi" not in told


def test_a_word_that_occurs_nowhere_is_met_with_names_that_are_near() -> None:
    with pytest.raises(UsageError, match="no failure `bind-lopback`"):
        said("bind-lopback")


def test_a_failure_is_shown_with_log_stage_promise_and_mending(docked: list[FakeDock]) -> None:
    docked.append(
        FakeDock(otherwise=FakeInstance(boot=LOOPBACK, log="Uvicorn running on http://127.0.0.1:7860"))
    )
    told = said("bind-loopback")
    assert told.exit_code == 0
    assert "  | Uvicorn running on http://127.0.0.1:7860" in told.output
    assert "Launch timed out, workload was not healthy after 30 min" in told.output
    assert "binds-app-port" in told.output
    assert '+CMD ["uvicorn", "app:app", "--host", "0.0.0.0"' in told.output


def test_a_specimen_that_fails_not_is_no_success(docked: list[FakeDock]) -> None:
    docked.append(FakeDock())
    assert said("bind-loopback").exit_code == 1


def test_the_lines_of_the_mending_stay_whole_where_no_terminal_shows_them(
    docked: list[FakeDock], tmp_path: Path
) -> None:
    docked.append(FakeDock(otherwise=FakeInstance(boot=LOOPBACK)))
    whole = mending(find("bind-loopback"), tmp_path)
    assert whole in said("bind-loopback").output


def test_the_mended_twin_is_run_beside_it(docked: list[FakeDock]) -> None:
    docked += [FakeDock(otherwise=FakeInstance(boot=LOOPBACK)), FakeDock()]
    told = said("bind-loopback", "--fixed")
    assert told.exit_code == 0
    assert "== the mended twin says" in told.output
    assert "✓ binds-app-port" in told.output


def test_a_twin_that_fails_too_is_no_success(docked: list[FakeDock]) -> None:
    docked += [
        FakeDock(otherwise=FakeInstance(boot=LOOPBACK)),
        FakeDock(otherwise=FakeInstance(boot=LOOPBACK)),
    ]
    assert said("bind-loopback", "--fixed").exit_code == 1


def test_a_twin_that_does_not_come_up_is_no_success(docked: list[FakeDock]) -> None:
    docked += [
        FakeDock(otherwise=FakeInstance(boot=LOOPBACK)),
        FakeDock(otherwise=FakeInstance(boot=exited(1))),
    ]
    told = said("bind-loopback", "--fixed")
    assert told.exit_code == 1
    assert "! binds-app-port  blocked: the Space did not boot" in told.output


def test_what_fails_of_ours_is_told_with_its_place(docked: list[FakeDock], tmp_path: Path) -> None:
    docked.append(Defective(FakeInstance()))
    space = write_space(tmp_path / "space", manifest='[space]\nid = "owner/name"\nhonours_port = true\n')
    told = said("bind-loopback", "--here", str(space))
    assert told.exit_code == 1
    assert "! binds-app-port  error: LookupError at " in told.output


def test_what_cannot_be_had_here_says_why() -> None:
    failure = next(failure for failure in all_failures() if failure.specimen is None)
    with pytest.raises(UsageError, match="cannot be brought about") as caught:
        said(failure.name)
    assert failure.not_here.split()[0] in caught.value.what


def test_a_kept_one_stays_until_it_ends_and_shows_its_address(docked: list[FakeDock]) -> None:
    docked.append(FakeDock(otherwise=FakeInstance(boot=LOOPBACK, log="hello", url="http://127.0.0.1:4711")))
    told = said("bind-loopback", "--keep").output
    assert "http://127.0.0.1:4711  (Ctrl-C ends it)\ndocker exec -it 4711 sh\nhello\n" in told


def test_the_condition_is_brought_to_a_space_of_ones_own(docked: list[FakeDock], tmp_path: Path) -> None:
    docked.append(FakeDock(otherwise=FakeInstance(boot=LOOPBACK, log="its own log")))
    space = write_space(tmp_path / "space", manifest='[space]\nid = "owner/name"\n')
    told = said("bind-loopback", "--here", str(space))
    assert told.exit_code == 1
    assert "owner/name: as deployed" in told.output
    assert "  | its own log" in told.output
    assert "Hugging Face would show RUNTIME_ERROR: Launch timed out" in told.output
    assert "✗ binds-app-port" in told.output
