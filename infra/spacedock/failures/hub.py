"""The hook of a repository that answers a push as the Hub does: git runs it and refuses where it fails."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from spacedock import platform
from spacedock.errors import GitError, UsageError
from spacedock.evidence.pushed import Carried, arriving
from spacedock.space.defects import Defect
from spacedock.space.front_matter import read_front_matter
from spacedock.space.git import Repository, receiving

_RULE = "-" * 73
# What the Hub adds to its sentences, as people have pasted it (see the incidents of the same names).
_LARGE = (
    platform.LARGE_FILE_TEXT.value,
    "Please use https://git-lfs.github.com/ to store large files.",
    "See also: https://hf.co/docs/hub/repositories-getting-started#terminal",
)
_BINARY = (
    platform.BINARIES_TEXT.value,
    "Please use https://huggingface.co/docs/hub/xet to store binary files.",
    "See also: https://huggingface.co/docs/hub/xet/using-xet-storage#git",
)


def answer(repository: Repository, revision: str, reference: str) -> tuple[str, ...]:
    """Return the lines with which the Hub refuses a revision; none where it takes it."""
    files = arriving(repository, revision)
    new = [file for file in files if not file.there]
    if large := [file for file in new if file.too_large]:
        return tuple(_offending(_LARGE, large, reference))
    if binary := [file for file in new if file.binary and not file.pointer]:
        return tuple(_offending(_BINARY, binary, reference))
    if sum(file.kept for file in files) > platform.REPOSITORY_LIMIT.value:
        return (_RULE, platform.REPOSITORY_LIMIT_TEXT.value, _RULE)
    return tuple(_metadata(repository, revision))


def _offending(text: Iterable[str], files: Iterable[Carried], reference: str) -> Iterator[str]:
    yield from (_RULE, *text, "", "Offending files:")
    yield from (f"  - {path} (ref: {reference})" for path in sorted({file.path for file in files}))
    yield _RULE


def _metadata(repository: Repository, revision: str) -> Iterator[str]:
    """Yield what is said of the front matter's values; what has none is taken, and the Space is not built."""
    try:
        readme = repository.output("cat-file", "blob", f"{revision}:README.md")
    except GitError:  # there is none
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, "README.md")
        path.write_bytes(readme)
        try:
            defects = read_front_matter(path).defects
        except UsageError:
            return
    if defects:
        yield from (_RULE, f"{platform.REJECTED_TEXT.value}:")
        yield from (f"- Error: {_in_its_words(defect)}" for defect in defects)
        yield _RULE


def _in_its_words(defect: Defect) -> str:
    """Return a defect as the Hub words it, where people have pasted that."""
    if defect.key == "short_description":
        most = platform.SHORT_DESCRIPTION_CHARACTERS.value
        return f'"{defect.key}" length must be less than or equal to {most} characters long'
    if defect.key in {"colorFrom", "colorTo"}:
        return f'"{defect.key}" must be one of [{", ".join(platform.COLORS.value)}]'
    return defect.what


def main() -> int:
    """Answer for each reference of a push, as git names them to a pre-receive hook."""
    lines: list[str] = []
    for update in sys.stdin:
        _, revision, reference = update.split()
        if set(revision) != {"0"}:  # else the reference is deleted
            lines += answer(receiving(Path.cwd()), revision, reference)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
