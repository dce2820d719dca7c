"""A shared library that the image does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause
from spacedock.space import Space

# What loaders say, to a program and to an extension (glibc, elf/dl-load.c; musl, ldso/dynlink.c).
_ABSENT = re.compile(
    r"(?P<name>[\w+.-]+\.so(?:\.\d+)*): cannot open shared object file"
    r"|Error loading shared library (?P<musl>[\w+.-]+\.so(?:\.\d+)*)"
)


def libraries(log: str, space: Space) -> Iterator[ToldCause]:
    """Say which one it is, and whether a build stage had it."""
    for found in _ABSENT.finditer(log):
        name = found["name"] or found["musl"]
        stage = space.dockerfile.final_stage
        copied = any(flag.startswith("--from=") for step in stage for flag in step.flags)
        left = "; what was copied from a build stage needs it, and it was left behind there" if copied else ""
        where = "in the last stage too" if copied else "in the Dockerfile"
        yield ToldCause(
            found.start(),
            f"the shared library {name} is not in the image{left}",
            f"install the package that brings the library {where}: `apt-get install` of what "
            f"`apt-file search {name}` names",
        )
