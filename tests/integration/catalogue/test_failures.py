"""The catalogue, proved: each failure happens, is caught by the promise that it names, and can be mended.

A specimen is held to the promises that it names and to all that need no more than files or its first boot.
With `--all` each is held to every promise: that it breaks exactly those that it names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises
from spacedock.failures.base import Failure
from spacedock.failures.baselines import baselines
from spacedock.failures.catalogue import FOLDER, all_failures
from spacedock.failures.diagnosis import diagnose
from spacedock.failures.scene import SpecimenAccount, staged
from spacedock.failures.specimen import write
from spacedock.progress import silent

# What one server does or says, at its start or end, the process dock shows too; the rest needs image or edge.
WITHOUT_DOCKER = {
    "app-port-mismatch",
    "bind-loopback",
    "process-exits-zero",
    "requests-cut-off-at-stop",
    "secret-in-the-log",
    "settings-list-parse",
}


def specimens() -> list[Failure]:
    return [failure for failure in all_failures() if failure.specimen]


@dataclass(frozen=True)
class Twin:
    """A mended Space, by the first failure that has it, and the promises that its specimens break."""

    failure: Failure
    named: frozenset[str]


def twins() -> list[Twin]:
    """The mended twins that differ."""
    found: dict[str, Twin] = {}
    for failure in specimens():
        assert failure.specimen
        with TemporaryDirectory() as scratch:
            content = _content(write(failure, Path(scratch), mended=True))
        key = f"{content} {failure.specimen.conditions(mended=True)}"
        known = found.get(key, Twin(failure, frozenset()))
        found[key] = replace(known, named=known.named | set(failure.breaks))
    return list(found.values())


def _content(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(f"{path.relative_to(folder)}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def tell(
    failure: Failure, dock: str, named: Iterable[str], *, mended: bool = False, every: bool
) -> SpecimenAccount:
    """Hold a specimen, or its twin, to the contract: to all of it where `every` promise is meant."""
    with staged(failure, dock, silent, mended=mended) as scene:
        promises = all_promises()
        return scene.held_to(promises if every else scene.worth_holding(promises, named), silent)


@pytest.mark.parametrize("failure", specimens(), ids=lambda failure: failure.name)
def test_a_specimen_breaks_the_promises_that_it_names_and_is_diagnosed(
    failure: Failure, dock_name: str, every: bool
) -> None:
    if dock_name != "image" and failure.name not in WITHOUT_DOCKER:
        pytest.skip("the process dock cannot show it: tox -e integration -- --dock=image")
    assert failure.specimen
    account = tell(failure, dock_name, failure.breaks, every=every)
    told = {each.promise.id: [problem.seen for problem in each.problems] for each in account.broken}
    assert told.keys() == set(failure.breaks), told
    assert [finding.detail for finding in account.findings if finding.outcome is Outcome.ERROR] == []
    seen = "\n".join(problem.seen for finding in account.broken for problem in finding.problems)
    assert failure.specimen.says in seen
    assert [symptom.text for symptom in failure.shown() if not symptom.expression.search(account.text)] == []
    shown = [failure.name] if failure.tells else []
    assert [diagnosis.failure.name for diagnosis in diagnose(account.text, all_failures())][:1] == shown


@pytest.mark.usefixtures("needs_image_dock")
@pytest.mark.parametrize("twin", twins(), ids=lambda twin: twin.failure.name)
def test_a_mended_twin_keeps_every_promise_and_looks_well(twin: Twin, every: bool) -> None:
    account = tell(twin.failure, "image", twin.named, mended=True, every=every)
    assert [finding.promise.id for finding in account.findings if finding.outcome is Outcome.ERROR] == []
    assert [finding.promise.id for finding in account.broken] == []
    assert diagnose(account.text, all_failures()) == ()


def test_every_sound_space_is_the_twin_of_a_specimen() -> None:
    plain = {
        failure.specimen.baseline
        for failure in (twin.failure for twin in twins())
        if failure.specimen and not failure.specimen.both and not (FOLDER / failure.name / "space").exists()
    }
    assert plain == set(baselines())
