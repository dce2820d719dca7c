"""A Space that lacks a secret says so and stops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.base import AS_DEPLOYED, Problem, Promise
from spacedock.contract.berths import Berths
from spacedock.docks.base import Berth, Capability, Cause, Order
from spacedock.space import Space


class NamesMissingSecrets(Promise):
    """Each required secret withheld alone, all together, and all blank: exit, naming exactly those."""

    title = "a missing secret stops the start and is named"
    reason = "Secrets are not copied when a Space is duplicated, and a pasted one is easily blank."
    consequence = (
        "Hugging Face shows RUNTIME_ERROR, `Exit code: N. Reason:` and the log's tail; "
        "what the tail does not name, the owner has to guess."
    )
    remedy = (
        "read every required setting before the server starts; when any is missing or blank, print the names "
        "of all of those, and of no other, and exit with a code that is not 0"
    )
    source = "spaces-overview, Managing secrets; incident missing-secret-crash"
    since = "0.1"
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """Without a required secret in the manifest there is nothing to withhold."""
        return "" if space.manifest.required_secrets else "the manifest names no required secret"

    def orders(self, space: Space) -> tuple[Order, ...]:
        """One boot as deployed to compare with, and one for each way of missing."""
        return (AS_DEPLOYED, *orders_without_secrets(space))

    def check(self, space: Space, berths: Berths) -> Iterator[Problem]:
        """Compare with a boot that lacks nothing: a Space that never starts says nothing of its secrets."""
        berths.ready(AS_DEPLOYED)
        for order in orders_without_secrets(space):
            berth = berths.board(order)
            if seen := _defect(space, berth):
                yield self.problem(f"{_describe(order)}: {seen}", berth=berth)


def orders_without_secrets(space: Space) -> tuple[Order, ...]:
    """Return a boot for each required secret withheld alone, for all withheld, and for all blank."""
    required = frozenset(space.manifest.required_secrets)
    without = [frozenset({name}) for name in sorted(required)]
    if len(required) > 1:
        without.append(required)
    orders = [Order(purpose=f"without {', '.join(sorted(names))}", withheld=names) for names in without]
    if required:
        orders.append(Order(purpose="with blank secrets", blank=required))
    return tuple(orders)


def _defect(space: Space, berth: Berth) -> str:
    """Return what is wrong with how a boot without secrets ended; empty when nothing is."""
    if berth.boot.cause is not Cause.EXITED:
        return "the Space started all the same" if berth.boot.ready else f"it did not exit; {berth.boot}"
    if berth.boot.exit_code == 0:
        return "it exited with code 0, as if all were well"
    log = berth.logs()
    missing = berth.order.withheld | berth.order.blank
    if unnamed := sorted(name for name in missing if not _names(log, name)):
        return f"it exited with code {berth.boot.exit_code} and does not name {', '.join(unnamed)}"
    fine = sorted(name for name in space.manifest.secrets if name not in missing and _names(log, name))
    return f"it also names {', '.join(fine)}, which is there" if fine else ""


def _names(log: str, name: str) -> bool:
    """Whether the log names a variable, in either case: settings classes print their fields in lower case."""
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", log, re.IGNORECASE) is not None


def _describe(order: Order) -> str:
    names = sorted(order.withheld or order.blank)
    which = names[0] if len(names) == 1 else f"all of {', '.join(names)}"
    return f"{which} {'not set' if order.withheld else 'set to white space'}"
