"""Network out: what a Space may connect to."""

from __future__ import annotations

from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

_LOGS = "logs of deployed Spaces"
_SEEN = f"{_LOGS}; staff in forum 29938: 5432 and 27017 (2023-01), 9200, 9243 and 45454 (2023-05)"

EGRESS_OPEN_PORTS: Final = Fact(
    "the only ports that a Space may connect to",
    (80, 443, 8080),
    Confidence.DOCUMENTED,
    "spaces-overview, Networking",
    "2026-08",
    other=View(
        "5432 (Neon), 6379, 27017, 9200, 9243 and 45454 connect too", Confidence.OBSERVED, _SEEN, "2026"
    ),
    choice="--egress observed|documented|open",
    probe="reach",
)
EGRESS_DROPPED_PORTS: Final = Fact(
    "the ports that are closed",
    (25, 465, 587, 993),
    Confidence.OBSERVED,
    _LOGS,
    "2026",
    other=View("all but 80, 443 and 8080", Confidence.DOCUMENTED, "spaces-overview, Networking", "2026-08"),
    choice="--egress observed|documented|open",
    probe="reach",
)
EGRESS_SEEN_OPEN_PORTS: Final = Fact(
    "ports that were seen to connect, or opened by staff, although they are documented as closed",
    (5432, 6379, 27017, 9200, 9243, 45454),
    Confidence.OBSERVED,
    _SEEN,
    "2026",
    probe="reach",
)
EGRESS_UNKNOWN_PORTS: Final = Fact(
    "ports of common services of which nobody wrote",
    (6333,),
    Confidence.OBSERVED,
    _LOGS,
    "2026",
    text="6333 (Qdrant)",
    probe="reach",
)
EGRESS_CLOSED_MEANS: Final = Fact(
    "what a connection to a closed port meets",
    "drop",
    Confidence.OBSERVED,
    "incident smtp-egress-dropped",
    "2026",
    text="silence until the client's own timeout; it is not refused",
    probe="reach",
)
IPV6: Final = Fact(
    "there is a route for IPv6",
    False,
    Confidence.OBSERVED,
    "incident supabase-ipv6-only-host; often told as `5432 is blocked`",
    "2026",
    text="no: `Network is unreachable`",
    probe="ipv6",
)
QDRANT_DEFAULT_PORT: Final = Fact(
    'where `QdrantClient(url="https://host")` goes, not to 443',
    6333,
    Confidence.OBSERVED,
    "measured, qdrant-client 1.20",
    "2026",
)
IPV6_ONLY_HOSTS: Final = Fact(
    "hosts that have no IPv4 address, so that a Space cannot reach them",
    (r"db\.[a-z0-9]+\.supabase\.co",),
    Confidence.REPORTED,
    "incident supabase-ipv6-only-host; Supabase gives a pooler's host beside it",
    "2026",
    text="db.<ref>.supabase.co, Supabase's direct connection",
)
BLOCKED_HOSTS: Final = Fact(
    "hosts whose names are not resolved for a Space",
    ("api.telegram.org", "discord.com"),
    Confidence.REPORTED,
    "incident blocked-host-443; tgDrive issue 40, HuggingClaw issue 6",
    "2026-04",
    text="api.telegram.org and discord.com, among others: `No address associated with hostname`",
)
