"""`spacedock failures` writes pages, and leaves alone what it has not written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacedock.cli import app
from spacedock.errors import UsageError
from spacedock.failures import catalogue, pages

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def two_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    some = catalogue.all_failures()[:2]
    monkeypatch.setattr(catalogue, "all_failures", lambda: some)


def written(folder: Path) -> None:
    CliRunner().invoke(app, ["failures", str(folder)], catch_exceptions=False)


def test_the_pages_of_failures_that_are_no_more_go_and_all_else_stays(tmp_path: Path) -> None:
    written(tmp_path / "pages")
    count = len(list((tmp_path / "pages").iterdir()))
    (tmp_path / "pages" / "gone.md").write_text(f"{pages.MARK}\n# gone\n")
    (tmp_path / "pages" / "notes.md").write_text("# mine\n")
    (tmp_path / "pages" / "folder.md").mkdir()
    written(tmp_path / "pages")
    assert not (tmp_path / "pages" / "gone.md").exists()
    assert (tmp_path / "pages" / "notes.md").read_text() == "# mine\n"
    assert len(list((tmp_path / "pages").iterdir())) == count + 2


def test_in_a_space_nothing_is_written_at_all(tmp_path: Path) -> None:
    readme = "---\nsdk: docker\n---\n"
    (tmp_path / "README.md").write_text(readme)
    with pytest.raises(UsageError, match="not of spacedock's writing"):
        written(tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("README.md", readme)]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="it cannot be made"):
        written(tmp_path / "file" / "pages")


def test_the_projects_own_pages_are_its_own() -> None:
    own = (ROOT / "docs" / "failures").glob("*.md")
    assert all(pages.is_page(path.read_text()) for path in own)
