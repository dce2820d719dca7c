"""A Space connects to nothing at a port that the platform closes."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Egress
from spacedock.evidence.addresses import addresses
from spacedock.space import Space


class UsesOpenPorts(Promise):
    """Asks no more than all sources agree on, unless the run takes the documentation's word (`--egress`)."""

    title = "it connects to no port that the platform closes"
    reason = "Connections to the ports of mail are not refused but dropped: each try hangs for minutes."
    consequence = (
        "On Hugging Face the connection hangs until the client's own limit, which is often none: 137 s were "
        "seen."
    )
    remedy = (
        "send mail by the provider's HTTPS API; where a service offers port 443 beside its own "
        "(Qdrant, Neon and Supabase do), use that one"
    )
    source = (
        "spaces-overview, Networking (80, 443, 8080); incidents smtp-egress-dropped, nonstandard-port-policy"
    )
    since = "0.2"
    needs = frozenset({Capability.EGRESS})

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Read where the manifest points; then see what a boot tried, whether it came up or not."""
        documented = instances.dock.conditions.egress is Egress.DOCUMENTED
        for address in addresses(space):
            if address.closed_by_all_accounts or (documented and address.closed_by_the_documentation):
                yield self.problem(f"{address}, which is closed")
        instance = instances.boot(AS_DEPLOYED)
        for denial in instance.denials():
            if denial.platform and not (denial.ipv6 or denial.blocked):
                yield self.problem(f"it tried {denial}", instance=instance)
