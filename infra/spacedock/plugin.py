"""The pytest plugin: options and fixtures.

Loaded by every pytest run of an environment that has it, so that nothing heavy is imported here: docker,
the docks and the services come with the first test that asks for a Space.
"""

from __future__ import annotations

import threading
from argparse import ArgumentTypeError
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from spacedock.options import SHARED, Choice, Consent, Number, Shared

if TYPE_CHECKING:
    from spacedock.contract.promise import Promise
    from spacedock.docks.instance import FullInstance
    from spacedock.session import DockedSpace, Session

_SESSION = pytest.StashKey["Session"]()
_SIGNALS = pytest.StashKey["ExitStack"]()
_WANTED = pytest.StashKey["Counter[Path]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `spacedock check` has too."""
    group = parser.getgroup("spacedock", "Hugging Face Docker Spaces")
    for option in SHARED:
        _add(group, option)
    group.addoption("--space", default=".", help="folder or manifest of the Space; default: pytest's root")
    group.addoption(
        "--strict-promises", action="store_true", help="count a broken `should` as broken (default: show it)"
    )


def _add(group: pytest.OptionGroup, option: Shared) -> None:
    if isinstance(option, Choice):
        group.addoption(option.flag, choices=option.choices, default=str(option.default), help=option.help)
    elif isinstance(option, Consent):
        group.addoption(option.flag, action="store_true", help=option.help)
    else:
        group.addoption(
            option.flag,
            type=partial(_within, option),
            default=option.default,
            help=f"{option.help} Within {option.range}.",
            metavar=option.metavar,
        )


def _within(option: Number, text: str) -> float:
    try:
        return option.read(text)
    except ValueError as error:
        raise ArgumentTypeError(error) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test a promise."""
    if "spacedock_promise" not in metafunc.fixturenames:
        return
    from spacedock.contract.registry import all_promises

    promises = all_promises()
    waived = dict(getattr(metafunc.cls, "waived", {}))
    owner = metafunc.cls.__name__ if metafunc.cls else metafunc.function.__name__
    if unknown := sorted(set(waived) - {promise.id for promise in promises}):
        raise pytest.UsageError(f"{owner}.waived names no promise: {', '.join(unknown)}")
    if bare := sorted(name for name, reason in waived.items() if not reason.strip()):
        raise pytest.UsageError(f"{owner}.waived gives no reason for: {', '.join(bare)}")
    metafunc.parametrize(
        "spacedock_promise", [_parameter(promise, waived.get(promise.id)) for promise in promises]
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the tests that want each Space, so that its dock can be closed after the last of them."""
    session.config.stash[_WANTED] = Counter(
        _place(session.config, item) for item in session.items if _wants_space(item)
    )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Close the dock of a Space that no later test wants."""
    if _wants_space(item):
        wanted = item.config.stash[_WANTED]
        place = _place(item.config, item)
        wanted[place] -= 1
        if not wanted[place] and (session := item.config.stash.get(_SESSION, None)):
            session.leave(place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which Spaces were looked at in which dock."""
    if session := config.stash.get(_SESSION, None):
        session.summarize(terminalreporter)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running, however the session ended."""
    try:
        if session := config.stash.get(_SESSION, None):
            session.close()
    finally:
        if signals := config.stash.get(_SIGNALS, None):
            signals.close()


@pytest.fixture
def spacedock_docked(request: pytest.FixtureRequest) -> DockedSpace:
    """The Space of the test's class (`space = ...`), or of `--space`, in its dock."""
    place = _place(request.config, request.node)
    asked = [
        cast("Promise", item.callspec.params["spacedock_promise"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and "spacedock_promise" in item.fixturenames
        and _place(request.config, item) == place
    ]
    from spacedock.errors import SpacedockError

    try:
        return _session(request.config).dock(place, asked)
    except SpacedockError as error:
        refusal = str(error)
    pytest.fail(refusal, pytrace=False)  # outside of `except`, or pytest shows how the error came about


@pytest.fixture
def spacedock_instance(spacedock_docked: DockedSpace) -> FullInstance:
    """The Space as deployed, ready, answering at `spacedock_instance.url`. Shared: look, do not break."""
    return spacedock_docked.ready()


def _session(config: pytest.Config) -> Session:
    from spacedock.session import Session

    if _SESSION not in config.stash:
        config.stash[_SIGNALS] = _ended_by_signals()
        config.stash[_SESSION] = Session(config)
    return config.stash[_SESSION]


def _ended_by_signals() -> ExitStack:
    """Have what ends a job end the session in order: only where a Space is in its dock."""
    from spacedock.signals import ended_by_signals

    stack = ExitStack()
    if threading.current_thread() is threading.main_thread():
        stack.enter_context(ended_by_signals(lambda code: pytest.exit("ended by a signal", returncode=code)))
    return stack


def _wants_space(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "spacedock_docked" in item.fixturenames


def _place(config: pytest.Config, item: pytest.Item) -> Path:
    """Return where a test's Space lies: as its class says, else as the command line does."""
    owner = item.cls if isinstance(item, pytest.Function) else None
    where: str | Path = getattr(owner, "space", None) or config.getoption("--space")
    return (config.rootpath / where).resolve()


def _parameter(promise: Promise, reason: str | None) -> object:
    marks = [pytest.mark.xfail(reason=f"waived: {reason}", strict=True)] if reason else []
    return pytest.param(promise, id=promise.id, marks=marks)
