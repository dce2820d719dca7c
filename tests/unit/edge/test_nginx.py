"""What nginx is told; what it then does, tests/integration/edge shows."""

from __future__ import annotations

import re
from dataclasses import replace
from unittest.mock import MagicMock, Mock

import pytest

from spacedock import platform
from spacedock.edge import nginx
from spacedock.edge.base import COMES_AS, MEMBERS_TOKEN, VISITOR
from spacedock.edge.nginx import NginxEdge, Site
from spacedock.errors import EngineError
from spacedock.images.supply import Image

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
    assert f"default {VISITOR};" in TEXT
    assert "'' $visitor;" in TEXT


@pytest.mark.parametrize("header", [COMES_AS, MEMBERS_TOKEN])
def test_what_is_said_to_the_edge_no_space_sees(header: str) -> None:
    assert f"proxy_set_header {header} '';" in TEXT


def test_nobody_is_a_stranger_to_a_public_space() -> None:
    assert "bearer" not in TEXT


@pytest.mark.parametrize(
    ("comes", "stranger"),
    [
        ("owner-its-name.hf.space  ", True),
        ("owner-its-name.hf.space Bearer its-own-token ", True),
        ("owner-its-name.hf.space:443 Bearer hf_abc ", False),
        ("OWNER-its-name.hf.space  bearer hf_abc", False),
        ("localhost:32768  ", False),
        ("owner-its-name.hf.space.example  ", False),
    ],
)
def test_a_stranger_to_a_private_space_comes_to_its_own_name_without_a_token(
    comes: str, stranger: bool
) -> None:
    private = replace(SITE, private=True).configuration("abcdefgh-12345", dated=False)
    (pattern,) = re.findall(r"'~\*(\^owner.*)' yes;", private)
    assert bool(re.search(pattern, comes, re.IGNORECASE)) is stranger


def test_a_stranger_reads_what_the_platform_was_reported_to_say() -> None:
    said = f"<h1>404</h1><p>{platform.PRIVATE_TEXT.value}</p>"
    assert TEXT.count(f"return {platform.PRIVATE_STATUS.value} '<!doctype html>{said}';") == 2


@pytest.mark.parametrize(
    "setting", ["proxy_buffering off", "proxy_request_buffering off", "client_max_body_size 0"]
)
def test_nothing_is_held_back(setting: str) -> None:
    assert f"{setting};" in TEXT


def test_http_2_is_spoken_in_the_words_of_both_versions() -> None:
    dated = SITE.configuration("abcdefgh-12345", dated=True)
    assert (TEXT.count("http2 on;"), TEXT.count("ssl http2;")) == (2, 0)
    assert (dated.count("http2 on;"), dated.count("ssl http2;")) == (0, 4)


class Killed:
    """An edge's container that somebody ends before it answers."""

    def __init__(self, *_: object, **__: object) -> None:
        self.removed = False

    def start(self) -> None:
        pass

    def address(self) -> str | None:
        return None

    def exit_code(self) -> int:
        return 137

    def logs(self) -> str:
        return ""

    def end(self) -> None:
        self.removed = True


def test_one_that_is_ended_before_it_answers_is_the_engines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "DockerContainer", MagicMock())
    monkeypatch.setattr(nginx, "ContainerHost", Killed)
    monkeypatch.setattr(nginx, "reached_at", lambda _: "")
    supply = Mock(pinned=lambda _: Image("nginx", "nginx:1", stand_in=False))
    with pytest.raises(EngineError, match="the edge exited with code 137 before it answered"):
        NginxEdge(SITE, Mock(), supply, Mock()).__enter__()
