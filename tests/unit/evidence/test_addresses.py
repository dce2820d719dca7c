from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.evidence.addresses import Address, addresses
from tests.unit.spaces import sound_space

URL = '[secrets]\nDATABASE_URL = { from = "postgres.url" }\n'


def of_variable(folder: Path, value: str) -> list[tuple[str, int]]:
    space = sound_space(folder, manifest=f'[variables]\nPLACE = "{value}"\n')
    return [(address.host, address.port) for address in addresses(space)]


def test_what_a_service_supplies_points_at_its_usual_port(tmp_path: Path) -> None:
    assert addresses(sound_space(tmp_path, manifest=URL)) == (Address("DATABASE_URL", "postgres", 5432),)


def test_the_way_past_the_pooler_leads_to_the_servers_port(tmp_path: Path) -> None:
    manifest = '[secrets]\nA = { from = "pgbouncer.url" }\nB = { from = "pgbouncer.direct_url" }\n'
    ports = [address.port for address in addresses(sound_space(tmp_path, manifest=manifest))]
    assert ports == [6432, 5432]


def test_a_key_points_nowhere(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nTOKEN = {}\nKEY = { from = "qdrant.api_key" }\n')
    assert addresses(space) == ()


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("https://api.example/v1", [("api.example", 443)]),
        ("postgresql+asyncpg://u:p@db.example/x", [("db.example", 5432)]),
        ("postgresql://u:p@ss@db.example:6543/x", [("db.example", 6543)]),
        ("mongodb://u:p@one.example:1,two.example/x", [("one.example", 1), ("two.example", 27017)]),
        ("smtps://mail.example", [("mail.example", 465)]),
        ("http://[2001:db8::1]:81/", [("2001:db8::1", 81)]),
        ("redis://localhost:6379", []),
        ("http://127.0.0.1:9000", []),
        ("unheard://of.example", []),
        ("gpt-4o-mini", []),
    ],
)
def test_a_literal_is_read_as_a_url(tmp_path: Path, value: str, places: list[tuple[str, int]]) -> None:
    assert of_variable(tmp_path, value) == places
