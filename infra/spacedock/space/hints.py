"""What a Dockerfile says that does not mean on Hugging Face what it seems to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.space.dockerfile import Instruction
from spacedock.space.model import Space


def build_hints(space: Space) -> Iterator[str]:
    """Yield a line for each ARG that is empty where it is used: above FROM only, or a secret's."""
    place = space.dockerfile.path
    for step, name in _args(space):
        if name in space.manifest.secrets:
            yield (
                f"{place}:{step.line}: `ARG {name}` is empty in a build: secrets are no build arguments "
                f"(BuildKit's check SecretsUsedInArgOrEnv); use `RUN --mount=type=secret,id={name}`"
            )
        elif name not in space.dockerfile.declared_args and _is_used(space, name):
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


def _is_used(space: Space, name: str) -> bool:
    """Whether an instruction below FROM refers to a name that no ENV there sets."""
    reference = re.compile(rf"\$(?:{name}\b|\{{{name}[:}}])")
    steps = [step for step in space.dockerfile.instructions if step.cmd not in ("ARG", "FROM")]
    set_by_env = any(name in dict(step.pairs) for step in steps if step.cmd == "ENV")
    return not set_by_env and any(reference.search(step.original) for step in steps)
