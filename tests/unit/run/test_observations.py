from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec
from spacedock.docks.conditions import StartWindow
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import Denial, Stop, Usage
from spacedock.evidence import lives
from spacedock.evidence.lives import Stopped
from spacedock.run.loop import Run
from spacedock.run.observations import observations
from spacedock.space import Space, read_space
from tests.unit.evidence.repositories import repository
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space, write_space

URL = '[secrets]\nDATABASE_URL = { from = "postgres.url" }\n'


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


@contextmanager
def booted(space: Space, dock: FakeDock, *specs: BootSpec) -> Iterator[Run]:
    """Enter a dock and boot in it."""
    with Run(space, dock) as run:
        run.enter()
        for spec in specs:
            run.gathering.instance(spec)
        yield run


def lines(space: Space, dock: FakeDock, *specs: BootSpec) -> tuple[str, ...]:
    with booted(space, dock, *specs) as run:
        return observations(space, run)


def said(space: Space) -> str:
    return "\n".join(lines(space, FakeDock()))


def test_of_a_sound_front_matter_nothing_is_noticed(space: Space) -> None:
    assert "README.md" not in said(space)


def test_a_port_that_only_some_kernels_give_is_noticed(tmp_path: Path) -> None:
    low = sound_space(tmp_path / "low", readme="---\nsdk: docker\napp_port: 80\n---\n")
    assert "app_port 80 is below 1024" in said(low)
    high = sound_space(tmp_path / "high", readme="---\nsdk: docker\napp_port: 1024\n---\n")
    assert "below 1024" not in said(high)


def test_a_dockerfile_that_a_workflow_must_copy_is_noticed(tmp_path: Path) -> None:
    folder = write_space(tmp_path, manifest='[space]\ndockerfile = "backend/Dockerfile"\n')
    (folder / "backend").mkdir()
    (folder / "Dockerfile").rename(folder / "backend" / "Dockerfile")
    assert "a workflow must copy it there" in said(read_space(folder))
    own = write_space(tmp_path / "own", manifest='[space]\ndockerfile = "Dockerfile"\n')
    assert "a workflow must copy" not in said(read_space(own))


def test_a_name_that_the_platform_shortens_is_noticed(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest=f'[space]\nid = "owner/{"a" * 60}"\n')
    assert "how is not known; here its host is owner-aaa" in said(space)


def test_in_a_repository_only_what_git_tracks_counts_and_nothing_is_said(tmp_path: Path) -> None:
    write_space(tmp_path)
    repository(tmp_path)
    assert "git repository" not in said(read_space(tmp_path))


def test_an_unknown_key_and_what_is_not_emulated_are_noticed(tmp_path: Path) -> None:
    space = sound_space(tmp_path, readme="---\nsdk: docker\napp_prot: 8080\nhf_oauth: true\n---\n")
    assert "README.md:3: `app_prot` is no key that the platform knows; did you mean `app_port`?" in said(
        space
    )
    assert "README.md:4: `hf_oauth` not emulated" in said(space)


def test_a_run_without_a_dock_tells_what_files_do(tmp_path: Path) -> None:
    readme = "---\nsdk: docker\nhf_oauth: true\n---\n"
    dockerfile = "ARG BASE=3.11\nFROM python:3.11-slim\nRUN echo $BASE\n"
    space = sound_space(tmp_path, readme=readme, dockerfile=dockerfile, manifest=URL)
    with Run(space) as run:
        oauth, everything, base, port = observations(space, run)
    assert "in no git repository: every file" in everything
    assert "README.md:3: `hf_oauth` not emulated" in oauth
    assert "Dockerfile:1: `ARG BASE` stands above FROM only" in base
    assert "DATABASE_URL points at port 5432" in port


def test_the_largest_figures_are_told_with_their_boot_and_their_limit(space: Space) -> None:
    gib = 2**30
    used = Usage(165 * 2**20, 3 * 2**20, 16 * gib, 50 * 10**9)
    dock = FakeDock(as_deployed=FakeInstance(used=used), small=FakeInstance(used=Usage(2**20, 2**20)))
    told = lines(space, dock, BootSpec("small"), AS_DEPLOYED)
    assert "peak memory 165 MiB of 16 GiB (as deployed)" in told
    written = "written to the container's own layer: 3.0 MiB of 50 GB (as deployed), lost at every restart"
    assert written in told


def test_a_dock_that_tells_no_figures_is_not_quoted(space: Space) -> None:
    told = lines(space, FakeDock(), AS_DEPLOYED)
    assert not any("peak memory" in line or "written" in line for line in told)


def test_a_root_owned_workdir_and_a_user_without_a_name_are_noticed(space: Space) -> None:
    identity = Identity(in_passwd=False, workdir="/app", writes_workdir=False)
    told = "\n".join(lines(space, FakeDock(image_user=identity)))
    assert "uid 1000 may not write in WORKDIR /app" in told
    assert "uid 1000 has no entry in the image's passwd: HOME is /" in told
    assert "its image's own user is not uid 1000 (uid 0, no USER in the image)" in told


def test_an_image_that_runs_as_uid_1000_in_its_own_folder_gives_nothing_to_notice(space: Space) -> None:
    dock = FakeDock(image_user=Identity("1000", 1000, "/home/user"))
    assert not any("uid" in line for line in lines(space, dock))


def test_without_an_image_nothing_is_said_of_it(space: Space) -> None:
    assert not any("uid" in line for line in lines(space, FakeDock(image_user=None)))


@pytest.mark.parametrize(
    ("stop", "cut", "says"),
    [
        (
            Stop(0.31, 0, killed=False),
            "",
            "it stops 0.31 s after SIGTERM, exit code 0; a request in flight (POST /api) was answered",
        ),
        (
            Stop(10.0, 137, killed=True),
            "was gone",
            "SIGKILL ended it 10.00 s after SIGTERM, exit code 137; a request in flight (POST /api) was gone",
        ),
    ],
)
def test_the_end_is_noticed_with_seconds_and_exit_code(
    space: Space, monkeypatch: pytest.MonkeyPatch, stop: Stop, cut: str, says: str
) -> None:
    held = SimpleNamespace(line="POST /api", cut=cut, finish=lambda: None)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    with booted(space, FakeDock(otherwise=FakeInstance(stopped=stop))) as run:
        run.look(Stopped())
        assert says in observations(space, run)


def test_nothing_is_stopped_to_tell_how_it_ends(space: Space) -> None:
    dock = FakeDock()
    lines(space, dock)
    assert dock.booted == []


@pytest.mark.parametrize(("seconds", "told"), [(29.0, False), (31.0, True)])
def test_a_start_that_takes_more_than_half_of_its_window_is_noticed(
    space: Space, seconds: float, told: bool
) -> None:
    boot = BootResult(seconds, 8080, window=StartWindow(1800, 1 / 30))
    found = "\n".join(lines(space, FakeDock(otherwise=FakeInstance(boot=boot)), AS_DEPLOYED))
    assert ("it took 31 s to start, more than half of its window of 60 s here, 30 min there" in found) is told


def test_a_database_on_its_own_disk_is_noticed(space: Space) -> None:
    keeps = FakeInstance(changed=("/app/chat.db", "/app/log.txt"))
    told = lines(space, FakeDock(otherwise=keeps), AS_DEPLOYED)
    assert "kept on its own disk, which every restart, sleep and push wipes: /app/chat.db" in told


def test_each_denial_is_told_once(space: Space) -> None:
    denial = Denial("smtp.example", 587, "tcp", platform=True)
    dock = FakeDock(otherwise=FakeInstance(denied=(denial,)))
    told = lines(space, dock, AS_DEPLOYED, BootSpec("other"))
    assert [line for line in told if line.startswith("it tried")] == [f"it tried {denial}"]


class Gone(FakeInstance):
    """Knows nothing any more of what it is asked."""

    def usage(self) -> NoReturn:
        raise LookupError("no such container")

    denials = changes = usage


def test_an_instance_that_is_gone_costs_nothing(space: Space) -> None:
    dock = FakeDock(as_deployed=Gone(), other=FakeInstance(used=Usage(2**20)))
    told = lines(space, dock, BootSpec("other"), AS_DEPLOYED)
    assert "peak memory 1 MiB (other)" in told


def test_a_dock_that_lost_its_engine_costs_nothing(space: Space) -> None:
    class Lost(FakeDock):
        def image_identity(self) -> NoReturn:
            raise ConnectionError("no engine")

    used = FakeInstance(used=Usage(2**20))
    assert "peak memory 1 MiB (as deployed)" in lines(space, Lost(otherwise=used), AS_DEPLOYED)


def test_a_secret_of_the_run_is_told_by_its_name(space: Space) -> None:
    keeps = FakeInstance(changed=("/app/c4n4ry.db",))
    dock = FakeDock(otherwise=keeps, canaries={"API_KEY": ("c4n4ry",)})
    assert any(line.endswith("wipes: /app/[API_KEY].db") for line in lines(space, dock, AS_DEPLOYED))


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (URL, "port 5432 of postgres, which the documentation closes and was seen open"),
        (
            '[secrets]\nX = { from = "qdrant.url" }\n',
            "6333 of qdrant, which the documentation closes and of which",
        ),
        (
            '[variables]\nX = "smtp://mail.example:587"\n',
            "X points at port 587 of mail.example, which is closed",
        ),
    ],
)
def test_the_verdict_names_what_points_at_a_port_that_is_said_to_be_closed(
    tmp_path: Path, manifest: str, says: str
) -> None:
    assert says in said(sound_space(tmp_path, manifest=manifest))


def test_what_points_at_an_open_port_is_not_named(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nX = { from = "openai.base_url" }\n')
    assert "points at port" not in said(space)
