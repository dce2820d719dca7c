"""Lets atheris look for bytes that a reader bears badly.

    pip install atheris; python -m tests.fuzz FOUND [CORPUS] [options of libFuzzer, e.g. -max_total_time=3600]

Each place at which something else than a SpacedockError is raised, and each reader that takes longer than a
few seconds, is written to the folder FOUND once, and the search goes on. What needs too much memory ends it.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["spacedock", "yaml", "html.parser", "shlex", "tomllib"]):
    from spacedock.errors import SpacedockError, raised_at
    from tests.fuzz.readers import READERS, SOUND
    from tests.unit.hostile import test_fuzz

_SECONDS = 5.0  # that a reader gets for a few KiB
_OPTIONS = ["-max_len=8192", "-len_control=20", "-timeout=60", "-rss_limit_mb=3072"]
_NAMES = tuple(READERS)
_FRAGMENTS = ("README", "DOCKERFILE", "MANIFEST", "WORKFLOW", "IGNORED", "CODE", "STRANGE")


class _Search:
    """Gives a reader, by the first byte of what comes, the others."""

    def __init__(self, found: Path, work: Path) -> None:
        self._found = found
        self._work = work
        self._told: set[str] = set()

    def __call__(self, data: bytes) -> None:
        name = _NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]
        place = self._work / name
        place.mkdir(exist_ok=True)
        began = time.monotonic()
        try:
            READERS[name](data[1:], place)
        except SpacedockError as error:
            if not (error.what and error.remedy and str(error)):
                self._tell(name, "says nothing", data[1:])
        except Exception as error:
            where = raised_at(error) or traceback.extract_tb(error.__traceback__)[-1].name
            self._tell(name, f"{type(error).__name__} at {where}: {error}", data[1:])
        if time.monotonic() - began > _SECONDS:
            self._tell(name, "takes long", data[1:])
        for made in ("staged", "context"):
            shutil.rmtree(place / made, ignore_errors=True)

    def _tell(self, name: str, what: str, content: bytes) -> None:
        kind = f"{name}: {what.partition(': ')[0]}"
        if kind in self._told:
            return
        self._told.add(kind)
        path = self._found / f"{name}-{hashlib.sha256(kind.encode()).hexdigest()[:10]}"
        path.write_bytes(content)
        sys.stderr.write(f"{path}: {what[:200]}\n")


def _seed(corpus: Path) -> None:
    """Write what the search begins with, each behind the byte that names its reader."""
    for number, name in enumerate(_NAMES):
        (corpus / f"sound-{number}").write_bytes(bytes([number]) + SOUND[name])


def _dictionary(path: Path) -> Path:
    """Write what the hostile tests put files together from, as libFuzzer reads it."""
    words = {word for fragments in _FRAGMENTS for word in getattr(test_fuzz, fragments) if 0 < len(word) < 64}
    path.write_text("".join(f'"{_escaped(word)}"\n' for word in sorted(words)))
    return path


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))


def main() -> None:
    """Search until it is ended, or as long as the options say."""
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    if not folders:
        sys.exit(__doc__)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="fuzz-"))
    corpus = folders[1] if len(folders) > 1 else work / "corpus"
    corpus.mkdir(exist_ok=True)
    _seed(corpus)
    dictionary = f"-dict={_dictionary(work / 'dictionary')}"
    artifacts = f"-artifact_prefix={folders[0]}/"
    arguments = [*_OPTIONS, dictionary, artifacts, *options, str(corpus)]
    atheris.Setup([sys.argv[0], *arguments], _Search(folders[0], work))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
