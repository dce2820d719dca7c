from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.space.manifest import read_manifest


def allowed(folder: Path, item: str) -> tuple[str, ...]:
    path = folder / "space.toml"
    path.write_text(f'[egress]\nallow = ["{item}"]\n')
    return read_manifest(path).egress.allow


def test_nothing_outside_is_reached_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text("")
    assert read_manifest(path).egress.allow == ()


@pytest.mark.parametrize(
    "item", ["huggingface.co", "*.hf.co", "pypi.org:443", "192.0.2.7", "192.0.2.7:65535"]
)
def test_hosts_domains_and_addresses_can_be_allowed(tmp_path: Path, item: str) -> None:
    assert allowed(tmp_path, item) == (item,)


@pytest.mark.parametrize(
    "item",
    ["https://huggingface.co", "huggingface.co/models", "*", "localhost", "pypi.org:0", "pypi.org:65536"],
)
def test_what_is_neither_is_refused_with_its_line(tmp_path: Path, item: str) -> None:
    with pytest.raises(UsageError) as caught:
        allowed(tmp_path, item)
    assert "egress" in caught.value.what
    assert caught.value.line == 2 if "65536" not in item else 1
