"""Find the facts: every module of this room that holds some is a subject."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacedock.platform.fact import Fact

# The order in which a reader meets them; a subject that is not named comes last.
_ORDER = ("build", "identity", "network_in", "edge", "network_out", "environment", "hardware", "lifecycle")


@dataclass(frozen=True)
class Subject:
    """The facts of one module by name; the title is the first line of its text."""

    name: str
    title: str
    facts: Mapping[str, Fact[Any]]


def subjects() -> tuple[Subject, ...]:
    """Return the subjects with their facts, as they stand in the modules."""
    package = __name__.rpartition(".")[0]
    names = sorted((found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)])), key=_place)
    found = (_subject(name, importlib.import_module(f"{package}.{name}")) for name in names)
    return tuple(subject for subject in found if subject.facts)


def all_facts() -> Mapping[str, Fact[Any]]:
    """Return every fact by its name."""
    return {name: fact for subject in subjects() for name, fact in subject.facts.items()}


def _subject(name: str, module: Any) -> Subject:
    facts = {key: value for key, value in vars(module).items() if isinstance(value, Fact)}
    title = (module.__doc__ or name).splitlines()[0].removesuffix(".")
    return Subject(name, title, facts)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)
