from __future__ import annotations

from pathlib import Path

from spacedock.contract.berths import Berths
from spacedock.contract.noticed import noticed
from spacedock.docks.base import Identity, Order, Usage
from spacedock.space import Space
from tests.unit.fakes import FakeBerth, FakeDock
from tests.unit.spaces import sound_space


def said(space: Space) -> str:
    with Berths(FakeDock()) as berths:
        return "\n".join(noticed(space, berths))


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
    dock = FakeDock(as_deployed=FakeBerth(used=used), small=FakeBerth(used=Usage(2**20, 2**20)))
    with Berths(dock) as berths:
        for purpose in ("small", "as deployed"):
            berths.board(Order(purpose))
        lines = noticed(space, berths)
    assert "peak memory 165 MiB of 16 GiB (as deployed)" in lines
    written = "written to the container's own layer: 3.0 MiB of 50 GB (as deployed), lost at every restart"
    assert written in lines


def test_a_dock_that_tells_no_figures_is_not_quoted(space: Space) -> None:
    with Berths(FakeDock()) as berths:
        berths.board(Order())
        assert not any("peak memory" in line or "written" in line for line in noticed(space, berths))


def test_a_root_owned_workdir_and_a_user_without_a_name_are_noticed(space: Space) -> None:
    identity = Identity(in_passwd=False, workdir="/app", writes_workdir=False)
    with Berths(FakeDock(image_user=identity)) as berths:
        lines = "\n".join(noticed(space, berths))
    assert "uid 1000 may not write in WORKDIR /app" in lines
    assert "uid 1000 has no entry in the image's passwd: HOME is /" in lines
    assert "its image's own user is not uid 1000 (uid 0, no USER in the image)" in lines


def test_an_image_that_runs_as_uid_1000_in_its_own_folder_gives_nothing_to_notice(space: Space) -> None:
    with Berths(FakeDock(image_user=Identity("1000", 1000, "/home/user"))) as berths:
        assert not any("uid" in line for line in noticed(space, berths))


def test_without_an_image_nothing_is_said_of_it(space: Space) -> None:
    with Berths(FakeDock(image_user=None)) as berths:
        assert not any("uid" in line for line in noticed(space, berths))
