"""The runs of one pytest session, one a Space: opened when a test first asks, closed after the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.choose import choose
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.dock import Dock, OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.errors import NoConsentError, SpacedockError
from spacedock.evidence.base import NotBuilt
from spacedock.options import TRUST
from spacedock.printable import printable_line
from spacedock.run.loop import Run
from spacedock.run.observations import observations
from spacedock.runs import OpenRun, open_run
from spacedock.screen import screen
from spacedock.space import Space, read_space
from spacedock.verdict.terminal import problem_lines

Shown = Callable[[str], AbstractContextManager[None]]


class DockedSpace:
    """A Space in its dock, for as long as tests ask for it, held at once to all that they ask."""

    def __init__(
        self,
        run: Run,
        asked: list[Promise],
        shown: Shown,
        *,
        strict: bool,
        not_run: NoConsentError | None = None,
    ) -> None:
        self.space: Space = run.space
        self.not_run = not_run  # why its files alone are looked at
        self.strict = strict
        self.observations: tuple[str, ...] = ()
        self._run = run
        self._asked = asked
        self._shown = shown
        self._findings: dict[str, Finding] = {}

    @property
    def dock(self) -> OpenDock:
        """The dock. Raises SpaceBuildError where the Space does not build, NoConsentError where none is."""
        if self.not_run:
            raise self.not_run
        try:
            return self._run.gathering.dock
        except NotBuilt as error:
            raise error.error from None

    @property
    def dock_name(self) -> str:
        """Which dock it is in, whether it builds there or not."""
        return self._run.dock_name

    @property
    def header(self) -> tuple[str, ...]:
        """What a reader must know of the dock."""
        return tuple(str(self.not_run).splitlines()) if self.not_run else self._run.header

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, of the promises that were asked for."""
        return tuple(self._findings.values())

    def finding(self, promise: Promise) -> Finding:
        """Return what is found of a promise; with the first all others are judged too, side by side."""
        if promise.id not in self._findings:
            asked = [promise, *(each for each in self._asked if each.id != promise.id)]
            with self._shown(f"holding it to {len(asked)} promises"):
                self._findings |= {found.promise.id: found for found in self._run.judge(asked)}
        return self._findings[promise.id]

    def ready(self) -> FullInstance:
        """Return the Space as deployed. Raises NotReady unless it answers, NoConsentError if it may not."""
        if self.not_run:
            raise self.not_run
        return self._run.gathering.ready(AS_DEPLOYED)

    def leave(self) -> None:
        """Look once more, before its dock is closed."""
        self.observations = observations(self.space, self._run)


class Session:
    """Opens each Space once."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._docked: dict[Path, DockedSpace] = {}
        self._open: dict[Path, ExitStack] = {}
        self._seen: list[DockedSpace] = []
        self._refused: dict[Path, SpacedockError] = {}

    def dock(self, place: Path, asked: list[Promise]) -> DockedSpace:
        """Return the Space at `place` in its dock.

        Raises a SpacedockError when it cannot be had there; tried once, however many tests ask.
        """
        if place in self._refused:
            raise self._refused[place]
        if place not in self._docked:
            try:
                self._docked[place] = self._enter(place, asked)
            except SpacedockError as error:
                self._refused[place] = error
                self._close(place)
                raise
            self._seen.append(self._docked[place])
        return self._docked[place]

    def leave(self, place: Path) -> None:
        """Close the dock of the Space at `place`: its instances may hold ports that another Space wants."""
        if docked := self._docked.pop(place, None):
            docked.leave()
        self._close(place)

    def close(self) -> None:
        """Close every dock that is open."""
        for place in tuple(self._open):
            self.leave(place)

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Say which dock each Space was in, and which broken `should` did not turn the run red."""
        for docked in self._seen:
            reporter.section(_title(docked))
            for line in docked.header:
                reporter.line(printable_line(line))
            for line in docked.observations:
                reporter.line(printable_line(f"observed: {line}"))
            for finding in docked.findings:
                if finding.outcome is Outcome.BROKEN and not finding.is_red(strict=docked.strict):
                    _show(reporter, finding)

    def _enter(self, place: Path, asked: list[Promise]) -> DockedSpace:
        space = read_space(place)
        stack = self._open[place] = ExitStack()
        opened = stack.enter_context(open_run())
        with self._progress() as progress:
            dock = self._choose(space, opened, progress)
            not_run = dock if isinstance(dock, NoConsentError) else None
            run = stack.enter_context(Run(space, None if isinstance(dock, NoConsentError) else dock))
            run.enter()
        strict = self._config.getoption("--strict-promises")
        docked = DockedSpace(run, asked, self._shown, strict=strict, not_run=not_run)
        with self._progress() as progress:
            progress.tell(_title(docked), *docked.header)
        return docked

    def _choose(self, space: Space, opened: OpenRun, progress: ConsoleProgress) -> Dock | NoConsentError:
        """Return the dock, or why the Space may not run: then its files alone are looked at."""
        option = self._config.getoption
        trusted = TRUST.given(option(TRUST.flag))
        try:
            return choose(
                option("--dock"), space, opened, progress, _conditions(self._config), trusted=trusted
            )
        except NoConsentError as error:
            return error

    @contextmanager
    def _progress(self) -> Iterator[ConsoleProgress]:
        """Let what is said now be seen past pytest's capture: a build takes longer than anybody waits."""
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with (
            capture.global_and_fixture_disabled() if capture else nullcontext(),
            ConsoleProgress(screen(stderr=True)) as progress,
        ):
            yield progress

    @contextmanager
    def _shown(self, step: str) -> Iterator[None]:
        with self._progress() as progress, progress(step):
            yield

    def _close(self, place: Path) -> None:
        if stack := self._open.pop(place, None):
            stack.close()


def _conditions(config: pytest.Config) -> Conditions:
    return Conditions(
        Egress(config.getoption("--egress")),
        Manner(config.getoption("--edge")),
        config.getoption("--time-scale"),
    )


def _title(docked: DockedSpace) -> str:
    where = "by its files alone" if docked.not_run else f"in the {docked.dock_name} dock"
    return printable_line(f"{docked.space.manifest.space.id} {where}")


def _show(reporter: pytest.TerminalReporter, finding: Finding) -> None:
    reporter.line(f"should, and does not: {finding.promise.id}", yellow=True)
    for problem in finding.problems:
        for line in problem_lines(problem):
            reporter.line(f"  {line}")
