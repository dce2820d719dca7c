"""What the builder is given beside the Space's files: bases that can be had, arguments and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from spacedock import platform
from spacedock.errors import SpaceBuildError, says_that_it_is_full
from spacedock.images.supply import Image
from spacedock.space import Base, Dockerfile, Space

_SECRET = re.compile(r"--mount=(?=.*\btype=secret\b).*\bid=([\w.-]+)")
_MISSING_SECRET = re.compile(r"secret ([\w.-]+?):? not found")
# What BuildKit says of a COPY, of all versions, and what the classic builder says.
_MISSING_SOURCE = re.compile(r'"([^"\n]+)":? not found|stat ([^:\n]+): file does not exist')
# What BuildKit says of a FROM whose registry does not answer, or has no such image, and what the engine says.
_MISSING_BASE = re.compile(
    r"failed to do request|failed to resolve source metadata|pull access denied|"
    r"manifest (?:unknown|for \S+ not found)"
)
_SHELL_WORDS = frozenset({"||", "&&", "2>/dev/null", ">/dev/null", "true", "|"})
_SYNTAX = re.compile(r"^#\s*syntax\s*=.*$", re.IGNORECASE | re.MULTILINE)


def substitute(copy: Path, dockerfile: Dockerfile, images: Mapping[Base, Image]) -> dict[str, str]:
    """Make the build start from `images`: return the arguments that do it, change `copy` where none does.

    The Dockerfile of the repository is never touched. Without a registry the `# syntax=` line, which names
    an image too, is taken out of the copy; the builder's own syntax serves.
    """
    # As it lies there: comments may be in any encoding, and no other character than LF ends a line.
    lines = copy.read_bytes().decode(errors="surrogateescape").split("\n")
    arguments = {}
    for base, image in images.items():
        if image.tag == base.image:
            continue
        if base.arg:
            arguments[base.arg] = image.tag
        else:
            named = _named(dockerfile, base)
            # Below FROM itself where that line goes on.
            at = next((at for at in range(base.line - 1, len(lines)) if named in lines[at]), base.line - 1)
            lines[at] = lines[at].replace(named, image.tag, 1)
    text = "\n".join(lines)
    if any(image.stand_in for image in images.values()):
        text = _SYNTAX.sub("#", text, count=1)
    copy.unlink()  # were it a link, what it leads to would be written
    copy.write_bytes(text.encode(errors="surrogateescape"))
    return arguments


def public_arguments(space: Space, values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an ARG declares (D spaces-sdks-docker, Variables/Buildtime)."""
    names = space.dockerfile.declared_args & set(space.manifest.variables)
    plain = {name: space.manifest.variables[name].value for name in names}
    return {name: values.get(name) or plain[name] or "" for name in sorted(names)}


def mounted_secrets(space: Space) -> frozenset[str]:
    """Return the secrets that a RUN mounts (D spaces-sdks-docker, Secrets/Buildtime)."""
    flags = [flag for step in space.dockerfile.instructions for flag in step.flags if step.cmd == "RUN"]
    mounted = {found[1] for flag in flags if (found := _SECRET.match(flag))}
    return frozenset(mounted & set(space.manifest.secrets))


def wants_services(space: Space) -> bool:
    """Whether the build takes a value that only a running service has."""
    variables = space.manifest.variables
    supplied = {name for name, variable in variables.items() if variable.source}
    return bool(mounted_secrets(space) or supplied & space.dockerfile.declared_args)


def require_architecture(dockerfile: Dockerfile, architecture: str) -> None:
    """Raise SpaceBuildError unless the image can run on the platform."""
    if architecture == platform.ARCHITECTURE.value:
        return
    pinned = [step for step in dockerfile.final_stage if step.cmd == "FROM" and step.flags]
    raise SpaceBuildError(
        f"the image is for {architecture}; Hugging Face runs {platform.ARCHITECTURE.value}, where it ends "
        "with `exec format error`",
        path=dockerfile.path,
        line=pinned[0].line if pinned else None,
        remedy=f"take `{' '.join(pinned[0].flags)}` out of FROM" if pinned else "start from an image for it",
    )


def remedy(log: str, space: Space) -> str:
    """Return what mends a failed build, where its last lines show a cause that is not in the step itself."""
    if found := _MISSING_SECRET.search(log):
        return (
            f"name {found[1]} in the manifest's [secrets] and in the Space's settings: a build has the "
            "secrets that are there, as mounts only"
        )
    if says_that_it_is_full(log):
        return "make room on the engine's disk (`docker builder prune`), or have that step write less"
    if _MISSING_BASE.search(log):
        return "start from an image that the platform can pull: correct FROM, or copy the base to Docker Hub"
    if found := _MISSING_SOURCE.search(log):
        return _remedy_of_copy((found[1] or found[2]).lstrip("/"), space)
    return ""


def _remedy_of_copy(source: str, space: Space) -> str:
    if source in _SHELL_WORDS:
        return "COPY is no shell: write it without redirections and `||`"
    if any(name == source or name.startswith(f"{source}/") for name in space.files()):
        return f"let .dockerignore leave {source} in"
    if (space.root / source).exists():
        return f"add {source} to git, and to the files that the manifest ships: it is here and not pushed"
    return f"add {source}, or take it out of COPY: nothing of that name is pushed"


def _named(dockerfile: Dockerfile, base: Base) -> str:
    """Return how the line names it: FROM may do so by variables, flags do not."""
    froms = [step for step in dockerfile.instructions if step.cmd == "FROM" and step.line == base.line]
    return froms[0].value[0] if froms else base.image
