"""Small git repositories on disk, with nothing of whoever runs the tests in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
BINARY = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def git(folder: Path, *arguments: str) -> str:
    """Return what a git command prints, which must succeed."""
    ours = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Owner" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "owner@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **ours},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def repository(folder: Path) -> Path:
    """Make a repository of a folder, with all of it committed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return commit(folder)


def commit(folder: Path, **files: bytes) -> Path:
    """Write files, and commit all that is there. In a name `__` is a dot."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=Change")
    return folder


def pointer(size: int, oid: str = OID) -> bytes:
    """Return what git-lfs commits in the place of a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()
