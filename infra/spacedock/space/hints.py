"""What a Dockerfile says that does not mean on Hugging Face what it seems to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.space.dockerfile import Instruction
from spacedock.space.model import Space

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)[:}])")


def build_hints(space: Space) -> Iterator[str]:
    """Yield a line for each ARG that is empty where it is used: above FROM only, or a secret's."""
    place = space.dockerfile.path
    declared, used = space.dockerfile.declared_args, _used(space)
    for step, name in _args(space):
        if name in space.manifest.secrets:
            yield (
                f"{place}:{step.line}: `ARG {name}` is empty in a build: secrets are no build arguments "
                f"(BuildKit's check SecretsUsedInArgOrEnv); use `RUN --mount=type=secret,id={name}`"
            )
        elif name not in declared and name in used:
            yield (
                f"{place}:{step.line}: `ARG {name}` stands above FROM only, where the stages do not see it: "
                f"it is empty in them; repeat `ARG {name}` below FROM"
            )


def _args(space: Space) -> Iterator[tuple[Instruction, str]]:
    """Yield each ARG's name with the first instruction that has it."""
    said: set[str] = set()
    for step in space.dockerfile.instructions:
        for name, _ in step.pairs if step.cmd == "ARG" else ():
            if name not in said:
                said.add(name)
                yield step, name


def _used(space: Space) -> set[str]:
    """Return the names that instructions below FROM refer to and no ENV there sets."""
    steps = [step for step in space.dockerfile.instructions if step.cmd not in ("ARG", "FROM")]
    referred = {match[1] or match[2] for step in steps for match in _REFERENCE.finditer(step.original)}
    return referred - {name for step in steps if step.cmd == "ENV" for name, _ in step.pairs}
