from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spacedock import platform
from spacedock.errors import UsageError
from spacedock.space.manifest import Manifest, read_manifest
from tests.unit.spaces import SOUND_MANIFEST


def manifest(folder: Path, text: str) -> Manifest:
    path = folder / "space.toml"
    path.write_text(text)
    return read_manifest(path)


def test_a_manifest_names_secrets_and_who_supplies_them(tmp_path: Path) -> None:
    found = manifest(tmp_path, SOUND_MANIFEST)
    assert found.required_secrets == ("API_KEY", "DATABASE_URL")
    assert found.secrets["DATABASE_URL"].source == "postgres.url"
    assert found.services == ("postgres",)
    assert set(found.sources.values()) == {"postgres.url"}


@pytest.mark.parametrize("date", ["2099-01", "2026-01"])
def test_a_flavour_that_nobody_knows_is_refused_until_the_list_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setattr(platform, "FLAVORS", replace(platform.FLAVORS, date=date))
    text = '[space]\nhardware = "h100"\n'
    if date == "2026-01":
        assert manifest(tmp_path, text).space.hardware == "h100"
        return
    with pytest.raises(UsageError, match="is no flavour") as caught:
        manifest(tmp_path, text)
    assert caught.value.line == 2


@pytest.mark.parametrize("flavor", ["l4x4", "a100x8", "rtx-pro-6000"])
def test_a_flavour_of_the_hubs_needs_no_known_resources(tmp_path: Path, flavor: str) -> None:
    assert manifest(tmp_path, f'[space]\nhardware = "{flavor}"\n').space.hardware == flavor


def test_credentials_that_nobody_speaks_of_are_not_asked_for(tmp_path: Path) -> None:
    assert not manifest(tmp_path, '[origins]\nallowed = ["https://a.example"]\n').origins.credentials


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("my.vercel.app", "has no scheme; write `https://my.vercel.app`"),
        ("//my.vercel.app", "has no scheme; write `https://my.vercel.app`"),
        ("localhost:3000", "has no scheme"),
        (
            "https://my.vercel.app/",
            "more than an origin, which ends after host and port; write `https://my.vercel.app`",
        ),
        ("https://$SPACE_HOST/chat", "write `https://$SPACE_HOST`"),
    ],
)
def test_an_allowed_origin_that_no_browser_sends_is_the_manifests_fault(
    tmp_path: Path, origin: str, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        manifest(tmp_path, f'[origins]\nallowed = ["{origin}"]\n')
    assert says in caught.value.what
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "origin", ["https://a.example:8443", "chrome-extension://abc", "https://$SPACE_HOST", "null"]
)
def test_an_allowed_origin_is_scheme_host_and_port(tmp_path: Path, origin: str) -> None:
    assert manifest(tmp_path, f'[origins]\nallowed = ["{origin}"]\n').origins.allowed == (origin,)


def test_an_optional_secret_may_be_missing(tmp_path: Path) -> None:
    assert manifest(tmp_path, "[secrets]\nTOKEN = { required = false }\n").required_secrets == ()


def test_what_only_a_dock_adds_is_kept_apart(tmp_path: Path) -> None:
    text = '[variables]\nMODE = "fast"\n[dock.variables]\nOPENAI_BASE_URL = { from = "openai.base_url" }\n'
    found = manifest(tmp_path, text)
    assert set(found.variables) == {"MODE"}
    assert set(found.all_variables) == {"MODE", "OPENAI_BASE_URL"}
    assert found.services == ("openai",)


def test_a_name_that_is_a_secret_and_a_variable_is_supplied_as_both(tmp_path: Path) -> None:
    text = '[secrets]\nURL = { from = "postgres.url" }\n[variables]\nURL = { from = "qdrant.url" }\n'
    found = manifest(tmp_path, text)
    assert found.sources == {"URL": "postgres.url"}
    assert found.services == ("postgres", "qdrant")


@pytest.mark.parametrize("body", ['"text"', '{ question = "Why?", sure = true }', "[1, 2]"])
def test_a_stream_is_a_request_with_any_body(tmp_path: Path, body: str) -> None:
    asked = 'path = "/chat"\nmethod = "POST"\nheaders = { accept = "text/event-stream" }'
    found = manifest(tmp_path, f"[stream]\n{asked}\nbody = {body}\n").stream
    assert found
    assert (found.path, found.method, dict(found.headers)) == (
        "/chat",
        "POST",
        {"accept": "text/event-stream"},
    )
    assert found.body is not None


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("[space\n", "not TOML", 1),
        ("[space]\nport = 1\n", "`space.port`", 2),
        ('[space]\nid = "no-owner"\n', "`space.id`", 2),
        ('[space]\nready = "health"\n', "`space.ready`", 2),
        ("[dock]\nmemory_gb = 17\n", "`dock.memory_gb` is more than cpu-basic has (16)", 2),
        ("[dock]\ndisk_gb = 0\n", "`dock.disk_gb`", 2),
        ('[secrets]\nKEY = { from = "postgres" }\n', "`secrets.KEY.from`", 2),
        ('[secrets]\n\nKEY = { value = "sk-123" }\n', "`secrets.KEY.value`", 3),
        ('[secrets]\nKEY = {}\n[dock.variables]\nKEY = "x"\n', "a secret and a variable of the dock", 4),
        ("[variables]\nMODE = {}\n", "either a text or", 2),
        ('[origins]\nallowed = ["https://a.example"]\nrefused = ["https://a.example"]\n', "both allowed", 3),
        ('[origins]\nrefused = ["https://a.example/"]\n', "`origins.refused.0`", 2),
        ('[origins]\nmethod = "FETCH"\n', "`origins.method`", 2),
        ('[stream]\nmethod = "POST"\n', "`stream.path`", 1),
        ('[stream]\npath = "/chat"\nheader = {}\n', "`stream.header`", 3),
        ('[websocket]\npath = "ws"\n', "`websocket.path`", 2),
    ],
)
def test_a_defect_is_named_with_its_line_and_a_remedy(
    tmp_path: Path, text: str, says: str, line: int
) -> None:
    with pytest.raises(UsageError) as caught:
        manifest(tmp_path, text)
    assert says in caught.value.what
    assert caught.value.line == line
    assert caught.value.remedy


def test_a_value_pasted_for_a_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        manifest(tmp_path, '[secrets]\nKEY = { value = "sk-123" }\n')
    assert "sk-123" not in str(caught.value)
