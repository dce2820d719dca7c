"""A Space calls no host whose name the platform does not resolve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.docks.conditions import Egress
from spacedock.evidence.addresses import addresses
from spacedock.evidence.denials import Denials
from spacedock.space import Space

_HOSTS = " and ".join(platform.BLOCKED_HOSTS.value)


class CallsNoBlockedHost(Promise):
    """What was reported only: the platform names no such hosts, and may free one or add others."""

    title = "it calls no host that the platform keeps from Spaces"
    reason = f"For some hosts, {_HOSTS} among them, Spaces are given no address, whatever the port."
    consequence = (
        "On Hugging Face the call fails with `No address associated with hostname`, which reads as if the "
        "network were broken, and works everywhere else."
    )
    remedy = (
        "let a relay of your own outside of Hugging Face make the call (a worker, a small server), at a host "
        "name of yours and port 443; bots that poll run better elsewhere altogether"
    )
    source = "platform fact BLOCKED_HOSTS (reported, not documented); incident blocked-host-443"
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (Denials,)

    def wants(self, _space: Space) -> tuple[Denials, ...]:
        """What the Space as deployed tried."""
        return (Denials(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Read where the manifest points; then see what a boot asked for, whether it came up or not."""
        if seen.conditions.egress is Egress.OBSERVED:
            for address in addresses(space):
                if address.host in platform.BLOCKED_HOSTS.value:
                    yield self.problem(f"{address}, whose name is not resolved for Spaces")
        denied = seen(Denials())
        for denial in denied.tries:
            if denial.blocked:
                yield self.problem(f"it tried {denial}", log=denied.log)
