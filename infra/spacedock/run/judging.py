"""Judges one promise by the evidence of a run: whatever happens, one finding comes of it."""

from __future__ import annotations

import time
from typing import Any, TypeVar

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Problem, Promise, tail
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions
from spacedock.errors import InternalError, MachineError, SpacedockError, unforeseen
from spacedock.evidence.base import CannotShow, Evidence, NotSeen, Unavailable
from spacedock.run.gathering import Gathering
from spacedock.run.instances import Superseded
from spacedock.run.interference import Suspected

T = TypeVar("T")

_REPORT = "report it to the project, with this line"


class Look:
    """What a judgement sees through: only evidence of the kinds that its promise names."""

    def __init__(self, promise: Promise, gathering: Gathering, offers: frozenset[Capability]) -> None:
        self._kinds = promise.evidence
        self._gathering = gathering
        self._offers = offers

    @property
    def conditions(self) -> Conditions:
        """What the platform is taken to do in this run."""
        return self._gathering.conditions

    def can_show(self, *kinds: type[Evidence[Any]]) -> bool:
        """Whether evidence of these kinds can be gathered."""
        return all(kind.needs <= self._offers for kind in kinds)

    def __call__(self, evidence: Evidence[T]) -> T:
        """Return what is seen."""
        if type(evidence) not in self._kinds:
            raise TypeError(f"{type(evidence).__name__} is not among the evidence that the promise names")
        if missing := evidence.needs - self._offers:
            raise CannotShow(missing)
        return self._gathering.look(evidence)


def judge(promise: Promise, gathering: Gathering, offers: frozenset[Capability], where: str) -> Finding:
    """Return the finding of one promise. Raises Suspected and Superseded, which end the go of the run.

    `offers` is what it may look at: files alone, for a finding ahead of any boot. `where` names who cannot
    show the rest.
    """
    if nothing := promise.nothing_to_check(gathering.space):
        return Finding(promise, Outcome.NOT_ASKED, detail=nothing)
    began = time.monotonic()
    outcome, detail, log, blame = Outcome.KEPT, "", "", ""
    failure = InternalError.exit_code
    problems: list[Problem] = []
    try:
        problems.extend(promise.judge(gathering.space, Look(promise, gathering, offers)))
    except CannotShow as error:
        # Where only files were looked at because the rest would not do, that rest is what is missing.
        lacks = error.missing - gathering.offers or promise.needs - gathering.offers
        outcome, detail = Outcome.NOT_PROVEN, f"{where} cannot show: {error.why or CannotShow(lacks)}"
    except NotSeen as error:
        outcome, detail = Outcome.NOT_PROVEN, str(error)
    except Unavailable as error:
        outcome, detail, log, blame = Outcome.BLOCKED, error.detail, tail(error.log), error.blame
    except (Suspected, Superseded):
        raise
    except Exception as error:  # a defect of ours costs this one finding
        outcome, detail = Outcome.ERROR, explained(error)
        failure = error.exit_code if isinstance(error, SpacedockError) else InternalError.exit_code
    if problems:
        outcome = Outcome.BROKEN
    return Finding(promise, outcome, tuple(problems), detail, log, time.monotonic() - began, blame, failure)


def explained(error: Exception) -> str:
    """Say what failed: in its own words where the user can mend it, else with the place to report."""
    if isinstance(error, SpacedockError):
        return str(error)
    told = unforeseen(error)
    return str(told) if isinstance(told, MachineError) else f"{told.what}; {_REPORT}"
