from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacedock import platform
from spacedock.errors import UsageError
from spacedock.platform import Fact
from spacedock.space.defects import defects
from spacedock.space.front_matter import FrontMatter, read_front_matter


def readme(folder: Path, text: str) -> Path:
    path = folder / "README.md"
    path.write_bytes(text.encode())
    return path


def block(folder: Path, *lines: str) -> FrontMatter:
    """Read a block of a Docker Space; the first of `lines` is the README's third."""
    return read_front_matter(readme(folder, "\n".join(["---", "sdk: docker", *lines, "---", "# Text", ""])))


def test_a_sound_block_gives_title_and_port(tmp_path: Path) -> None:
    front = block(tmp_path, "title: Robots", "app_port: 8080")
    assert (front.title, front.app_port, front.defects) == ("Robots", 8080, ())


def test_without_app_port_the_platform_expects_7860(tmp_path: Path) -> None:
    assert block(tmp_path).app_port == 7860


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("# no block\n", "Missing configuration in README`, stage CONFIG_ERROR", 1),
        ("\n---\nsdk: docker\n---\n", "first line is not `---`", 1),
        ("\ufeff---\nsdk: docker\n---\n", "first line is not `---`", 1),
        ("---\nsdk: docker\n", "never closed", 1),
        ("---\ntitle: a: b\nsdk: docker\n---\n", "not YAML", 2),
        ("---\n- sdk\n---\n", "no `key: value` pairs", 1),
        ("---\n---\n", "no `key: value` pairs", 1),
        ("---\ntitle: x\nsdk: gradio\n---\n", "`sdk` is 'gradio': the Dockerfile is not built", 3),
        (
            "---\ntitle: x\n---\n",
            "there is no `sdk`: Hugging Face shows `Missing configuration in README`",
            1,
        ),
        ("---\ntitle: x\nsdk:\n---\n", "there is no `sdk`", 3),
    ],
)
def test_what_is_no_docker_space_is_refused_with_its_line(
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


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("app_port: eighty", "`app_port` is 'eighty', not a port"),
        ("app_port: 70000", "`app_port` is 70000, not a port"),
        ("app_port: 0", "`app_port` is 0, not a port"),
        ("app_port: yes", "`app_port` is True, not a port"),
        ("app_port: 80.5", "`app_port` is 80.5, not a port"),
        ("colorFrom: orange", "`colorFrom` is 'orange'"),
        ("colorTo: Blue", "`colorTo` is 'Blue'"),
        ("header: tiny", "`header` is 'tiny'"),
        ("suggested_hardware: h100", "`suggested_hardware` is 'h100'"),
        (f"short_description: {'x' * 61}", "has 61 characters; at most 60"),
        (f"short_description: 🤖{'x' * 59}", "has 61 characters; at most 60"),
        ("base_path: docs", "`base_path` is 'docs', without `/` in front"),
        ("startup_duration_timeout: soon", "`startup_duration_timeout` is 'soon', not a duration"),
        ("license: MIT", "`license` is 'MIT', which is not in the Hub's list"),
        ("license: [mit, my-own]", "`license` is 'my-own'"),
        ("emoji: robot", "`emoji` is 'robot', not one emoji"),
        ("emoji: 🤖🤖", "not one emoji"),
        ("emoji: 🤖 x", "not one emoji"),
        ("emoji: 7", "`emoji` is 7, not one emoji"),
        ("custom_headers: { x-frame-options: DENY }", "`custom_headers` names 'x-frame-options'"),
        (
            "custom_headers: { Cross-Origin-Opener-Policy: same-origin }",
            "`custom_headers` names 'Cross-Origin-Opener-Policy'",
        ),
        (
            "custom_headers: { cross-origin-opener-policy: Same-Origin }",
            "is 'Same-Origin', not in lower case",
        ),
        (
            "custom_headers: { cross-origin-resource-policy: credentialless }",
            "is 'credentialless', which is none of its values",
        ),
        ("suggested_hardware: v5e-1x1", "`suggested_hardware` is 'v5e-1x1'"),
        ("termination_grace_period: 11m", "not a duration of at most 10 min"),
        ("custom_headers: same-origin", "`custom_headers` is 'same-origin', not a table"),
        ("models: gpt2", "`models` is 'gpt2', not a list"),
        ("pinned: maybe", "`pinned` is 'maybe', not true or false"),
        ("title: [a, b]", "`title` is ['a', 'b'], not a text"),
        ("hf_oauth_expiration_minutes: 43201", "`hf_oauth_expiration_minutes` is 43201"),
        ("sdk: docker", "`sdk` stands there twice"),
    ],
)
def test_a_value_that_the_hub_refuses_is_a_defect_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    (defect,) = block(tmp_path, line).defects
    assert says in defect.what
    assert defect.line == 3
    assert defect.remedy


@pytest.mark.parametrize(
    "line",
    [
        "title: 2048",
        "title: Yes",
        "title:",
        "app_port:",
        "emoji: 🤖",
        "emoji: 👩🏽‍🚀",
        "emoji: 🇩🇪",
        "emoji: 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "emoji: ❤️",
        'emoji: "#️⃣"',
        "license: apache-2.0",
        "license: [mit, apache-2.0]",
        "suggested_hardware: l4x4",
        "startup_duration_timeout: 30m",
        "startup_duration_timeout: 1h",
        "startup_duration_timeout: 90",
        "startup_duration_timeout: 2 hours",
        f"short_description: {'ü' * 60}",
        "base_path: /docs",
        "hf_oauth_authorized_org: [a, b]",
        "custom_headers: { cross-origin-embedder-policy: require-corp }",
        "app_prot: 8080",
        "license: openmdw-1.1",
        "termination_grace_period: 2m",
        "failure_strategy: rollback",
        "custom_headers: { cross-origin-opener-policy: same-origin-allow-popups }",
    ],
)
def test_a_value_that_the_hub_accepts_is_no_defect(tmp_path: Path, line: str) -> None:
    assert block(tmp_path, line).defects == ()


def test_every_defect_is_kept_in_the_order_of_the_lines(tmp_path: Path) -> None:
    front = block(tmp_path, "header: tiny", "title: Robots", "app_port: eighty", "emoji: robot")
    assert [(defect.key, defect.line) for defect in front.defects] == [
        ("header", 3),
        ("app_port", 5),
        ("emoji", 6),
    ]


def test_a_header_within_its_table_has_its_own_line(tmp_path: Path) -> None:
    front = block(tmp_path, "custom_headers:", "  cross-origin-opener-policy: same-origin", "  X-Mine: 1")
    assert [defect.line for defect in front.defects] == [5]


def test_a_port_that_is_none_leaves_the_platforms_own(tmp_path: Path) -> None:
    assert block(tmp_path, "app_port: eighty").app_port == 7860


@pytest.mark.parametrize(
    ("line", "meant"),
    [("colorTo: gren", "green"), ("license: Apache-2.0", "apache-2.0"), ("license: GPL3.0", "gpl-3.0")],
)
def test_what_was_probably_meant_is_named(tmp_path: Path, line: str, meant: str) -> None:
    (defect,) = block(tmp_path, line).defects
    assert f"`{meant}`" in defect.remedy


@pytest.mark.parametrize(
    ("key", "value", "fact"),
    [
        ("license", "openmdw-2.0", platform.LICENSES),
        ("colorTo", "orange", platform.COLORS),
        ("suggested_hardware", "h100", platform.FLAVORS),
    ],
)
def test_a_list_counts_for_eight_weeks(key: str, value: str, fact: Fact[Any]) -> None:
    first = date.fromisoformat(f"{fact.date}-01")
    for days, certain in ((56, True), (57, False)):
        (defect,) = defects({key: value}, {}, first + timedelta(days=days))
        assert (defect.certain, "may be longer by now" in defect.what) == (certain, not certain)


@pytest.mark.parametrize("line", ["license: MIT", "colorTo: Blue", "app_port: eighty"])
def test_no_age_of_a_list_makes_right_what_is_only_misspelt(tmp_path: Path, line: str) -> None:
    (defect,) = defects(block(tmp_path, line).values, {}, date(2099, 1, 1))
    assert defect.certain
