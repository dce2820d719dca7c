"""What the probe says of addresses, hosts and its own machine; it runs here as it would anywhere."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from spacedock.images.probe import probe
from spacedock.platform import BUILT_IN_VARIABLES, INTERNAL_HOST
from spacedock.probe.fields import FIELDS
from spacedock.probe.recording import CLAIMED_ADDRESS, VERSION

NOTHING_TRIED: dict[str, Any] = {"reach": {}, "ipv6": None}


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("10.20.0.7", "private"),
        ("::ffff:172.17.0.1", "private"),
        ("169.254.1.1", "link-local"),
        ("8.8.8.8", "public"),
        ("198.51.100.1", "public"),
        (CLAIMED_ADDRESS, "claimed"),
        ("unknown", "no address"),
    ],
)
def test_an_address_is_told_by_its_kind(address: str, kind: str) -> None:
    assert probe.kind(address) == kind


def test_a_report_has_the_fields_that_are_told_of_and_can_be_sent() -> None:
    seen = json.loads(json.dumps(probe.report("10.0.0.1", [("Host", "x")], NOTHING_TRIED)))
    assert list(seen) == ["probe", *(field.name for field in FIELDS)]
    assert seen["probe"]["version"] == VERSION


def test_no_value_of_a_variable_is_in_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://hunter22")
    monkeypatch.setenv("SPACE_HOST", "owner-probe.hf.space")
    text = json.dumps(probe.report("10.0.0.1", [("Host", "owner-probe.hf.space")], NOTHING_TRIED))
    assert "DATABASE_URL" in text
    assert "hunter22" not in text
    assert "owner-probe" not in text


def test_the_values_that_are_shown_are_of_built_in_variables() -> None:
    assert set(probe.SHOWN_VALUES) < set(BUILT_IN_VARIABLES.value)


def test_headers_are_told_without_addresses_and_names() -> None:
    headers = [
        ("Host", INTERNAL_HOST.value),
        ("X-Forwarded-For", f"{CLAIMED_ADDRESS}, 9.9.9.9, 10.1.1.1"),
        ("X-Forwarded-Proto", "https"),
        ("Authorization", "Bearer hunter22"),
    ]
    assert probe.received(headers) == {
        "names": ["authorization", "host", "x-forwarded-for", "x-forwarded-proto"],
        "host": INTERNAL_HOST.value,
        "x-forwarded-for": ["claimed", "public", "private"],
        "x-forwarded-proto": "https",
    }


def test_how_a_connection_ends_is_one_word() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        targets = {
            f"127.0.0.1:{listening.getsockname()[1]}": "connected",
            f"127.0.0.1:{closed.getsockname()[1]}": "refused",
            "no-such-host.invalid:80": "not resolved",
            "nonsense": "not resolved",
        }
        assert {target: probe._try_target(target, 5) for target in targets} == targets


def test_without_targets_nothing_outside_is_tried() -> None:
    assert probe.reach("", 5) == NOTHING_TRIED


def test_a_path_holds_no_id() -> None:
    assert probe.without_ids("/var/lib/0123456789ab/x") == "/var/lib/ID/x"


def test_what_the_system_hides_is_none_and_the_rest_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hidden() -> dict[str, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(probe, "writable", hidden)
    seen = probe.report("10.0.0.1", [], NOTHING_TRIED)
    assert seen["writable"] is None
    assert seen["user"]["uid"] >= 0
    assert "hidden: PermissionError" in capsys.readouterr().out
