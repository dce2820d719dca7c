"""The Hub accepts the files that a push of the Space carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.files import Deploys, FolderSize, PushedFiles
from spacedock.evidence.pushed import Carried
from spacedock.space import Space
from spacedock.space.workflows import Deploy, Way, brings_history

_NAMED = 5  # files that one problem names
_MIB = 2**20
_GOES_ON = "the Space goes on with what it had"
_TO_XET = (
    "track it with LFS or Xet before it is committed (`git lfs track`), or upload the Space with "
    "`hf upload`, which does so by itself"
)
_OUT_OF_HISTORY = (
    "take it out of the history: `git lfs migrate import --everything --include=...`, or push one commit of "
    "an orphan branch; to delete the file in a later commit is not enough"
)


class PushesWhatTheHubTakes(Promise):
    """Looks at each file that git would push, those of the history included, before any boot.

    What Hugging Face's own client uploads, it stores in Xet by itself: of that only the sum counts, as it
    does of a folder that is in no git repository.
    """

    title = "the Hub accepts the files that are pushed"
    reason = "The Hub looks at each file of each commit that it is pushed, and nothing does before it."
    consequence = f"The push is refused: `{platform.BINARIES_TEXT.value}`; {_GOES_ON}."
    remedy = _TO_XET
    source = (
        "spaces-github-actions, File size; huggingface_hub #1404; forum 175119; incidents "
        "push-rejected-binary, push-rejected-10mib, repo-1gb-cap"
    )
    since = "0.3"
    evidence: ClassVar = (Deploys, PushedFiles, FolderSize)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """How it is brought there says what is to be looked at."""
        return (Deploys(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the kind and the size of each file, then at the sum."""
        steps = seen(Deploys())
        uploaded = _uploaded(steps)
        files = seen(PushedFiles(with_history=brings_history(steps)))
        if files is None:
            yield from self._sum(seen(FolderSize()), ())
            return
        if not uploaded:
            yield from self._refused(file for file in files if not file.there)
        yield from self._sum(sum(file.kept for file in files), files)

    def _refused(self, files: Iterable[Carried]) -> Iterator[Problem]:
        """Say what is too large, else what is binary: apart for what only the history has."""
        found = tuple(files)
        large = [file for file in found if file.too_large]
        text = platform.LARGE_FILE_TEXT.value
        yield from self._named(
            large, f"is larger than {platform.LARGE_FILE.text}", f"The push is refused: `{text}`"
        )
        binary = [file for file in found if file.binary and not file.pointer and not file.too_large]
        text = platform.BINARIES_TEXT.value
        yield from self._named(binary, "is binary, outside LFS and Xet", f"The push is refused: `{text}`")

    def _named(self, files: list[Carried], what: str, refused: str) -> Iterator[Problem]:
        consequence = f"{refused}; {_GOES_ON}."
        for current in (True, False):
            names = list(dict.fromkeys(file.path for file in files if file.current is current))
            if names:
                seen = f"{_listed(names)} {what}" if len(names) == 1 else f"{_listed(names)}: each {what}"
                seen = seen if current else f"in its history {seen}"
                remedy = _TO_XET if current else _OUT_OF_HISTORY
                yield self.problem(seen, consequence=consequence, remedy=remedy)

    def _sum(self, size: int, files: Iterable[Carried]) -> Iterator[Problem]:
        """Say it where the Hub would keep more than a Space's repository has."""
        limit = platform.REPOSITORY_LIMIT
        if size <= limit.value:
            return
        largest = sorted(files, key=lambda file: file.kept, reverse=True)[:_NAMED]
        named = ", ".join(f"{file.path} ({file.kept / _MIB:.0f} MiB)" for file in largest)
        seen = f"what is pushed has {size / 10**9:.2f} GB, history and LFS included; a Space has {limit.text}"
        yield self.problem(
            f"{seen}; the most have {named}" if named else seen,
            consequence=f"The push or the next build ends: `{platform.REPOSITORY_LIMIT_TEXT.value}`.",
            remedy=(
                "keep weights and data in a model or dataset repository, and get them with "
                "`preload_from_hub` or at start; delete what LFS keeps of old versions in the Space's "
                "settings"
            ),
        )


def _uploaded(deploys: Iterable[Deploy]) -> bool:
    """Whether a workflow brings it to the Hub with the client, and none with git."""
    ways = {step.way for step in deploys}
    return bool(ways) and Way.PUSH not in ways


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
