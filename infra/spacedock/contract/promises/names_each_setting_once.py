"""No name is a secret and a variable of the Space at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.life import PlatformState, Stage
from spacedock.space import Space

_COLLISION = PlatformState(Stage.CONFIG_ERROR, platform.COLLISION_TEXT.value)


class NamesEachSettingOnce(Promise):
    """Compares the secrets and the variables of the manifest, letter by letter; nothing is booted."""

    title = "no name is both a secret and a variable"
    reason = "Variables and secrets share one environment, in which a name has room for one value."
    consequence = f"{_COLLISION}, with empty logs: neither what is pushed nor what ran before is started."
    remedy = (
        "keep it as one of the two, in the manifest and in the Space's settings: what must stay hidden as a "
        "secret"
    )
    source = "spaces-overview, Managing secrets; incident variable-secret-collision"
    since = "0.3"
    evidence: ClassVar = ()  # the manifest was read

    def nothing_to_check(self, space: Space) -> str:
        """A list alone has nothing to collide with."""
        manifest = space.manifest
        return (
            ""
            if manifest.secrets and manifest.variables
            else "the manifest has not both, secrets and variables"
        )

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Yield a problem for each name that is in both lists."""
        manifest = space.manifest
        for name in sorted(set(manifest.secrets) & set(manifest.variables)):
            yield self.problem(f"{manifest.path}: `{name}` is both a secret and a variable")
