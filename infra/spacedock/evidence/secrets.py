"""Boots without secrets, and where the secrets of a boot are told to whoever reads or asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from itertools import chain
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, Surroundings, Unavailable
from spacedock.evidence.boots import Booted, BootFacts
from spacedock.evidence.markup import Script
from spacedock.evidence.routes import RoutesAsked
from spacedock.evidence.visited import Visited, Visits
from spacedock.space import Space

_NEEDS = frozenset({Capability.BOOT, Capability.VARY, Capability.LOGS, Capability.SERVICES})
_ANSWER = "the answer to "


def specs_without_secrets(space: Space) -> tuple[BootSpec, ...]:
    """Return a boot for each required secret withheld alone, for all withheld, and for all blank."""
    required = frozenset(space.manifest.required_secrets)
    without = [frozenset({name}) for name in sorted(required)]
    if len(required) > 1:
        without.append(required)
    specs = [BootSpec(purpose=f"without {', '.join(sorted(names))}", withheld=names) for names in without]
    if required:
        specs.append(BootSpec(purpose="with blank secrets", blank=required))
    return tuple(specs)


@dataclass(frozen=True)
class BootedWithout(Booted):
    """How a boot without secrets went, and what it said of them."""

    needs: ClassVar = _NEEDS


@dataclass(frozen=True)
class Leak:
    """Where secrets are told: `names` are theirs, their values stay here."""

    place: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Leaks:
    """How a boot stood once it had been visited, and what it tells."""

    facts: BootFacts
    found: tuple[Leak, ...]


@dataclass(frozen=True)
class LeakedSecrets(Evidence[Leaks]):
    """The secrets of the run that a boot wrote into its log, or its server into an answer."""

    spec: BootSpec = AS_DEPLOYED

    needs: ClassVar = _NEEDS

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is visited."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> Leaks:
        """Look for each value where it must not be."""
        visits, canaries = around.look(Visited(self.spec)), around.dock.canaries
        leaks = (Leak(place, tuple(_names_in(text, canaries))) for place, text in _told(visits))
        return Leaks(visits.facts, tuple(leak for leak in leaks if leak.names))


@dataclass(frozen=True)
class ToldSecrets(Evidence[tuple[Leak, ...]]):
    """The secrets of the run in any answer that anybody was given, and in what any instance wrote.

    Whatever was gathered for another promise is searched too: by then nobody asks any more.
    """

    needs: ClassVar = _NEEDS
    concludes: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Leak, ...]:
        """Ask what the Space names itself, then search all that there is."""
        if around.can_show(RoutesAsked):
            with suppress(Unavailable):
                around.look(RoutesAsked())
        canaries, shown = around.dock.canaries, _shown_by_callers(around.space)
        leaks: dict[str, Leak] = {}
        for place, text in _every_text(around):
            names = tuple(
                name
                for name in _names_in(text, canaries)
                if name not in shown.get(place.removeprefix(_ANSWER), ())
            )
            if names:
                leaks.setdefault(place, Leak(place, names))
        return tuple(leaks.values())


def _names_in(text: str, canaries: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the name of each secret whose value is in `text`."""
    return (name for name, values in canaries.items() if any(value in text for value in values))


def _shown_by_callers(space: Space) -> dict[str, tuple[str, ...]]:
    """Return which secrets the manifest's requests bring themselves: an echo of those tells nobody more."""
    manifest = space.manifest
    requests = [*manifest.requests, *([manifest.state.write, manifest.state.read] if manifest.state else [])]
    return {
        f"{each.method} {each.path}": tuple(
            name
            for name in manifest.secrets
            if any(re.search(rf"\$\{{?{name}\b", value) for value in each.headers.values())
        )
        for each in requests
    }


def _every_text(around: Surroundings) -> Iterator[tuple[str, str]]:
    """Yield what was answered, and what was written, and where."""
    for instance in around.every_instance():
        yield f"the log ({instance.spec.purpose})", instance.logs()
    for value in around.held():
        yield from _texts_of(value)


def _texts_of(value: object) -> Iterator[tuple[str, str]]:
    """Yield the answers and scripts in a piece of evidence, however deep; what it was given is none."""
    if isinstance(value, Reply):
        yield f"{_ANSWER}{value.method} {value.path}", _all_of(value)
    elif isinstance(value, Script):
        yield (f"{_ANSWER}GET {value.place}" if value.place else "a script of the page"), value.text
    elif isinstance(value, list | tuple):
        yield from chain.from_iterable(map(_texts_of, value))
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_texts_of, value.values()))
    elif is_dataclass(value) and not isinstance(value, BootSpec | type):
        yield from chain.from_iterable(_texts_of(getattr(value, field.name)) for field in fields(value))


def _told(visits: Visits) -> Iterator[tuple[str, str]]:
    """Yield what a boot tells, and where."""
    yield "the log", visits.facts.log
    for reply in visits.replies:
        yield f"{_ANSWER}GET {reply.path}", _all_of(reply)


def _all_of(reply: Reply) -> str:
    headers = (f"{name}: {value}" for name, value in reply.headers.items())
    return "\n".join((*headers, reply.text))
