"""What a run begins with: the evidence that its promises are sure to look at, in the order that pays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacedock.contract.promise import Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.evidence.base import Evidence
from spacedock.evidence.boots import Booted
from spacedock.space import Space

# What is there once a Space has been booted as deployed, without another boot, an edge or a look into layers.
_AT_HAND = frozenset({
    Capability.FILES, Capability.BOOT, Capability.LOGS, Capability.IDENTITY, Capability.EGRESS,
})  # fmt: skip


def planned(
    promises: Iterable[Promise], space: Space, offers: frozenset[Capability]
) -> tuple[Evidence[Any], ...]:
    """Return what is sure to be looked at and can be gathered, each once.

    What has a bay of its own comes first: it breaks something and waits, while all others work.
    """
    asked = [promise.wants(space) for promise in promises if not promise.nothing_to_check(space)]
    wanted = dict.fromkeys(each for wants in asked if needs_of(wants) <= offers for each in wants)
    found = [each for each in wanted if not each.concludes]
    return tuple(sorted(found, key=lambda each: not each.disturbs))


def needs_of(evidence: Iterable[Evidence[Any]]) -> frozenset[Capability]:
    """Return what a run must be able to gather for all of it."""
    return frozenset[Capability]().union(*(each.needs for each in evidence))


def first_boot(plan: Iterable[Evidence[Any]], space: Space) -> Booted | None:
    """Return the boot that all others wait for: what does not boot need not be booted a dozen times."""
    return Booted() if any(AS_DEPLOYED in each.boots(space) for each in plan) else None


def is_at_hand(promise: Promise, space: Space) -> bool:
    """Whether all that it is sure to look at comes with the files or the boot as deployed."""
    return all(
        each.needs <= _AT_HAND and not each.disturbs and set(each.boots(space)) <= {AS_DEPLOYED}
        for each in promise.wants(space)
    )
