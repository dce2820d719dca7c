from __future__ import annotations

import re

import pytest

from spacedock import platform
from spacedock.docks.conditions import Egress
from spacedock.docks.image.firewall import Surrounds, blocked_hosts, described, rules

AROUND = Surrounds(subnet="10.1.2.0/24", gateway="10.1.2.1")


def verdicts(egress: Egress, around: Surrounds = AROUND) -> list[str]:
    """The lines of the chain that judges, in their order."""
    chain = re.search(r"chain judge \{\n(.*?)\n  \}", rules(egress, around), re.DOTALL)
    assert chain
    return [line.strip() for line in chain[1].splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("egress", "drops"),
    [
        (Egress.OBSERVED, "tcp dport { 25, 465, 587, 993 } goto dropped"),
        (Egress.DOCUMENTED, "th dport != { 80, 443, 8080 } goto dropped"),
    ],
)
def test_the_platforms_policy_comes_before_the_docks(egress: Egress, drops: str) -> None:
    lines = verdicts(egress)
    assert lines.index(drops) < lines.index("ip daddr 10.1.2.0/24 accept") < lines.index("goto denied")


def test_the_engines_machine_is_outside() -> None:
    lines = verdicts(Egress.OBSERVED)
    assert lines.index("ip daddr 10.1.2.1 goto denied") < lines.index("ip daddr 10.1.2.0/24 accept")


@pytest.mark.parametrize("egress", [Egress.OBSERVED, Egress.DOCUMENTED])
def test_of_ipv6_nothing_leaves_but_to_itself(egress: Egress) -> None:
    lines, text = verdicts(egress), rules(egress, AROUND)
    link, rest = "ip6 daddr { fe80::/10, ff00::/8 } meta mark set 3 accept", "ip6 daddr != ::1 goto unrouted"
    assert lines.index(link) < lines.index(rest) < lines.index("meta nfproto ipv6 accept")
    enforced = text[text.index("chain enforce") : text.index("chain arrive")]
    assert enforced.rstrip(" }\n").endswith('meta nfproto ipv6 oif != "lo" drop')


def test_answers_to_who_calls_the_space_are_never_judged() -> None:
    assert verdicts(Egress.DOCUMENTED)[1] == "ct direction reply accept"


def test_who_resolves_allowed_names_can_be_asked_whatever_the_policy() -> None:
    lines = verdicts(Egress.DOCUMENTED, Surrounds("10.1.2.0/24", "10.1.2.1", upstream="10.1.2.9"))
    asked = lines.index("ip daddr 10.1.2.9 udp dport 53 accept")
    assert asked < lines.index("th dport != { 80, 443, 8080 } goto dropped")


def test_allowed_addresses_are_there_from_the_start() -> None:
    text = rules(Egress.OBSERVED, AROUND, [("192.0.2.7", None), ("192.0.2.8", 443)])
    assert "set allowed { type ipv4_addr; elements = { 192.0.2.7 } }" in text
    assert "elements = { 192.0.2.8 . 443 }" in text


@pytest.mark.parametrize(
    ("egress", "allow", "says"),
    [
        (
            Egress.OBSERVED,
            (),
            "ports 25, 465, 587, 993 dropped, no IPv6, api.telegram.org and discord.com not resolved; not",
        ),
        (Egress.DOCUMENTED, ("hf.co",), "all but ports 80, 443, 8080 dropped, no IPv6; only hf.co outside"),
        (Egress.OPEN, (), "not limited, real services can be reached"),
    ],
)
def test_the_policy_is_named(egress: Egress, allow: tuple[str, ...], says: str) -> None:
    assert described(egress, allow).startswith(f"egress {egress}: {says}")


def test_what_was_only_reported_is_blocked_where_what_was_seen_counts() -> None:
    assert blocked_hosts(Egress.OBSERVED) == platform.BLOCKED_HOSTS.value
    assert blocked_hosts(Egress.DOCUMENTED) == ()
