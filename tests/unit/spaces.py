"""Small Spaces on disk, in the words of a test."""

from __future__ import annotations

from pathlib import Path

from spacedock.space import Space, read_space

SOUND_README = "---\ntitle: A Space\nsdk: docker\napp_port: 8080\n---\n# A Space\n"
SOUND_DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n'
SOUND_MANIFEST = """
[space]
id = "owner/name"
honours_port = true
[secrets]
API_KEY = {}
DATABASE_URL = { from = "postgres.url" }
[origins]
allowed = ["https://app.example", "https://$SPACE_HOST"]
refused = ["https://old.example"]
"""


def write_space(
    folder: Path,
    *,
    readme: str = SOUND_README,
    dockerfile: str = SOUND_DOCKERFILE,
    manifest: str | None = SOUND_MANIFEST,
) -> Path:
    """Write the parts of a Space into `folder`, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(readme)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "app.py").write_text("print('hello')\n")
    if manifest is not None:
        (folder / "space.toml").write_text(manifest)
    return folder


def sound_space(folder: Path, **parts: str) -> Space:
    """Return a Space that nothing is wrong with, but for the parts given."""
    return read_space(write_space(folder, **parts))
