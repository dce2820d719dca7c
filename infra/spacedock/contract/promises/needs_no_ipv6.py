"""A Space gets by with IPv4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.addresses import addresses
from spacedock.evidence.denials import Denials
from spacedock.space import Space


class NeedsNoIpv6(Promise):
    """Hosts that have no IPv4 address are known by name, or seen where the Space tries them."""

    title = "it connects to nothing over IPv6"
    reason = "The platform has no route for IPv6, and some hosts have no other address."
    consequence = (
        "On Hugging Face it meets `Network is unreachable`, which is often told as `port 5432 is blocked`."
    )
    remedy = (
        "use a host that has an IPv4 address: for Supabase the pooler's (`*.pooler.supabase.com`, port 5432 "
        "for session mode, 6543 for transaction mode) in place of `db.<ref>.supabase.co`"
    )
    source = "incident supabase-ipv6-only-host"
    since = "0.2"
    evidence: ClassVar = (Denials,)

    def wants(self, _space: Space) -> tuple[Denials, ...]:
        """What the Space as deployed tried."""
        return (Denials(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Read where the manifest points; then see what a boot tried, whether it came up or not."""
        for address in addresses(space):
            if address.ipv6_only:
                yield self.problem(f"{address}, which has no IPv4 address")
        denied = seen(Denials())
        for denial in denied.tries:
            if denial.ipv6:
                yield self.problem(f"it tried {denial}", log=denied.log)
