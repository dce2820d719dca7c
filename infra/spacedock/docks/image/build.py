"""What the builder is given beside the Space's files: bases that can be had, arguments and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from spacedock.images.supply import Image
from spacedock.space import Base, Dockerfile, Space

_SECRET = re.compile(r"--mount=(?=.*\btype=secret\b).*\bid=([\w.-]+)")
_SYNTAX = re.compile(r"^#\s*syntax\s*=.*$", re.IGNORECASE | re.MULTILINE)


def substitute(copy: Path, dockerfile: Dockerfile, images: Mapping[Base, Image]) -> dict[str, str]:
    """Make the build start from `images`: return the arguments that do it, change `copy` where none does.

    The Dockerfile of the repository is never touched. Without a registry the `# syntax=` line, which names
    an image too, is taken out of the copy; the builder's own syntax serves.
    """
    lines = copy.read_text(encoding="utf-8").splitlines(keepends=True)
    arguments = {}
    for base, image in images.items():
        if image.tag == base.image:
            continue
        if base.arg:
            arguments[base.arg] = image.tag
        else:
            named = _named(dockerfile, base)
            lines[base.line - 1] = lines[base.line - 1].replace(named, image.tag, 1)
    text = "".join(lines)
    if any(image.stand_in for image in images.values()):
        text = _SYNTAX.sub("#", text, count=1)
    copy.write_text(text, encoding="utf-8")
    return arguments


def public_arguments(space: Space, values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an ARG declares (D spaces-sdks-docker, Variables/Buildtime)."""
    names = space.dockerfile.declared_args & set(space.manifest.variables)
    plain = {name: space.manifest.variables[name].value for name in names}
    return {name: values.get(name) or plain[name] or "" for name in sorted(names)}


def mounted_secrets(space: Space) -> frozenset[str]:
    """Return the secrets that a RUN mounts (D spaces-sdks-docker, Secrets/Buildtime)."""
    flags = [flag for step in space.dockerfile.instructions for flag in step.flags if step.cmd == "RUN"]
    mounted = {found[1] for flag in flags if (found := _SECRET.search(flag))}
    return frozenset(mounted & set(space.manifest.secrets))


def wants_services(space: Space) -> bool:
    """Whether the build takes a value that only a running service has."""
    variables = space.manifest.variables
    supplied = {name for name, variable in variables.items() if variable.source}
    return bool(mounted_secrets(space) or supplied & space.dockerfile.declared_args)


def _named(dockerfile: Dockerfile, base: Base) -> str:
    (step,) = (step for step in dockerfile.instructions if step.cmd == "FROM" and step.line == base.line)
    return step.value[0]
