"""Stages in the platform's words, and a life from boot to boot, on a dock of pretence."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock import platform
from spacedock.docks.boots import BootResult, BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import StartWindow
from spacedock.docks.instance import Stop, Usage
from spacedock.docks.life import Life, PlatformState, Stage, state_after, state_before, state_of
from spacedock.errors import BootError, BuildError, SpacedockError, UsageError
from spacedock.space import read_space
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening
from tests.unit.spaces import sound_space, write_space

SILENT = BootResult(60.0, 8080, Cause.SILENT, window=StartWindow(1800, 1 / 30))


def test_the_stages_are_the_clients() -> None:
    assert tuple(stage.value for stage in Stage) == platform.STAGES.value


@pytest.mark.parametrize(
    ("instance", "stage", "text"),
    [
        (FakeInstance(), Stage.RUNNING, ""),
        (
            FakeInstance(boot=exited(78), log="KEY is missing"),
            Stage.RUNTIME_ERROR,
            "Exit code: 78. Reason: KEY is missing",
        ),
        (
            FakeInstance(gone=True, stopped=Stop(0.0, 0, killed=False), log="bye"),
            Stage.RUNTIME_ERROR,
            "Exit code: 0. Reason: bye",
        ),
        (
            FakeInstance(
                boot=BootResult(0.5, 8080, Cause.EXITED, 137, out_of_memory=True),
                environment={"MEMORY": "16Gi"},
            ),
            Stage.RUNTIME_ERROR,
            "Memory limit exceeded (16Gi)",
        ),
        (
            FakeInstance(gone=True, used=Usage(exceeded=("Workload evicted, storage limit exceeded (50G)",))),
            Stage.RUNTIME_ERROR,
            "Workload evicted, storage limit exceeded (50G)",
        ),
        (
            FakeInstance(boot=SILENT),
            Stage.RUNTIME_ERROR,
            "Launch timed out, workload was not healthy after 30 min",
        ),
        (
            FakeInstance(boot=SILENT, gone=True),  # after the window: the platform did not wait for it
            Stage.RUNTIME_ERROR,
            "Launch timed out, workload was not healthy after 30 min",
        ),
        (
            FakeInstance(boot=listening(Cause.LOOPBACK, "127.0.0.1", 8080)),
            Stage.RUNTIME_ERROR,
            "Launch timed out, workload was not healthy after 30 min",
        ),
    ],
)
def test_an_instance_has_the_stage_and_the_text_that_the_platform_shows(
    instance: FakeInstance, stage: Stage, text: str
) -> None:
    assert state_of(instance) == PlatformState(stage, text)


@pytest.mark.parametrize("at_rest", [Stage.SLEEPING, Stage.PAUSED, Stage.STOPPED])
def test_an_instance_that_was_stopped_has_not_failed(at_rest: Stage) -> None:
    stopped = FakeInstance(gone=True, stopped=Stop(0.0, 143, killed=False))
    assert state_of(stopped, at_rest) == PlatformState(at_rest)


def test_the_reason_is_the_tail_of_the_log_and_no_part_of_the_headline() -> None:
    state = state_of(FakeInstance(boot=exited(1), log="\n".join(map(str, range(40)))))
    assert state.text.endswith("\n38\n39")
    assert "\n24\n" not in state.text
    assert str(state) == "RUNTIME_ERROR: Exit code: 1"


def failure(folder: Path, **parts: str) -> SpacedockError:
    """What reading the Space ends in."""
    with pytest.raises(UsageError) as caught:
        read_space(write_space(folder, **parts))
    return caught.value


def test_a_readme_without_its_block_is_a_configuration_error(tmp_path: Path) -> None:
    state = state_after(failure(tmp_path, readme="# A Space\n"))
    assert state
    assert state.stage is Stage.CONFIG_ERROR
    assert "Missing configuration in README" in state.text


def test_a_name_that_is_a_secret_and_a_variable_is_one_too(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nKEY = {}\n[variables]\nKEY = "1"\n')
    state = PlatformState(Stage.CONFIG_ERROR, "Collision on variables and secrets names")
    assert state_before(space) == state


def test_names_that_differ_in_case_are_two(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nKEY = {}\n[variables]\nkey = "1"\n')
    assert state_before(space) is None


def test_a_space_without_a_dockerfile_has_no_app_file(tmp_path: Path) -> None:
    place = write_space(tmp_path)
    (place / "Dockerfile").unlink()
    with pytest.raises(UsageError) as caught:
        read_space(place)
    assert state_after(caught.value) == PlatformState(Stage.NO_APP_FILE)


def test_a_failed_build_says_its_exit_code() -> None:
    error = BuildError(
        "`RUN pip install` failed", remedy="", log="did not complete successfully: exit code: 3"
    )
    state = state_after(error)
    assert state
    assert state.stage is Stage.BUILD_ERROR
    assert state.text == "Job failed with exit code: 3. Reason: `RUN pip install` failed"


@pytest.mark.parametrize(
    "error", [BootError("a service is away", remedy=""), UsageError("no such option", remedy="")]
)
def test_what_the_platform_has_no_word_for_has_no_stage(error: SpacedockError) -> None:
    assert state_after(error) is None


class Told(list[PlatformState]):
    """The stages that a life told, in order."""

    def __call__(self, state: PlatformState) -> None:
        self.append(state)

    @property
    def stages(self) -> list[Stage]:
        return [state.stage for state in self]


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_life_begins_with_a_boot_and_ends_with_everything_closed(told: Told) -> None:
    with Life(FakeDock(), tell=told) as life:
        assert told.stages == [Stage.APP_STARTING, Stage.RUNNING]
        assert life.state == PlatformState(Stage.RUNNING)
    assert life.instance.closed  # type: ignore[attr-defined]


def test_sleep_stops_and_waking_boots_anew(told: Told) -> None:
    dock = FakeDock(otherwise=FakeInstance(stopped=Stop(0.2, 0, killed=False)))
    with Life(dock, BootSpec(), tell=told) as life:
        first = life.instance
        assert life.sleep().seconds == 0.2
        assert life.state == PlatformState(Stage.SLEEPING)
        assert not first.alive()
        assert life.wake() is life.instance is not first
        assert life.state == PlatformState(Stage.RUNNING)
    assert told.stages[2:] == [Stage.SLEEPING, Stage.APP_STARTING, Stage.RUNNING]
    assert dock.booted == [BootSpec(), BootSpec()]


def test_a_paused_space_is_no_failed_one(told: Told) -> None:
    with Life(FakeDock(), tell=told) as life:
        life.pause()
        assert life.state == PlatformState(Stage.PAUSED)


def test_a_restart_is_a_stop_and_a_boot(told: Told) -> None:
    with Life(FakeDock(), tell=told) as life:
        first = life.instance
        life.restart()
        assert not first.alive()
        assert life.instance.alive()
    assert told.stages[2:] == [Stage.APP_STARTING, Stage.RUNNING]


def test_the_old_instance_serves_until_the_new_one_is_ready(told: Told) -> None:
    seen = []
    dock = FakeDock()
    with Life(dock, tell=told) as life:
        old = life.instance
        boot = dock.boot

        def watched(spec: BootSpec) -> FakeInstance:
            seen.append((old.alive(), life.state))
            return boot(spec)

        dock.boot = watched  # type: ignore[method-assign]
        handover = life.redeploy(build=lambda: seen.append((old.alive(), life.state)))
        assert handover.stop
        assert (handover.old, handover.new) == (old, life.instance)
        assert not old.alive()
    assert seen == [
        (True, PlatformState(Stage.RUNNING_BUILDING)),
        (True, PlatformState(Stage.RUNNING_APP_STARTING)),
    ]
    assert told.stages[-1] is Stage.RUNNING


def test_the_old_instance_serves_on_where_the_new_one_does_not_come_up(told: Told) -> None:
    dock = FakeDock()
    with Life(dock, tell=told) as life:
        old = life.instance
        dock.when("as deployed", FakeInstance(boot=exited(1)))
        handover = life.redeploy()
        assert handover.stop is None
        assert life.instance is old
        assert old.alive()
    assert told.stages[-1] is Stage.RUNTIME_ERROR


def test_where_two_cannot_run_at_once_nothing_is_redeployed() -> None:
    alone = FakeDock(capabilities=frozenset(Capability) - {Capability.OVERLAP})
    with Life(alone) as life, pytest.raises(UsageError, match="cannot run two instances"):
        life.redeploy()
