"""A Space gets by with IPv4."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.evidence.addresses import addresses
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
    needs = frozenset({Capability.EGRESS})

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Read where the manifest points; then see what a boot tried, whether it came up or not."""
        for address in addresses(space):
            if address.ipv6_only:
                yield self.problem(f"{address}, which has no IPv4 address")
        instance = instances.boot(AS_DEPLOYED)
        for denial in instance.denials():
            if denial.ipv6:
                yield self.problem(f"it tried {denial}", instance=instance)
