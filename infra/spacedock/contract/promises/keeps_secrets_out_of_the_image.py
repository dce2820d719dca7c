"""A Space's image holds no secret, in no layer and no setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.image_facts import ImageAdditions
from spacedock.evidence import keys
from spacedock.evidence.base import Evidence
from spacedock.evidence.image import ImageAdditionsSeen, ImageSecrets, given, shown
from spacedock.evidence.leaks import kinds
from spacedock.space import Space

_NO_ENV = "take it out of ENV, ARG and LABEL (BuildKit's own check is called SecretsUsedInArgOrEnv)"


class KeepsSecretsOutOfTheImage(Promise):
    """Reads the image, not an instance: settings, history, and each file of the layers above the base."""

    title = "no secret is in the image"
    reason = "What a build step was given or copied stays in its layer, also where a later step deletes it."
    consequence = (
        "Everybody who may pull the image (registry.hf.space; of a public Space every user) has the secret."
    )
    remedy = (
        "mount it for the one step that needs it, `RUN --mount=type=secret,id=NAME`, and write it nowhere; "
        "at run time read it from the environment; name .env in .dockerignore; revoke what was in an image"
    )
    source = "spaces-sdks-docker, Secrets/Buildtime; spaces-run-with-docker; incident secret-in-image-layer"
    since = "0.2"
    evidence: ClassVar = (ImageAdditionsSeen, ImageSecrets)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The image is looked at, no instance; to read all of it takes longest."""
        return (ImageSecrets(), ImageAdditionsSeen())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the settings and the history first, then at what the layers hold."""
        for said in _in_settings(space, seen(ImageAdditionsSeen())):
            yield self.problem(said, remedy=f"{_NO_ENV}; {self.remedy}")
        for sighting in seen(ImageSecrets()):
            step = shown(sighting.step, space)
            where = f"{sighting.path}, put there by `{step}`" if step else sighting.path
            yield self.problem(f"{sighting.what} is in {where}")


def _in_settings(space: Space, made: ImageAdditions) -> Iterator[str]:
    """Yield what the image's settings and history say that they must not."""
    said: set[str] = set()
    for kind, values in (("ENV", made.environment), ("LABEL", made.labels)):
        for name, value in values.items():
            found = list(kinds(value))
            if name in space.manifest.secrets and value.strip():
                found.insert(0, "a value for a secret of the manifest")
            if found:
                said |= {value}
                yield f"{kind} {name} holds {found[0]}"
    for step in made.steps:
        if any(value and value in step for value in said):
            continue
        named = [name for name in space.manifest.secrets if _has_value(name, step)]
        if found := [f"a value for {name}" for name in named] or list(kinds(step)):
            yield f"the image's history shows {', '.join(found)}: `{shown(step, space)}`"


def _has_value(name: str, step: str) -> bool:
    """Whether an instruction gives a secret a value; one for a single command may be a filler."""
    for found in given(name).finditer(step):
        value = found[1].strip("\"'")
        filler = value.startswith("$") or (_is_command(step, found.start()) and keys.is_filler(value))
        if value and not filler:
            return True
    return False


def _is_command(step: str, position: int) -> bool:
    """Whether that place in an instruction belongs to the command of a RUN, not to the ARGs before it."""
    command = re.search(r"/bin/(?:ba)?sh -c|\bRUN (?!\|)", step)
    return command is not None and command.start() < position and "#(nop)" not in step
