"""The manifest's documentation holds what it says."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from spacedock import services
from spacedock.space.manifest import (
    EgressTable,
    Manifest,
    Origins,
    Secret,
    SpaceTable,
    Stream,
    Variable,
    WebSocket,
    read_manifest,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "space-toml.md"
EXAMPLE = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_example_is_a_manifest(tmp_path: Path) -> None:
    assert EXAMPLE
    path = tmp_path / "space.toml"
    path.write_text(EXAMPLE[1])
    assert read_manifest(path).required_secrets == ("DATABASE_URL", "API_TOKEN")


def test_every_key_is_shown() -> None:
    assert EXAMPLE
    wanted = (keys(Manifest) - {"path"}) | keys(SpaceTable) | keys(Secret) | keys(Origins)
    wanted |= (keys(Variable) - {"value"}) | keys(EgressTable) | keys(Stream) | keys(WebSocket)
    assert {key for key in wanted if not re.search(rf"\b{key}\b", EXAMPLE[1])} == set()


def test_every_service_is_listed() -> None:
    modules = {path.stem for path in Path(services.__path__[0]).glob("*.py")}
    listed = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE))
    assert listed
    assert listed <= modules
