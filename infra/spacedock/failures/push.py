"""Deploys a specimen as its owner would, to a repository of this machine that answers as the Hub does."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from spacedock import platform
from spacedock.space.git import say
from spacedock.space.workflows import Deploy, Way, deploys

# The head of what the action writes (action.yml of huggingface/hub-sync).
_SYNC_LOG = "Repo type: space\nPrivate: false\nSpace SDK: {sdk}\n"
_PACKAGES = Path(__file__).parents[2]  # where the hook finds this package
_NOBODY = {"NAME": "Owner", "EMAIL": "owner@users.noreply.huggingface.co"}
_ENVIRONMENT = {
    f"GIT_{who}_{key}": value for who in ("AUTHOR", "COMMITTER") for key, value in _NOBODY.items()
}


def push(folder: Path, *, edited: bool = False) -> str:
    """Return what git and the Hub said of a commit and a push of `folder`, which becomes a repository.

    Where a workflow in it pushes, it is pushed that way: from a checkout without history, with force. One
    that uploads with hub-sync pushes nothing; of that step its log is returned. Where it was `edited` in the
    browser, the Hub has a commit that the folder has not. Raises GitError without git.
    """
    way = _way(folder)
    if way.way is Way.SYNC:
        return _SYNC_LOG.format(sdk=way.sdk or platform.HUB_SYNC_SDK.value)
    hub = _hub(folder.with_name(f"{folder.name}-hub.git"), edited=edited)
    _git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    _git(folder, "commit", "--quiet", "--allow-empty", "--message=Begin")
    _git(folder, "add", "--all")
    said = _git(folder, "commit", "--message=Deploy")
    origin = folder
    if way.shallow:
        origin = folder.with_name(f"{folder.name}-checkout")
        _git(folder, "clone", "--quiet", "--template=", "--depth=1", folder.as_uri(), str(origin))
    force = ["--force"] if way.forced else []
    return f"{said}{_git(origin, 'push', *force, f'../{hub.name}', 'main')}"


def _way(folder: Path) -> Deploy:
    """Return what its workflows do first, or a plain push."""
    return next(iter(deploys(folder, "")), Deploy("", Way.PUSH))


def _hub(repository: Path, *, edited: bool) -> Path:
    """Make the repository that is pushed to, with a hook that speaks for the Hub."""
    repository.mkdir()
    _git(repository, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    if edited:
        bare = "--git-dir=."  # git looks for none by itself
        tree = _git(repository, bare, "mktree").strip()
        commit = _git(repository, bare, "commit-tree", tree, "-m", "Update README.md").strip()
        _git(repository, bare, "update-ref", "refs/heads/main", commit)
    hook = repository / "hooks" / "pre-receive"
    hook.parent.mkdir()
    home = f"HOME={os.environ.get('HOME', os.devnull)}"  # git has none, and Python may have packages there
    command = ["env", home, f"PYTHONPATH={_PACKAGES}", sys.executable, "-m", "spacedock.failures.hub"]
    hook.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n", encoding="utf-8")
    hook.chmod(0o755)
    return repository


def _git(folder: Path, *arguments: str) -> str:
    return say(folder, *arguments, environment=_ENVIRONMENT)
