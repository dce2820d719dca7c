"""Writes a specimen, or its mended twin, as the folder of a Space."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacedock.failures.base import Failure, SpecimenChange, SpecimenRecipe
from spacedock.failures.baselines import baseline
from spacedock.failures.catalogue import FOLDER

_LIKE = shutil.ignore_patterns("__pycache__")


def write(failure: Failure, folder: Path, *, mended: bool = False) -> Path:
    """Write the specimen of `failure`, or its mended twin, into `folder`, which is returned.

    Raises ValueError where a change finds not what it changes.
    """
    recipe = _recipe(failure)
    ours = FOLDER / failure.name
    shutil.copytree(baseline(recipe.baseline), folder, dirs_exist_ok=True, ignore=_LIKE, symlinks=True)
    _lay(ours / "space", recipe.both, folder)
    if not mended:
        _lay(ours / "broken", recipe.changes, folder)
    return folder


def mending(failure: Failure, scratch: Path) -> str:
    """Return what mends the specimen, as a unified diff; its folders are written below `scratch`."""
    broken = write(failure, scratch / "broken")
    mended = write(failure, scratch / "mended", mended=True)
    names = sorted({path.relative_to(side) for side in (broken, mended) for path in _files(side)})
    return "".join(line for name in names for line in _difference(broken / name, mended / name, str(name)))


def _recipe(failure: Failure) -> SpecimenRecipe:
    if failure.specimen is None:
        raise ValueError(f"{failure.name} has no specimen: {failure.not_here}")
    return failure.specimen


def _lay(layer: Path, changes: Iterable[SpecimenChange], folder: Path) -> None:
    """Lay the files of a layer over the folder, where there is such a layer, and then change it."""
    if layer.is_dir():
        shutil.copytree(layer, folder, dirs_exist_ok=True, ignore=_LIKE, symlinks=True)
    for change in changes:
        _apply(change, folder)


def _apply(change: SpecimenChange, folder: Path) -> None:
    path = folder / change.file
    if change.remove:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if change.bytes_hex is not None:
        path.write_bytes(bytes.fromhex(change.bytes_hex))
    if change.after is not None:
        path.write_text(_replaced(change, path), encoding="utf-8")
    if change.append is not None:
        path.write_text(path.read_text(encoding="utf-8") + change.append, encoding="utf-8")
    if change.line_ends == "crlf":
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    if change.size is not None:
        path.touch()
        with path.open("r+b") as file:
            file.truncate(change.size)
    if change.mode:
        path.chmod(int(change.mode, 8))


def _replaced(change: SpecimenChange, path: Path) -> str:
    if change.before is None:
        return change.after or ""
    text = path.read_text(encoding="utf-8")
    if text.count(change.before) != 1:
        raise ValueError(f"`{change.before}` is not once in {change.file}")
    return text.replace(change.before, change.after or "")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _difference(before: Path, after: Path, name: str) -> Iterator[str]:
    """Yield the lines of a unified diff of two files, either of which may be absent."""
    if _bytes(before) == _bytes(after):
        yield from _mode(before, after, name)
        return
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        yield f"--- {name}: binary, {_size(before)} and {_size(after)} bytes\n"
        return
    yield from difflib.unified_diff(old, new, name, name, n=2)


def _mode(before: Path, after: Path, name: str) -> Iterator[str]:
    modes = [f"{path.stat().st_mode & 0o777:o}" for path in (before, after)]
    if modes[0] != modes[1]:
        yield f"--- {name}: mode {modes[0]}\n+++ {name}: mode {modes[1]}\n"


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _lines(path: Path) -> list[str] | None:
    """Return the lines, a carriage return shown; None for what is no text."""
    content = _bytes(path) or b""
    if b"\0" in content or len(content) > 1_000_000:
        return None
    text = content.decode(errors="replace").replace("\r\n", "^M\n")
    return [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]
