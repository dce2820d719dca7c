"""The Hub accepts what README.md says of the Space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.files import FrontMatterDefects
from spacedock.space import Space


class FrontMatterIsValid(Promise):
    """Each value is held to the Hub's own rules, before any boot; keys that nobody knows are only noticed.

    A value that is not on a list of ours which is some weeks old is a `should`: the Hub's own may be longer.
    """

    title = "the Hub accepts its front matter"
    reason = "The Hub checks the block at the head of README.md at every push, and nothing does before it."
    consequence = (
        f"The push is refused: `{platform.REJECTED_TEXT.value}`; the Space goes on with what it had."
    )
    remedy = "write the value as spaces-config-reference has it"
    source = "spaces-config-reference; incident frontmatter-value-rejected"
    since = "0.2"
    evidence: ClassVar = (FrontMatterDefects,)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """It looks at README.md only."""
        return (FrontMatterDefects(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Yield a problem for each defect of the block."""
        for defect in seen(FrontMatterDefects()):
            place = f"{space.front_matter.path}:{defect.line}"
            level = None if defect.certain else Level.SHOULD
            yield self.problem(f"{place}: {defect.what}", remedy=defect.remedy, level=level)
