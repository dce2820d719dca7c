"""Workflows beside a Space that push it with the action huggingface/hub-sync."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from spacedock import platform

_ACTION = "huggingface/hub-sync@"
_FOLDER = Path(".github/workflows")
_ANY = ("", "owner/name")  # what a Space without a manifest is called


def wrong_syncs(root: Path, space_id: str) -> Iterator[str]:
    """Yield a line for each step that would create the Space with another SDK than Docker.

    A Space that exists keeps its SDK, and README.md corrects a new one once it is there; until then it is
    one that does not build the Dockerfile (incident wrong-sdk-created).
    """
    for path in sorted(_workflows(root)):
        for step in _steps(path):
            sdk = _wrong_sdk(step, space_id)
            if sdk:
                yield (
                    f"{_FOLDER / path.name}:{step.start_mark.line + 1}: hub-sync creates a Space with {sdk}, "
                    f"which does not build the Dockerfile; add `space_sdk: {platform.SDK.value}`"
                )


def _workflows(root: Path) -> Iterator[Path]:
    """Yield the workflow files of the repository that `root` lies in; GitHub reads no others."""
    for folder in (root, *root.parents):
        yield from (folder / _FOLDER).glob("*.y*ml")
        if (folder / ".git").exists():
            return


def _steps(path: Path) -> Iterator[yaml.MappingNode]:
    """Yield every step of a workflow that uses the action; none of a file that is not YAML."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return
    yield from (step for step in _mappings(node) if _value(step, "uses").startswith(_ACTION))


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _wrong_sdk(step: yaml.MappingNode, space_id: str) -> str:
    """Return the SDK in words; empty where it is Docker, or where the step pushes something else."""
    inputs = next((value for key, value in step.value if key.value == "with"), None)
    target, sdk = _value(inputs, "huggingface_repo_id"), _value(inputs, "space_sdk")
    elsewhere = "${{" not in target and space_id not in _ANY and target not in {"", space_id}
    if _value(inputs, "repo_type") not in {"", "space"} or elsewhere or sdk == platform.SDK.value:
        return ""
    return f"`space_sdk: {sdk}`" if sdk else f"`space_sdk` unset, which means {platform.HUB_SYNC_SDK.value}"


def _value(node: yaml.Node | None, name: str) -> str:
    """Return the text of a key of a mapping; empty where there is none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return ""
