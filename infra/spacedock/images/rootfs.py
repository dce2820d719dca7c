"""The stand-in for `python:3.11-slim`: a root file system of Debian packages, imported as an image."""

from __future__ import annotations

import shlex
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import docker

from spacedock.builder import stream, without_credentials
from spacedock.errors import BuildError, EngineError
from spacedock.images.trust import SUITE, Trust
from spacedock.progress import Say

PACKAGES = (  # what the interpreter links against, and what the official image has beside it
    "ca-certificates",
    "netbase",
    "tzdata",
    "libbz2-1.0",
    "libcrypt1",
    "libdb5.3",
    "libexpat1",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libnsl2",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "libtinfo6",
    "libtirpc3",
    "libuuid1",
    "zlib1g",
)
LEFT_OUT = ("man", "locale", "info", "doc")  # of /usr/share, as in Debian's slim images
CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
)


def build(context: Path, archive: Path, trust: Trust, say: Say) -> None:
    """Write the root file system to `archive`, a tar. `context` holds customize.sh, ca.crt and pip.conf.

    Raises EngineError where mmdebstrap is missing, BuildError when it fails.
    """
    mmdebstrap = shutil.which("mmdebstrap")
    if mmdebstrap is None:
        raise EngineError(
            "mmdebstrap, which builds the stand-in for the Python image, is missing",
            remedy="let the engine reach a registry, or `apt-get install mmdebstrap` (infra/engine.sh does)",
        )
    tail: deque[str] = deque(maxlen=20)

    def add(line: str) -> None:
        line = without_credentials(line.rstrip(), "***@")
        tail.append(line)
        say(line)

    code = stream((mmdebstrap, *_options(context, trust), SUITE, str(archive), *trust.debian_sources), add)
    if code != 0:
        why = "did not end in time" if code is None else f"failed with exit code {code}"
        raise BuildError(
            f"mmdebstrap {why}",
            remedy="see its last lines; it needs root or user namespaces, and a mirror of Debian's packages",
            log="\n".join(tail),
        )


def import_image(client: docker.DockerClient, archive: Path, tag: str, labels: Mapping[str, str]) -> None:
    """Make an image of the root file system, wherever the engine is."""
    repository, _, version = tag.partition(":")
    changes = [*CHANGES, *(f'LABEL "{name}"="{value}"' for name, value in labels.items())]
    client.api.import_image(str(archive), repository=repository, tag=version, changes=changes)


def _options(context: Path, trust: Trust) -> list[str]:
    return [
        "--variant=minbase",
        "--architectures=amd64",
        "--format=tar",
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",  # without it Perl comes in, to merge /usr
        f"--include={','.join(PACKAGES)}",
        '--aptopt=Acquire::Languages "none"',
        *(f"--aptopt={option}" for option in trust.apt_options),
        *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in LEFT_OUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f'--customize-hook=sh {shlex.quote(str(context / "customize.sh"))} "$1" {shlex.quote(str(context))}',
    ]
