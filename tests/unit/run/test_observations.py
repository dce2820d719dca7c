from __future__ import annotations

from pathlib import Path

from spacedock.contract.instances import Instances
from spacedock.contract.observations import observations
from spacedock.docks.boots import BootSpec
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import Usage
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space


def said(space: Space) -> str:
    with Instances(FakeDock()) as instances:
        return "\n".join(observations(space, instances))


def test_of_a_sound_front_matter_nothing_is_noticed(space: Space) -> None:
    assert "README.md" not in said(space)


def test_an_unknown_key_and_what_is_not_emulated_are_noticed(tmp_path: Path) -> None:
    space = sound_space(tmp_path, readme="---\nsdk: docker\napp_prot: 8080\nhf_oauth: true\n---\n")
    assert "README.md:3: `app_prot` is no key that the platform knows; did you mean `app_port`?" in said(
        space
    )
    assert "README.md:4: `hf_oauth` not emulated" in said(space)


def test_the_largest_figures_are_told_with_their_boot_and_their_limit(space: Space) -> None:
    gib = 2**30
    used = Usage(165 * 2**20, 3 * 2**20, 16 * gib, 50 * 10**9)
    dock = FakeDock(as_deployed=FakeInstance(used=used), small=FakeInstance(used=Usage(2**20, 2**20)))
    with Instances(dock) as instances:
        for purpose in ("small", "as deployed"):
            instances.boot(BootSpec(purpose))
        lines = observations(space, instances)
    assert "peak memory 165 MiB of 16 GiB (as deployed)" in lines
    written = "written to the container's own layer: 3.0 MiB of 50 GB (as deployed), lost at every restart"
    assert written in lines


def test_a_dock_that_tells_no_figures_is_not_quoted(space: Space) -> None:
    with Instances(FakeDock()) as instances:
        instances.boot(BootSpec())
        assert not any("peak memory" in line or "written" in line for line in observations(space, instances))


def test_a_root_owned_workdir_and_a_user_without_a_name_are_noticed(space: Space) -> None:
    identity = Identity(in_passwd=False, workdir="/app", writes_workdir=False)
    with Instances(FakeDock(image_user=identity)) as instances:
        lines = "\n".join(observations(space, instances))
    assert "uid 1000 may not write in WORKDIR /app" in lines
    assert "uid 1000 has no entry in the image's passwd: HOME is /" in lines
    assert "its image's own user is not uid 1000 (uid 0, no USER in the image)" in lines


def test_an_image_that_runs_as_uid_1000_in_its_own_folder_gives_nothing_to_notice(space: Space) -> None:
    with Instances(FakeDock(image_user=Identity("1000", 1000, "/home/user"))) as instances:
        assert not any("uid" in line for line in observations(space, instances))


def test_without_an_image_nothing_is_said_of_it(space: Space) -> None:
    with Instances(FakeDock(image_user=None)) as instances:
        assert not any("uid" in line for line in observations(space, instances))
