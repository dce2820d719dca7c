"""A Space's image holds its files once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.image import ImageAdditionsSeen, shown
from spacedock.space import Space

_MEGABYTE = 10**6
_LIMIT = 30 * _MEGABYTE  # bytes of all copies: below, they cost nobody anything
_CHANGERS = frozenset({"chgrp", "chmod", "chown"})
# What writes next to nothing by itself, so that a large layer is the changers' work.
_SMALL = _CHANGERS | {
    *("addgroup", "adduser", "groupadd", "useradd", "usermod"),
    *("cd", "echo", "export", "ln", "mkdir", "rm", "set", "true"),
}
_SHELL = re.compile(r"/bin/\w*sh (?:-\w+ (?:pipefail )?)*-\w*c (.*)", re.DOTALL)
_RUN = re.compile(r"^RUN (?:\|\d+ )?(.*)", re.DOTALL)
_BETWEEN = re.compile(r"&&|\|\||[;\n]")
_ASSIGNMENT = re.compile(r"\w+=\S*$")


class CopiesNoLayerTwice(Promise):
    """Reads the sizes in the image's history: a step that only changes owners or modes has no other bytes.

    So it sees copies of the base's files too, and none that a step makes beside other work (an installation
    that ends in `chown -R`, a `find ... -exec`), nor those of `cp` or of a second COPY.
    """

    title = "no step copies files only to change their owner"
    reason = "A layer holds whole files: one whose owner or mode is changed is there twice, before and after."
    consequence = "The image is larger by that, each push and each start on a new machine takes longer."
    remedy = (
        "let the step that makes the files give them their owner: `COPY --chown=1000:1000`, `COPY --chmod`, "
        "`USER 1000` before the RUN, or `chown` within it"
    )
    source = "spaces-sdks-docker, Permissions; incident recursive-chown-bloat"
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (ImageAdditionsSeen,)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The image is looked at, no instance."""
        return (ImageAdditionsSeen(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Add up the layers of the steps that do nothing else."""
        made = seen(ImageAdditionsSeen())
        copies = [
            (step, size) for step, size in zip(made.steps, made.sizes, strict=True) if _only_changes(step)
        ]
        if sum(size for _, size in copies) < _LIMIT:
            return
        for step, size in copies:
            if size >= _MEGABYTE:
                said = f"`{shown(step, space)}` holds {size / _MEGABYTE:.0f} MB of files a second time"
                yield self.problem(said)


def _only_changes(step: str) -> bool:
    """Whether an instruction changes owners or modes, and does nothing that could write as much."""
    programs = {_program(command) for command in _BETWEEN.split(_commands(step))} - {""}
    return bool(programs & _CHANGERS) and programs <= _SMALL


def _commands(step: str) -> str:
    """Return what a RUN runs, as any builder's history tells it; empty for other instructions."""
    if "#(nop)" in step or not (found := _SHELL.search(step) or _RUN.search(step)):
        return ""
    return found[1].removesuffix("# buildkit")


def _program(command: str) -> str:
    words = (word for word in command.strip(" \\(){}").split() if not _ASSIGNMENT.match(word))
    return PurePosixPath(next(words, "")).name
