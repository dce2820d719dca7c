"""The platform can build a Space from what is pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.causes import cause_of_failed_step
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.errors import BuildError
from spacedock.evidence.base import Evidence
from spacedock.evidence.boots import Built
from spacedock.space import Space

# How the line begins that says why a builder stopped, where plug-ins may have added others below it.
_LAST_WORDS = re.compile(r"^(?:ERROR: |error: |failed to solve).*", re.MULTILINE)
_CHARACTERS = 240  # of them that are shown: they repeat a whole RUN


class BuildsFromWhatIsPushed(Promise):
    """The image is built from the files that git tracks, with secrets as mounts only and no GPU."""

    title = "its image builds from what is pushed"
    reason = "A build on a laptop has files that were never pushed, and a cache that hides what has changed."
    consequence = (
        f"BUILD_ERROR: `{platform.BUILD_ERROR_TEXT.value.format(code=1, reason='cache miss: ...')}`, which "
        "names the steps that were not cached, and not the one that failed."
    )
    remedy = "mend the step that the last lines name"
    source = "spaces-sdks-docker; incidents misleading-cache-miss, copy-source-missing"
    since = "0.3"
    exit_code = BuildError.exit_code
    evidence: ClassVar = (Built,)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """No boot: a dock that can be entered has built it, or says what it has not."""
        return (Built(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Say what the builder said."""
        if error := seen(Built()):
            cause = cause_of_failed_step(error.log, space)
            told = (error.place, error.what, _last_words(error.log), cause.seen if cause else "")
            remedy = cause.remedy if cause else error.remedy
            yield Problem(": ".join(filter(None, told)), self.consequence, remedy, self.source, error.log)


def _last_words(log: str) -> str:
    """Return the line in which a builder says why it stopped: the last one, where none looks like it."""
    lines = _LAST_WORDS.findall(log) or log.splitlines() or [""]
    return lines[-1] if len(lines[-1]) <= _CHARACTERS else f"{lines[-1][:_CHARACTERS]}..."
