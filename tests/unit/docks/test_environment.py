from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.environment import BootEnvironment
from spacedock.errors import UsageError
from spacedock.platform import space_host
from tests.unit.spaces import SOUND_MANIFEST, sound_space

URL = "postgresql://space:s3cr3t@postgres/db"


@dataclass
class FakePostgres:
    name: str = "postgres"
    values: Mapping[str, str] = field(default_factory=lambda: {"url": URL})
    local: Mapping[str, str] = field(default_factory=dict)
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"url": ("s3cr3t",)})
    header: tuple[str, ...] = ()
    address: str = "postgres:5432"
    control: str = ""

    def values_at(self, address: str) -> Mapping[str, str]:
        return self.values

    def logs(self) -> str:
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...


def cargo(folder: Path, manifest: str = SOUND_MANIFEST) -> BootEnvironment:
    return BootEnvironment.load(sound_space(folder, manifest=manifest), {"postgres": FakePostgres()})


def test_a_boot_finds_what_the_platform_documents_and_no_port(tmp_path: Path) -> None:
    found = cargo(tmp_path).environment(BootSpec())
    assert found["SPACE_ID"] == "owner/name"
    assert found["SPACE_HOST"] == "owner-name.hf.space"
    assert (found["CPU_CORES"], found["MEMORY"], found["ACCELERATOR"]) == ("2", "16Gi", "none")
    assert "PORT" not in found


def test_a_service_supplies_its_value_and_others_are_random(tmp_path: Path) -> None:
    one, other = cargo(tmp_path), cargo(tmp_path)
    assert one.environment(BootSpec())["DATABASE_URL"] == URL
    assert one.environment(BootSpec())["API_KEY"] != other.environment(BootSpec())["API_KEY"]


def test_only_what_is_secret_in_a_value_is_a_canary(tmp_path: Path) -> None:
    loaded = cargo(tmp_path)
    assert loaded.canaries["DATABASE_URL"] == ("s3cr3t",)
    assert loaded.canaries["API_KEY"] == (loaded.environment(BootSpec())["API_KEY"],)


def test_an_order_withholds_blanks_and_adds(tmp_path: Path) -> None:
    spec = BootSpec(
        withheld=frozenset({"API_KEY"}),
        blank=frozenset({"DATABASE_URL"}),
        port=9000,
        environment=(("SPACE_ID", "other/space"), ("EXTRA", "1")),
    )
    found = cargo(tmp_path).environment(spec)
    assert "API_KEY" not in found
    assert found["DATABASE_URL"].strip() == ""
    assert found["PORT"] == "9000"
    assert (found["SPACE_ID"], found["EXTRA"]) == ("other/space", "1")


def test_an_env_file_has_what_a_developers_machine_has(tmp_path: Path) -> None:
    text = cargo(tmp_path, SOUND_MANIFEST + '[variables]\nMODE = "fast"\n').env_file()
    assert f"DATABASE_URL='{URL}'\n" in text
    assert "MODE='fast'\n" in text
    assert "SPACE_ID" not in text


def test_a_value_that_a_service_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        cargo(tmp_path, '[secrets]\nKEY = { from = "postgres.key" }\n')
    assert "`postgres.key`" in caught.value.what
    assert caught.value.remedy == "use one of postgres.url"


@pytest.mark.parametrize(
    ("space", "host"),
    [("Owner/Name", "owner-name.hf.space"), ("me/my_app.v2", "me-my-app-v2.hf.space")],
)
def test_a_host_is_what_a_browser_can_ask(space: str, host: str) -> None:
    assert space_host(space) == host
