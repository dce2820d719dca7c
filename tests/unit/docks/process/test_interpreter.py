"""Which Python runs a Space without its image."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from spacedock.docks.process import interpreter
from spacedock.docks.process.interpreter import find_interpreter
from spacedock.errors import BuildError

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
SOMEBODY_ELSE = 65533

Machine = Callable[[Mapping[str, Sequence[tuple[Path, str]]]], None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine that has certain Pythons for certain requests."""

    def having(found: Mapping[str, Sequence[tuple[Path, str]]]) -> None:
        def installed(request: str) -> Iterator[tuple[Path, str]]:
            return iter(found.get(request, ()))

        monkeypatch.setattr(interpreter, "_installed", installed)

    return having


def executable(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(mode)
    return path


def test_the_images_version_is_taken_where_the_machine_has_it(tmp_path: Path, machine: Machine) -> None:
    right, own = executable(tmp_path / "right"), executable(tmp_path / "own")
    machine({"3.8": [(right, "3.8.20")], OWN: [(own, f"{OWN}.1")]})
    found = find_interpreter("3.8", None)
    assert (found.path, found.exact) == (right, True)


def test_else_the_harness_s_own_version_is_taken_and_is_not_exact(tmp_path: Path, machine: Machine) -> None:
    own = executable(tmp_path / "own")
    machine({OWN: [(own, f"{OWN}.1")]})
    found = find_interpreter("3.8", None)
    assert (found.path, found.version, found.exact) == (own, f"{OWN}.1", False)


def test_a_version_is_not_exact_because_it_begins_alike(tmp_path: Path, machine: Machine) -> None:
    machine({OWN: [(executable(tmp_path / "own"), "3.11.2")]})
    assert not find_interpreter("3.1", None).exact


def test_a_base_image_that_does_not_say_takes_any(tmp_path: Path, machine: Machine) -> None:
    machine({OWN: [(executable(tmp_path / "own"), f"{OWN}.1")]})
    assert find_interpreter(None, None).exact


def test_a_python_in_a_closed_folder_is_passed_over(tmp_path: Path, machine: Machine) -> None:
    closed = executable(tmp_path / "closed" / "python")
    closed.parent.chmod(0o700)
    open_to_all = Path("/usr/bin/env")
    machine({OWN: [(closed, f"{OWN}.1"), (open_to_all, f"{OWN}.2")]})
    assert find_interpreter(OWN, SOMEBODY_ELSE).path == open_to_all


def test_no_python_at_all_is_an_error_with_a_remedy(tmp_path: Path, machine: Machine) -> None:
    own = executable(tmp_path / "closed" / "own")
    own.parent.chmod(0o700)
    machine({OWN: [(own, f"{OWN}.1")]})
    with pytest.raises(BuildError) as caught:
        find_interpreter(OWN, SOMEBODY_ELSE)
    assert "--dock=image" in caught.value.remedy


def test_this_machine_has_a_python() -> None:
    assert find_interpreter(OWN, None).exact
