"""A Space connects to nothing at a port that the platform closes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.conditions import Egress
from spacedock.evidence.addresses import addresses
from spacedock.evidence.denials import Denials
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
    evidence: ClassVar = (Denials,)

    def wants(self, _space: Space) -> tuple[Denials, ...]:
        """What the Space as deployed tried."""
        return (Denials(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Read where the manifest points; then see what a boot tried, whether it came up or not."""
        documented = seen.conditions.egress is Egress.DOCUMENTED
        for address in addresses(space):
            if address.closed_by_all_accounts or (documented and address.closed_by_the_documentation):
                yield self.problem(f"{address}, which is closed")
        denied = seen(Denials())
        for denial in denied.tries:
            if denial.platform and not (denial.ipv6 or denial.blocked):
                yield self.problem(f"it tried {denial}", log=denied.log)
