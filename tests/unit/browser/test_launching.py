"""Which browser is taken."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacedock.browser.launching import browser_path
from spacedock.errors import UsageError


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where Playwright would keep a browser of its own."""
    return tmp_path / "ms-playwright" / "chrome"


@pytest.fixture
def playwright(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One on a machine that has no browser yet."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return SimpleNamespace(chromium=SimpleNamespace(executable_path=str(own)))


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_the_systems_browser_is_taken_before_playwrights(
    playwright: Any, own: Path, tmp_path: Path, name: str
) -> None:
    program(own)
    assert browser_path(playwright) == str(own)
    systems = program(tmp_path / "bin" / name)
    assert browser_path(playwright) == systems


def test_the_one_that_is_named_is_taken_before_all(
    playwright: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "chromium")
    monkeypatch.setenv("CHROMIUM", "/opt/chromium")
    assert browser_path(playwright) == "/opt/chromium"


def test_without_one_it_says_how_to_come_by_it(playwright: Any) -> None:
    with pytest.raises(UsageError, match="no Chromium") as caught:
        browser_path(playwright)
    assert "playwright install chromium" in caught.value.remedy
