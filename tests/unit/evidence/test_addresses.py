from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.instances import Instances
from spacedock.contract.observations import observations
from spacedock.evidence.addresses import Address, addresses
from tests.unit.fakes import FakeDock
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


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (URL, "port 5432 of postgres, which the documentation closes and was seen open"),
        (
            '[secrets]\nX = { from = "qdrant.url" }\n',
            "6333 of qdrant, which the documentation closes and of which",
        ),
        (
            '[variables]\nX = "smtp://mail.example:587"\n',
            "X points at port 587 of mail.example, which is closed",
        ),
    ],
)
def test_the_verdict_names_what_points_at_a_port_that_is_said_to_be_closed(
    tmp_path: Path, manifest: str, says: str
) -> None:
    with Instances(FakeDock()) as instances:
        lines = observations(sound_space(tmp_path, manifest=manifest), instances)
    assert [line for line in lines if says in line]


def test_what_points_at_an_open_port_is_not_named(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nX = { from = "openai.base_url" }\n')
    with Instances(FakeDock()) as instances:
        assert not [line for line in observations(space, instances) if "points at port" in line]
