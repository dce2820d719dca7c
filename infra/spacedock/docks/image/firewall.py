"""The platform's egress policy, and the dock's own, as rules of nftables for a Space's network namespace.

What the platform would drop is dropped: a TCP connection hangs, a datagram is lost. What only the dock
denies, because it lies outside of the run's network, is refused at once, so that a Space that reports home
does not hang here. IPv6 has no route, which the kernel itself would say before any rule sees the packet: the
sandbox makes a route, and the rules refuse in the kernel's words. A TCP socket hears them at its first
repetition, after a second. What leads to the link itself, which every interface has addresses for, would
reach the engine's machine: it is refused like all else, and not told, since discovery on a link is no call
outside.

Dropping or rejecting a datagram where it is sent would be an error of the sender (EPERM), which no network
gives. Datagrams are therefore led to the sandbox, which loses or refuses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spacedock import platform
from spacedock.docks.conditions import Egress

RESOLVER = "198.18.0.1"  # RFC 2544: in use nowhere outside

DROPPED, DENIED, UNROUTED = "dropped", "denied", "unrouted"  # the sets that remember what was tried
BLOCKED = "blocked"  # what the sandbox calls a name that it was asked for and does not resolve


@dataclass(frozen=True)
class Surrounds:
    """The run's network as an instance sees it."""

    subnet: str
    gateway: str  # the engine's machine, which is outside
    upstream: str = ""  # what resolves allowed names


def blocked_hosts(egress: Egress) -> tuple[str, ...]:
    """Return the names that are not resolved: they were reported, and are documented nowhere."""
    return platform.BLOCKED_HOSTS.value if egress is Egress.OBSERVED else ()


def rules(egress: Egress, around: Surrounds, addresses: Iterable[tuple[str, int | None]] = ()) -> str:
    """Return what nft installs; `$ask_udp`, `$ask_tcp` and `$lost` are the sandbox's ports."""
    opened = tuple(addresses)
    whole = _elements(address for address, port in opened if port is None)
    ports = _elements(f"{address} . {port}" for address, port in opened if port is not None)
    policy = "\n    ".join(_policy(egress))
    upstream = f"ip daddr {around.upstream} udp dport 53 accept" if around.upstream else ""
    return f"""\
table inet egress {{
  set {DROPPED} {{ type ipv4_addr . inet_proto . inet_service; flags dynamic; size 4096; }}
  set {DENIED} {{ type ipv4_addr . inet_proto . inet_service; flags dynamic; size 4096; }}
  set {UNROUTED} {{ type ipv6_addr . inet_proto . inet_service; flags dynamic; size 4096; }}
  set allowed {{ type ipv4_addr; {whole} }}
  set allowed_ports {{ type ipv4_addr . inet_service; {ports} }}
  chain {DROPPED} {{ add @{DROPPED} {{ ip daddr . meta l4proto . th dport }}; meta mark set 1; }}
  chain {DENIED} {{ add @{DENIED} {{ ip daddr . meta l4proto . th dport }}; meta mark set 2; }}
  chain {UNROUTED} {{ add @{UNROUTED} {{ ip6 daddr . meta l4proto . th dport }}; meta mark set 3; }}
  chain judge {{
    type filter hook output priority -150; policy accept;
    ct direction reply accept
    ct state related accept
    meta l4proto != {{ tcp, udp }} accept
    ip6 daddr {{ fe80::/10, ff00::/8 }} meta mark set 3 accept
    ip6 daddr != ::1 goto {UNROUTED}
    oif "lo" accept
    meta nfproto ipv6 accept
    ip daddr {RESOLVER} th dport 53 accept
    {upstream}
    {policy}
    ip daddr @allowed accept
    ip daddr . th dport @allowed_ports accept
    ip daddr {around.gateway} goto {DENIED}
    ip daddr {around.subnet} accept
    goto {DENIED}
  }}
  chain divert {{
    type nat hook output priority -100; policy accept;
    ip daddr {RESOLVER} udp dport 53 dnat ip to 127.0.0.11:$ask_udp
    ip daddr {RESOLVER} tcp dport 53 dnat ip to 127.0.0.11:$ask_tcp
    meta mark {{ 1, 2 }} meta l4proto udp dnat ip to 127.0.0.11:$lost
    meta mark 3 meta l4proto udp dnat ip6 to [::1]:$lost
  }}
  chain enforce {{
    type filter hook output priority 0; policy accept;
    meta mark 1 meta l4proto tcp drop
    meta mark 2 meta l4proto tcp reject with tcp reset
    meta mark 3 meta l4proto tcp reject with icmpv6 no-route
    meta l4proto != {{ tcp, udp }} oif != "lo" ip daddr != {around.subnet} drop
    meta nfproto ipv6 oif != "lo" drop
  }}
  chain arrive {{
    type filter hook input priority 0; policy accept;
    meta mark 2 meta l4proto udp reject
    meta mark 3 meta l4proto udp reject with icmpv6 no-route
  }}
}}
"""


def described(egress: Egress, allow: Iterable[str]) -> str:
    """Return the line that names the policy for a reader of the verdict."""
    match egress:
        case Egress.OBSERVED:
            ports, hosts = platform.EGRESS_DROPPED_PORTS.value, platform.BLOCKED_HOSTS.value
            policy = f"ports {_listed(ports)} dropped, no IPv6, {' and '.join(hosts)} not resolved"
        case Egress.DOCUMENTED:
            policy = f"all but ports {_listed(platform.EGRESS_OPEN_PORTS.value)} dropped, no IPv6"
        case Egress.OPEN:
            return f"egress {egress}: not limited, real services can be reached"
    names = ", ".join(allow)
    beyond = f"only {names} outside of the run's network" if names else "nothing outside of the run's network"
    return f"egress {egress}: {policy}; {beyond}"


def _policy(egress: Egress) -> Iterator[str]:
    """What the platform is taken to close, wherever it leads."""
    if egress is Egress.OBSERVED:
        yield f"tcp dport {{ {_listed(platform.EGRESS_DROPPED_PORTS.value)} }} goto {DROPPED}"
    if egress is Egress.DOCUMENTED:
        yield f"th dport != {{ {_listed(platform.EGRESS_OPEN_PORTS.value)} }} goto {DROPPED}"


def _elements(items: Iterable[str]) -> str:
    listed = ", ".join(items)
    return f"elements = {{ {listed} }}" if listed else ""


def _listed(ports: Iterable[int]) -> str:
    return ", ".join(map(str, ports))
