"""What nginx is told; what it then does, tests/integration/edge shows."""

from __future__ import annotations

import re

import pytest

from spacedock import platform
from spacedock.edge.base import VISITOR
from spacedock.edge.nginx import Site

SITE = Site("Owner/Its_Name", "10.1.2.3:7860")
TEXT = SITE.configuration("abcdefgh-12345", dated=False)


def test_every_place_is_filled_in() -> None:
    assert "%" not in TEXT.partition("\n")[2]


def test_the_space_is_asked_under_both_hosts_in_both_manners() -> None:
    assert TEXT.count("proxy_pass http://10.1.2.3:7860;") == 2
    assert len(set(re.findall(r"listen (\d+) ssl", TEXT))) == 4
    assert TEXT.count(f" {platform.INTERNAL_HOST.value};") == 2
    assert f"default {SITE.host};" in TEXT


def test_what_the_platform_adds_comes_from_its_facts() -> None:
    for name in platform.EDGE_HEADERS.value:
        assert re.search(rf"add_header {name} ", TEXT, re.IGNORECASE)
    assert "<https://huggingface.co/spaces/Owner/Its_Name>" in TEXT
    assert f"add_header Access-Control-Max-Age {platform.EDGE_PREFLIGHT_MAX_AGE.value};" in TEXT
    assert f"return {platform.EDGE_AWAY_STATUS.value};" in TEXT


def test_every_visitor_has_an_address_that_is_public_in_form() -> None:
    assert f"'' {VISITOR};" in TEXT


@pytest.mark.parametrize(
    "setting", ["proxy_buffering off", "proxy_request_buffering off", "client_max_body_size 0"]
)
def test_nothing_is_held_back(setting: str) -> None:
    assert f"{setting};" in TEXT


def test_http_2_is_spoken_in_the_words_of_both_versions() -> None:
    dated = SITE.configuration("abcdefgh-12345", dated=True)
    assert (TEXT.count("http2 on;"), TEXT.count("ssl http2;")) == (2, 0)
    assert (dated.count("http2 on;"), dated.count("ssl http2;")) == (0, 4)
