"""The docks of one pytest session, one a Space: opened when a test first asks, closed after the last."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from spacedock.console import ConsoleProgress
from spacedock.contract.base import Finding, Outcome, Promise
from spacedock.contract.examine import start_ahead
from spacedock.contract.instances import Instances
from spacedock.contract.observations import observations
from spacedock.docks.choose import choose
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.dock import OpenDock
from spacedock.docks.unbuilt import entered
from spacedock.edge.base import Manner
from spacedock.errors import SpacedockError
from spacedock.runs import open_run
from spacedock.space import Space, read_space
from spacedock.verdict.model import is_red
from spacedock.verdict.terminal import problem_lines


@dataclass
class DockedSpace:
    """A Space in its dock, for as long as tests ask for it."""

    space: Space
    dock: OpenDock
    instances: Instances
    strict: bool
    findings: list[Finding] = field(default_factory=list)
    observations: tuple[str, ...] = ()


class Session:
    """Opens each Space once, with its boots started ahead."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._docked: dict[Path, DockedSpace] = {}
        self._open: dict[Path, ExitStack] = {}
        self._seen: list[DockedSpace] = []
        self._refused: dict[Path, SpacedockError] = {}

    def boot(self, place: Path, asked: list[Promise]) -> DockedSpace:
        """Return the Space at `place` in its dock.

        Raises a SpacedockError when it cannot be had there; tried once, however many tests ask.
        """
        if place in self._refused:
            raise self._refused[place]
        if place not in self._docked:
            # A build takes longer than anybody waits without a word; let it be seen past pytest's capture.
            capture = self._config.pluginmanager.getplugin("capturemanager")
            with capture.global_and_fixture_disabled() if capture else ExitStack():
                try:
                    self._docked[place] = self._enter(place, asked)
                except SpacedockError as error:
                    self._refused[place] = error
                    raise
            self._seen.append(self._docked[place])
        return self._docked[place]

    def leave(self, place: Path) -> None:
        """Close the dock of the Space at `place`: its instances may hold ports that another Space wants."""
        if booted := self._docked.pop(place, None):
            booted.observations = observations(booted.space, booted.instances)
        if stack := self._open.pop(place, None):
            stack.close()

    def close(self) -> None:
        """Close every dock that is open."""
        for place in tuple(self._open):
            self.leave(place)

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Say which dock each Space was in, and which broken `should` did not turn the run red."""
        for booted in self._seen:
            reporter.section(_title(booted.space, booted.dock))
            for line in booted.dock.header:
                reporter.line(line)
            for line in booted.observations:
                reporter.line(f"observed: {line}")
            for finding in booted.findings:
                if finding.outcome is Outcome.BROKEN and not is_red(finding, strict=booted.strict):
                    _show(reporter, finding)

    def _enter(self, place: Path, asked: list[Promise]) -> DockedSpace:
        space = read_space(place)
        stack = self._open[place] = ExitStack()
        run = stack.enter_context(open_run())
        console = Console(stderr=True)
        with ConsoleProgress(console) as progress:
            dock = choose(self._config.getoption("--dock"), space, run, progress, _conditions(self._config))
            opened = stack.enter_context(entered(dock))
        for line in (_title(space, opened), *opened.header):
            console.print(line, style="dim", markup=False, highlight=False)
        instances = stack.enter_context(Instances(opened))
        start_ahead(asked, space, instances)
        return DockedSpace(space, opened, instances, self._config.getoption("--strict-promises"))


def _conditions(config: pytest.Config) -> Conditions:
    return Conditions(
        Egress(config.getoption("--egress")),
        Manner(config.getoption("--edge")),
        config.getoption("--time-scale"),
    )


def _title(space: Space, dock: OpenDock) -> str:
    return f"{space.manifest.space.id} in the {dock.name} dock"


def _show(reporter: pytest.TerminalReporter, finding: Finding) -> None:
    reporter.line(f"should, and does not: {finding.promise.id}", yellow=True)
    for problem in finding.problems:
        for line in problem_lines(problem):
            reporter.line(f"  {line}")
