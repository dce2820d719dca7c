"""Where a URL points by its scheme alone, and what the platform says of such a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.evidence.addresses import Address, addresses
from tests.unit.spaces import sound_space

SCHEMES = {
    "http": 80, "https": 443, "ws": 80, "wss": 443,
    "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mongodb": 27017,
    "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "nats": 4222, "ldap": 389, "ldaps": 636,
    "smtp": 25, "smtps": 465, "submission": 587, "submissions": 465,
    "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995,
}  # fmt: skip


def of(folder: Path, manifest: str) -> list[tuple[str, str, int]]:
    space = sound_space(folder, manifest=manifest)
    return [(address.name, address.host, address.port) for address in addresses(space)]


def test_a_scheme_has_its_usual_port(tmp_path: Path) -> None:
    values = "".join(f'{scheme} = "{scheme}://of.example"\n' for scheme in SCHEMES)
    assert {name: port for name, _, port in of(tmp_path, f"[variables]\n{values}")} == SCHEMES


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (" https://api.example ", ("api.example", 443)),
        ("HTTPS://API.Example", ("api.example", 443)),
        ("https://api.example?x=1", ("api.example", 443)),
        ("https://api.example#x", ("api.example", 443)),
        ("mysql+pymysql://u@db.example", ("db.example", 3306)),
        ("unheard://of.example:7", ("of.example", 7)),
        ("https://[2001:DB8::1]", ("2001:db8::1", 443)),
    ],
)
def test_a_url_is_read_however_it_is_written(tmp_path: Path, value: str, place: tuple[str, int]) -> None:
    assert of(tmp_path, f'[variables]\nPLACE = "{value}"\n') == [("PLACE", *place)]


@pytest.mark.parametrize(
    "value", ["http://[::1]:9000", "http://localhost", "https://", "see https://api.example", "http://a:b:1"]
)
def test_the_own_machine_and_what_is_no_url_point_nowhere(tmp_path: Path, value: str) -> None:
    assert of(tmp_path, f'[variables]\nPLACE = "{value}"\n') == []


def test_variables_of_a_service_point_at_it_too(tmp_path: Path) -> None:
    manifest = '[variables]\nA = { from = "qdrant.url" }\nB = "https://api.example"\n'
    assert of(tmp_path, manifest) == [("A", "qdrant", 6333), ("B", "api.example", 443)]


@pytest.mark.parametrize(
    ("port", "documented", "seen"),
    [(80, False, False), (443, False, False), (8080, False, False), (5432, True, False), (25, True, True)],
)
def test_a_port_is_closed_by_who_says_so(port: int, documented: bool, seen: bool) -> None:
    address = Address("X", "of.example", port)
    assert (address.closed_by_the_documentation, address.closed_by_all_accounts) == (documented, seen)


@pytest.mark.parametrize(
    ("host", "only"),
    [
        ("db.abc123.supabase.co", True),
        ("2001:db8::1", True),
        ("192.0.2.1", False),
        ("abc123.pooler.supabase.com", False),
        ("db.abc123.supabase.co.example", False),
    ],
)
def test_a_host_may_have_ipv6_only(host: str, only: bool) -> None:
    assert Address("X", host, 443).ipv6_only is only


def test_an_address_reads_as_a_sentence() -> None:
    assert str(Address("X", "of.example", 25)) == "X points at port 25 of of.example"
