"""What the last lines of a program say of why it ended, and what mends that, with the Space's files in view.

Each module of this room knows one kind of thing that is missing or refused. Of what several find, that counts
which stands last: what ends a program is said at its end.
"""

from __future__ import annotations

from spacedock.contract.causes.base import Finder, ToldCause, last_words, tail_of
from spacedock.contract.causes.commands import commands
from spacedock.contract.causes.files import files
from spacedock.contract.causes.hosts import hosts
from spacedock.contract.causes.libraries import libraries
from spacedock.contract.causes.modules import modules
from spacedock.contract.causes.pointers import pointers
from spacedock.contract.causes.settings import settings
from spacedock.contract.causes.steps import steps
from spacedock.contract.causes.users import users
from spacedock.space import Space

_OF_AN_EXIT: tuple[Finder, ...] = (libraries, commands, hosts, modules, files, pointers, settings)


def cause_of_exit(log: str, space: Space) -> ToldCause | None:
    """Return what ended a program, where its log tells."""
    return _last(last_words(log), space, _OF_AN_EXIT)


def cause_of_denial(log: str, space: Space) -> ToldCause | None:
    """Return what a program wanted that uid 1000 may not, where its log tells more than a denied path."""
    return _last(last_words(log), space, (users,))


def cause_of_failed_step(log: str, space: Space) -> ToldCause | None:
    """Return why a step of a build failed, where the builder's log tells."""
    return _last(tail_of(log), space, (steps,))


def _last(text: str, space: Space, finders: tuple[Finder, ...]) -> ToldCause | None:
    found = [cause for finder in finders for cause in finder(text, space)]
    return max(found, key=lambda cause: cause.at, default=None)
