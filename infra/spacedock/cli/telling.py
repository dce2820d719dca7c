"""What a run tells a person while it goes on: what files show at once, then each boot and each finding."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Finding, Outcome
from spacedock.run.events import BootEnded, Booting, Event, Found, Left, Repeated
from spacedock.verdict.terminal import show_finding


class Telling:
    """Hears a run: what is broken in the files is shown before anything is built, all else is progress."""

    def __init__(self, console: Console, progress: ConsoleProgress, promises: int) -> None:
        self._console = console
        self._progress = progress
        self._promises = promises
        self._judged: set[str] = set()
        self._shown = False

    def __call__(self, event: Event) -> None:
        """Say what happened, where it is worth a line."""
        match event:
            case Booting(spec):
                self._progress.tell(f"booting {spec.purpose}")
            case BootEnded(spec, result):
                self._progress.tell(f"booted {spec.purpose}: {result}")
            case Found(finding, ahead, final):
                if ahead and finding.outcome is Outcome.BROKEN:
                    self._show_at_once(finding)
                if final:
                    self._count(finding)
            case Repeated(why):
                self._judged.clear()
                self._progress.tell(why)
            case Left(why):
                self._progress.tell(f"{why}: what is left of this run, the next one takes away")
            case _:
                pass

    def _count(self, finding: Finding) -> None:
        self._judged.add(finding.promise.id)
        if finding.outcome is not Outcome.NOT_ASKED:
            number = f"{len(self._judged)} of {self._promises}"
            self._progress.tell(f"{number}: {finding.promise.id} {finding.outcome}")

    def _show_at_once(self, finding: Finding) -> None:
        if not self._shown:
            self._shown = True
            self._console.print(Text("in its files, before anything is built:", style="bold"))
        show_finding(self._console, finding)
