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


def planned(
    promises: Iterable[Promise], space: Space, offers: frozenset[Capability]
) -> tuple[Evidence[Any], ...]:
    """Return what is sure to be looked at and can be gathered, each once.

    What has a bay of its own comes first: it breaks something and waits, while all others work.
    """
    asked = (promise for promise in promises if not promise.nothing_to_check(space))
    wanted = dict.fromkeys(each for promise in asked for each in promise.wants(space))
    found = [each for each in wanted if each.needs <= offers and not each.concludes]
    return tuple(sorted(found, key=lambda each: not each.disturbs))


def first_boot(plan: Iterable[Evidence[Any]], space: Space) -> Booted | None:
    """Return the boot that all others wait for: what does not boot need not be booted a dozen times."""
    return Booted() if any(AS_DEPLOYED in each.boots(space) for each in plan) else None
