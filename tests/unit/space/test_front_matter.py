from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.space.front_matter import read_front_matter


def readme(folder: Path, text: str) -> Path:
    path = folder / "README.md"
    path.write_bytes(text.encode())
    return path


def test_a_sound_block_gives_title_and_port(tmp_path: Path) -> None:
    front = read_front_matter(
        readme(tmp_path, "---\ntitle: Robots\nsdk: docker\napp_port: 8080\n---\ntext\n")
    )
    assert (front.title, front.app_port) == ("Robots", 8080)


def test_without_app_port_the_platform_expects_7860(tmp_path: Path) -> None:
    assert read_front_matter(readme(tmp_path, "---\nsdk: docker\n---\n")).app_port == 7860


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("# no block\n", "Missing configuration in README", 1),
        ("\n---\nsdk: docker\n---\n", "first line is not `---`", 1),
        ("\ufeff---\nsdk: docker\n---\n", "first line is not `---`", 1),
        ("---\nsdk: docker\n", "never closed", 1),
        ("---\ntitle: a: b\nsdk: docker\n---\n", "not YAML", 2),
        ("---\n- sdk\n---\n", "no `key: value` pairs", 1),
        ("---\n---\n", "no `key: value` pairs", 1),
        ("---\ntitle: x\nsdk: gradio\n---\n", "`sdk` is 'gradio'", 3),
        ("---\ntitle: x\n---\n", "`sdk` is None", 1),
        ("---\nsdk: docker\napp_port: eighty\n---\n", "`app_port` is 'eighty'", 3),
        ("---\nsdk: docker\napp_port: 70000\n---\n", "`app_port` is 70000", 3),
        ("---\nsdk: docker\napp_port: yes\n---\n", "`app_port` is True", 3),
        ("---\nsdk: docker\ncolorTo: orange\n---\n", "`colorTo` is 'orange'", 3),
        ("---\nsdk: docker\nheader: tiny\n---\n", "`header` is 'tiny'", 3),
        ("---\nsdk: docker\nsuggested_hardware: h100\n---\n", "`suggested_hardware` is 'h100'", 3),
        (f"---\nsdk: docker\nshort_description: {'x' * 61}\n---\n", "has 61 characters", 3),
        ("---\nsdk: docker\nbase_path: docs\n---\n", "`base_path` does not start with `/`", 3),
        ("---\nsdk: docker\nstartup_duration_timeout: soon\n---\n", "not a duration", 3),
        ("---\nsdk: docker\ncustom_headers:\n  X-Frame-Options: DENY\n---\n", "`custom_headers`", 3),
    ],
)
def test_a_defect_is_named_with_its_line_and_a_remedy(
    tmp_path: Path, text: str, says: str, line: int
) -> None:
    with pytest.raises(UsageError) as caught:
        read_front_matter(readme(tmp_path, text))
    assert says in caught.value.what
    assert caught.value.line == line
    assert caught.value.remedy


def test_an_absent_readme_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no README"):
        read_front_matter(tmp_path / "README.md")


def test_a_readme_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_bytes("---\ntitle: Größe\n---\n".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_front_matter(path)


@pytest.mark.parametrize("duration", ["30m", "1h", "90", "2 hours"])
def test_durations_are_taken_as_the_hub_takes_them(tmp_path: Path, duration: str) -> None:
    text = f"---\nsdk: docker\nstartup_duration_timeout: {duration}\n---\n"
    assert read_front_matter(readme(tmp_path, text)).values["startup_duration_timeout"]
