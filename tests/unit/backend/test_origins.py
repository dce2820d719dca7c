"""Which origins are allowed, and which are refused at the start."""

from __future__ import annotations

import re

import pytest

from backend.config import ConfigurationError
from backend.origins import DEFAULT_ORIGINS
from tests.unit.backend.conftest import Configure

PREVIEW = "acme/textbook"


def test_the_defaults_are_always_allowed(configure: Configure) -> None:
    assert configure().allowed_origins == DEFAULT_ORIGINS


def test_the_spaces_own_host_is_allowed(configure: Configure) -> None:
    assert "https://owner-name.hf.space" in configure(SPACE_HOST="Owner-Name.hf.space").allowed_origins


def test_a_space_with_a_custom_domain_has_several_hosts(configure: Configure) -> None:
    found = configure(SPACE_HOST="owner-name.hf.space, Robots.example").allowed_origins
    assert {"https://owner-name.hf.space", "https://robots.example"} <= set(found)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example,http://localhost:5173",
        " https://a.example/ , http://localhost:5173/ ,",
        '["https://a.example", "http://localhost:5173/"]',
        "HTTPS://A.Example:443,http://localhost:5173,https://a.example",
    ],
    ids=["comma list", "white space and slashes", "JSON list", "case, default port and repetition"],
)
def test_a_list_may_be_written_in_several_ways(configure: Configure, text: str) -> None:
    assert configure(CORS_ALLOWED_ORIGINS=text).cors_allowed_origins == (
        "https://a.example",
        "http://localhost:5173",
    )


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:3000",
        "http://192.168.1.5:3000",
        "http://[::1]:3000",
        "http://web.localhost",
        "http://web:3000",
    ],
)
def test_plain_http_is_allowed_for_a_host_that_is_not_public(configure: Configure, text: str) -> None:
    assert configure(CORS_ALLOWED_ORIGINS=text).cors_allowed_origins == (text,)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("*", "wildcard"),
        ("https://*.hidden.example", "wildcard"),
        ("hidden.example", "no scheme"),
        ("localhost:3000", "no scheme"),
        ("null", "no scheme"),
        ("https://", "no scheme"),
        ("ftp://hidden.example", "neither https nor http"),
        ("https://hidden.example/app", "a path"),
        ("https://hidden.example?x=1", "a path"),
        ("https://hidden@hidden.example", "a user name"),
        ("https://hidden.example:99999", "not an address"),
        ("https://[hidden", "not an address"),
        ("https://[hidden::1]", "not an address"),
        ("https://hid den.example", "not an address"),
        ("http://hidden.example", "public host"),
        ("http://8.8.8.8:3000", "public host"),
    ],
)
def test_an_entry_that_is_no_origin_stops_the_start(configure: Configure, entry: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configure(CORS_ALLOWED_ORIGINS=f"https://a.example,{entry}")
    assert "CORS_ALLOWED_ORIGINS is invalid: entry 2 " in str(refused.value)
    assert what in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_every_wrong_entry_is_reported(configure: Configure) -> None:
    with pytest.raises(ConfigurationError, match=r"entry 1 has a wildcard.*; entry 3 has a path"):
        configure(CORS_ALLOWED_ORIGINS="*,https://a.example,https://b.example/x")


@pytest.mark.parametrize("text", ['["https://a.example"', "[1]", '[["https://a.example"]]'])
def test_a_broken_json_list_stops_the_start(configure: Configure, text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a JSON list of strings"):
        configure(CORS_ALLOWED_ORIGINS=text)


def preview(configure: Configure) -> re.Pattern[str]:
    return re.compile(configure(CORS_VERCEL_PREVIEW=PREVIEW).cors_vercel_preview or "")


@pytest.mark.parametrize(
    "host",
    [
        "textbook-a1b2c3d4e-acme.vercel.app",
        "textbook-git-main-acme.vercel.app",
        "textbook-git-fix-1-acme.vercel.app",
    ],
)
def test_previews_of_the_project_match(configure: Configure, host: str) -> None:
    assert preview(configure).fullmatch(f"https://{host}")


@pytest.mark.parametrize(
    "origin",
    [
        "http://textbook-a1b2c3d4e-acme.vercel.app",
        "https://textbook-a1b2c3d4e-acme.vercel.app.attacker.example",
        "https://textbook-a1b2c3d4e-acme.vercel.app:8443",
        "https://textbook-a1b2c3d4e-acme-vercel.app",
        "https://textbook-a1b2c3d4e-acmevercel.app",
        "https://attacker-textbook-a1b2c3d4e-acme.vercel.app",
        "https://attacker.example/textbook-git-main-acme.vercel.app",
        "https://textbook-a1b2c3d4e-attacker.vercel.app",
        "https://textbook-git-main-attacker.vercel.app",
        "https://textbook-evil-a1b2c3d4e-acme.vercel.app",
        "https://textbook-acme.vercel.app",
        "https://textbook-git-x.attacker.example-acme.vercel.app",
        "https://textbook-git-main-acme.vercel.app\n",
    ],
)
def test_look_alikes_of_a_preview_do_not_match(configure: Configure, origin: str) -> None:
    assert not preview(configure).fullmatch(origin)


@pytest.mark.parametrize(
    "text", ["textbook", "acme/textbook/x", "acme/.*", "Acme/textbook", "https://vercel.com/a/b", "/"]
)
def test_a_preview_setting_that_is_not_scope_and_project_stops_the_start(
    configure: Configure, text: str
) -> None:
    with pytest.raises(ConfigurationError, match="CORS_VERCEL_PREVIEW is invalid: it is not scope/project"):
        configure(CORS_VERCEL_PREVIEW=text)
