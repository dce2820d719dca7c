"""Real virtual environments from a wheel made here; no index is asked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import uv

from spacedock.docks.process.bubblewrap import Quarters
from spacedock.docks.process.interpreter import Interpreter, find_interpreter
from spacedock.docks.process.pip import Install
from spacedock.docks.process.venv import Installing, environment, virtual_environment
from spacedock.errors import BuildError, FullDiskError, SpaceBuildError
from spacedock.nobody import user_of


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture
def python() -> Interpreter:
    return find_interpreter(None, user_of("test_venv"))


@pytest.fixture
def cache() -> Iterator[Path]:
    """A folder that every user can enter, as the harness's cache is."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def installing(cache: Path) -> Installing:
    """As in the process dock: by a user whom nobody has where the tests are root."""
    return Installing(cache / "installing", Quarters(user_of("test_venv")))


def wheel(folder: Path, version: str = "1.0", name: str = "tiny") -> Path:
    """Make a wheel of a package that is one module."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def requiring(folder: Path, line: str) -> Install:
    path = folder / "requirements.txt"
    path.write_text(line)
    return Install(("--find-links", str(folder), "-r", str(path)), (path,))


def imported(environment: Path) -> str:
    python = environment / "bin" / "python"
    run = subprocess.run(
        [str(python), "-c", "import tiny; print(tiny.version)"], check=False, capture_output=True, text=True
    )
    return run.stdout.strip()


def test_an_environment_is_made_once_for_the_same_requirements(
    cache: Path, python: Interpreter, installing: Installing
) -> None:
    wheel(cache)
    install = requiring(cache, "tiny==1.0")
    said: list[str] = []
    first = virtual_environment(cache, python, [install], installing, said.append)
    assert imported(first) == "1.0"
    assert said
    said.clear()
    assert virtual_environment(cache, python, [install], installing, said.append) == first
    assert not said


def test_an_environment_that_was_cut_short_is_made_anew(
    cache: Path, python: Interpreter, installing: Installing
) -> None:
    wheel(cache)
    install = requiring(cache, "tiny==1.0")
    made = virtual_environment(cache, python, [install], installing, _silent)
    made.with_suffix(".complete").unlink()
    (made / "bin" / "python").unlink()
    assert virtual_environment(cache, python, [install], installing, _silent) == made
    assert imported(made) == "1.0"


def test_hashes_are_held_to(cache: Path, python: Interpreter, installing: Installing) -> None:
    wheel(cache, name="small")
    digest = hashlib.sha256(wheel(cache).read_bytes()).hexdigest()
    right = requiring(cache, f"tiny==1.0 --hash=sha256:{digest}")
    assert imported(virtual_environment(cache, python, [right], installing, _silent)) == "1.0"
    for line in (f"tiny==1.0 --hash=sha256:{'0' * 64}", f"tiny==1.0 --hash=sha256:{digest}\nsmall==1.0"):
        with pytest.raises(BuildError) as caught:
            virtual_environment(cache, python, [requiring(cache, line)], installing, _silent)
        assert "hash" in caught.value.log.lower()


def test_what_the_harness_is_constrained_to_is_nothing_to_the_space(
    cache: Path, python: Interpreter, installing: Installing, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(cache)
    wheel(cache, "2.0")
    constraints = cache / "constraints.txt"
    constraints.write_text("tiny==1.0\n")
    monkeypatch.setenv("UV_CONSTRAINT", str(constraints))
    made = virtual_environment(cache, python, [requiring(cache, "tiny")], installing, _silent)
    assert imported(made) == "2.0"


def test_a_package_that_cannot_be_had_is_named(
    cache: Path, python: Interpreter, installing: Installing
) -> None:
    with pytest.raises(BuildError) as caught:
        virtual_environment(cache, python, [requiring(cache, "tiny")], installing, _silent)
    assert "tiny" in caught.value.log
    assert caught.value.exit_code == 5


def test_installing_finds_how_packages_are_reached_and_nothing_else_of_the_caller(tmp_path: Path) -> None:
    caller = {
        "PATH": "/bin", "TZ": "UTC", "https_proxy": "http://proxy", "UV_INDEX_URL": "http://index",
        "HF_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "HOME": "/x", "LD_PRELOAD": "x",
        "PYTHONPATH": "x", "UV_CONSTRAINT": "x", "UV_PUBLISH_TOKEN": "x", "SSH_AUTH_SOCK": "x",
    }  # fmt: skip
    found = environment(tmp_path, caller)
    assert {name: found[name] for name in caller if name in found} == {
        **dict(list(caller.items())[:4]),
        "HOME": str(tmp_path / "home"),
    }
    assert "x" not in found.values()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run the tests as root")
def test_what_was_installed_is_roots(cache: Path, python: Interpreter, installing: Installing) -> None:
    wheel(cache)
    made = virtual_environment(cache, python, [requiring(cache, "tiny")], installing, _silent)
    assert {path.lstat().st_uid for path in (made, *made.rglob("*"))} == {0}
    assert not installing.folder.exists()


@pytest.mark.parametrize(
    ("said", "free", "raised"),
    [
        ("  Caused by: No space left on device (os error 28)", 1 << 40, FullDiskError),
        ("  OSError: [Errno 28] No space left on device", 0, FullDiskError),
        ("  OSError: [Errno 28] No space left on device: /dev/full", 1 << 40, SpaceBuildError),
        ("  no such package", 0, SpaceBuildError),
    ],
    ids=["uv", "a package, and so it is", "a package, and there is room", "something else"],
)
def test_a_full_disk_is_no_fault_of_the_space(  # noqa: PLR0917 - fixtures, by name
    python: Interpreter,
    installing: Installing,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    free: int,
    raised: type[Exception],
) -> None:
    program = cache / "uv"
    program.write_text(f"#!/bin/sh\necho '{said}'\nexit 2\n")
    program.chmod(0o755)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(program))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(raised):
        virtual_environment(cache / "venvs", python, [], installing, _silent)


def _silent(line: str) -> None:
    pass
