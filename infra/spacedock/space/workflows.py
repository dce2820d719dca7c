"""Workflows beside a Space that bring it to the Hub: with an action, with Hugging Face's client, with git."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from spacedock.errors import UsageError
from spacedock.space.files import followed, read_text
from spacedock.space.git import repository_of
from spacedock.space.yaml_text import QUICK, YamlDefect, composed

_LARGEST = 1024 * 1024  # bytes of a workflow; GitHub reads no more than half of it
_FOLDER = Path(".github/workflows")
_ACTION = "huggingface/hub-sync@"
_CHECKOUT = "actions/checkout@"
_ANY = ("", "owner/name")  # what a Space without a manifest is called

# An expression of GitHub's, whose spaces would part a word.
_EXPRESSION = re.compile(r"\$\{\{((?:(?!\}\}|\$\{\{).)*)\}\}", re.DOTALL)
_HUB = re.compile(r"(?:huggingface\.co|\bhf\.co)/spaces/(?P<id>[\w.${}-]+/[\w.${}-]+)?")
# Of a line only the first `git` is begun with, so that one of many words takes no longer than its length.
# `hf upload` and `hf upload-large-folder`; the Space is said by `--repo-type` or `--type`, or by its name.
_SPACES = r"[\"']?(?:hf://)?spaces/[\w.${-]"
_UPLOAD = re.compile(
    r"^(?>.*?\b(?:hf|huggingface-cli) upload(?:-large-folder)?\b)"
    r"(?:.*\s--(?:repo-)?type[= ][\"']?spaces?\b"
    rf"|(?:\s+-\S+(?:\s+(?!{_SPACES})[^\s-]\S*)?)*+\s+{_SPACES})",
    re.MULTILINE,
)
_PUSH = re.compile(r"\bgit\b(?: -[cC] \S+)* push\b(?P<words>[^;&|]*)")
_REMOTE = re.compile(
    r"^(?>.*?\bgit\b).* remote (?:add|set-url)(?: -\S+)* (?P<name>[\w.-]+) (?P<url>\S+)", re.MULTILINE
)
# A script that makes its own history, or gets the rest of it, pushes something else than was checked out.
_OWN_HISTORY = re.compile(r"--orphan\b|^(?>.*?\bgit\b).* (?:init|clone|commit-tree|subtree)\b", re.MULTILINE)
_WHOLE_HISTORY = re.compile(r"--unshallow\b")


class Way(StrEnum):
    """How a step brings a Space to the Hub."""

    SYNC = "hub-sync"
    UPLOAD = "hf upload"
    PUSH = "git push"


@dataclass(frozen=True)
class Deploy:
    """A step that brings the Space to the Hub, by the place it stands at."""

    place: str
    way: Way
    sdk: str = ""  # that hub-sync creates the Space with; empty where it says none
    forced: bool = False  # git push
    shallow: bool = False  # git push, of a checkout without its history
    anew: bool = False  # git push, of a history that the job makes for it


def brings_history(steps: Iterable[Deploy]) -> bool:
    """Whether the repository's own history comes to the Hub; where no step is known, a push brings it."""
    known = tuple(steps)
    return not known or any(step.way is Way.PUSH and not step.anew for step in known)


def deploys(root: Path, space_id: str) -> tuple[Deploy, ...]:
    """Return the steps that bring the Space at `root` to the Hub, of each workflow that GitHub would read."""
    jobs = ((path, job) for path in sorted(_workflows(root)) for job in _jobs(path))
    return tuple(found for path, job in jobs for found in _of_job(path, job, space_id))


def _workflows(root: Path) -> Iterator[Path]:
    """Yield the workflow files of the repository that `root` lies in, else of `root`; links are none."""
    root = followed(root)
    repository = repository_of(root)
    top = repository.top if repository else root
    for folder in (root, *root.parents):
        workflows = folder / _FOLDER
        if followed(workflows) == workflows:
            yield from (path for path in workflows.glob("*.y*ml") if not path.is_symlink())
        if folder == top:
            return


def _jobs(path: Path) -> Iterator[yaml.SequenceNode]:
    """Yield the steps of each job of a workflow; none of a file that cannot be read."""
    try:
        node = composed(read_text(path, _LARGEST), QUICK)
    except (UsageError, YamlDefect):
        return
    jobs = _child(node, "jobs")
    for _, job in jobs.value if isinstance(jobs, yaml.MappingNode) else ():
        steps = _child(job, "steps")
        if isinstance(steps, yaml.SequenceNode):
            yield steps


def _of_job(path: Path, steps: yaml.SequenceNode, space_id: str) -> Iterator[Deploy]:
    """Yield a job's steps that bring the Space to the Hub, in the light of those before them."""
    shallow = anew = False
    remotes: dict[str, str] = {}
    for step in steps.value:
        place = f"{_FOLDER / path.name}:{step.start_mark.line + 1}"
        uses, inputs = _value(step, "uses"), _child(step, "with")
        if uses.startswith(_CHECKOUT):
            shallow = _value(inputs, "fetch-depth") != "0"
        elif uses.startswith(_ACTION) and _syncs(inputs, space_id):
            yield Deploy(place, Way.SYNC, sdk=_value(inputs, "space_sdk"))
        script = _EXPRESSION.sub(_without_spaces, _value(step, "run")).replace("\\\n", " ")
        anew = anew or bool(_OWN_HISTORY.search(script))
        if anew or _WHOLE_HISTORY.search(script):
            shallow = False
        remotes |= {found["name"]: found["url"] for found in _REMOTE.finditer(script)}
        if _UPLOAD.search(script):
            yield Deploy(place, Way.UPLOAD)
        for words in _pushes(script, remotes, space_id):
            forced = any(map(_forces, words))
            yield Deploy(place, Way.PUSH, forced=forced, shallow=shallow, anew=anew)


def _without_spaces(expression: re.Match[str]) -> str:
    return f"${{{expression[1].strip()}}}"


def _syncs(inputs: yaml.Node | None, space_id: str) -> bool:
    """Whether the action is given this Space, and not another one or a model."""
    kind, target = _value(inputs, "repo_type"), _value(inputs, "huggingface_repo_id")
    return kind in {"", "space"} and (not target or _may_be(target, space_id))


def _pushes(script: str, remotes: dict[str, str], space_id: str) -> Iterator[list[str]]:
    """Yield the words of each `git push` to this Space."""
    for line in script.splitlines():
        for command in _PUSH.finditer(line):
            words = command["words"].split()
            targets = [_HUB.search(remotes.get(word, word)) for word in words]
            if any(target and _may_be(target["id"] or "", space_id) for target in targets):
                yield words


def _forces(word: str) -> bool:
    return word in {"-f", "--mirror"} or word.startswith(("--force", "+"))


def _may_be(target: str, space_id: str) -> bool:
    """Whether a repository's name is this Space's, or cannot be known before the workflow runs."""
    return "$" in target or space_id in _ANY or target.removesuffix(".git") in {"", space_id}


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """Return what a mapping holds under a key."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def _value(node: yaml.Node | None, name: str) -> str:
    """Return the text under a key of a mapping; empty where there is none."""
    value = _child(node, name)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else ""
