"""What Spaces of the catalogue share stands once: in a baseline, or as a change to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacedock.failures.catalogue import FOLDER

# More of a file than this in another one is a copy. What remains goes up to 64 %: two workflows that deploy
# in different ways, and an app that does with a file what the baseline does with Postgres.
COPIED = 2 / 3


def copies(folder: Path) -> Iterator[str]:
    """Yield the files of failures that are copies of one of that name in a baseline or another failure."""
    own = [*folder.glob("*/space"), *folder.glob("*/broken")]
    layers = [*folder.glob("baselines/*"), *own]
    for layer in own:
        for path in sorted(path for path in layer.rglob("*") if path.suffix != ".pyc" and path.is_file()):
            others = [other / path.relative_to(layer) for other in layers if other != layer]
            yield from (
                f"{path.relative_to(folder)} is a copy of {other.relative_to(folder)}"
                for other in others
                if other.is_file() and share(path, other) > COPIED
            )


def share(path: Path, other: Path) -> float:
    """Return the part of a file's lines that stands in the other one, too."""
    ours, theirs = lines(path), lines(other)
    return (ours & theirs).total() / max(ours.total(), 1)


def lines(path: Path) -> Counter[str]:
    """Return the lines that say something: a bracket does not."""
    stripped = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return Counter(line for line in stripped if len(line) > 2)


def laid(folder: Path, name: str, *texts: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(texts))


def test_no_failure_brings_a_copy_of_a_file() -> None:
    assert list(copies(FOLDER)) == []


def test_a_copy_of_a_baseline_or_of_another_failure_is_found(tmp_path: Path) -> None:
    laid(tmp_path, "baselines/web/app.py", "one", "two", "three", "four")
    laid(tmp_path, "first/space/app.py", "one", "two", "three", "another")
    laid(tmp_path, "second/broken/app.py", "three", "another", "four", "another", "}", "}")
    assert list(copies(tmp_path)) == ["first/space/app.py is a copy of baselines/web/app.py"]
    laid(tmp_path, "third/space/app.py", "another", "another", "four", "}")
    assert "third/space/app.py is a copy of second/broken/app.py" in copies(tmp_path)


def test_files_that_share_an_outline_are_no_copies(tmp_path: Path) -> None:
    laid(tmp_path, "first/space/app.py", "one", "two", "three")
    laid(tmp_path, "second/space/app.py", "one", "two", "four")
    laid(tmp_path, "third/space/main.py", "one", "two", "three")
    assert list(copies(tmp_path)) == []
