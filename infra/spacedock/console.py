"""Progress as a person sees it: moving on a terminal, a line a step in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from spacedock.printable import printable_line
from spacedock.progress import Say

_DETAIL_CHARACTERS = 60


class ConsoleProgress:
    """A `Progress`; steps may run side by side. A context manager that owns the moving part."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._latest: TaskID | None = None
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()

    @contextmanager
    def __call__(self, step: str, /) -> Iterator[Say]:
        """Show `step` while it runs, with its latest line, and how long it took."""
        started = time.monotonic()
        if not self._console.is_terminal:
            self._print(f"{step} ...")
        task = self._bars.add_task(_plain(step), total=None, detail="")

        def say(line: str) -> None:
            self._bars.update(task, detail=_plain(line))
            if self._verbose:
                self._print(f"  {line}")

        ended = "failed"
        try:
            yield say
            ended = "done"
        finally:
            self._bars.remove_task(task)
            self._print(f"{step}: {ended} in {time.monotonic() - started:.1f} s")

    def tell(self, *lines: str) -> None:
        """Show lines that belong to no step: in a log one below the other, on a terminal the latest."""
        for line in lines:
            if self._verbose or not self._console.is_terminal:
                self._print(line)
            elif self._latest is None:
                self._latest = self._bars.add_task(_plain(line), total=None, detail="")
            else:
                self._bars.update(self._latest, description=_plain(line))

    def _print(self, line: str) -> None:
        self._console.print(printable_line(line), style="dim", markup=False, highlight=False)


def _plain(line: str) -> str:
    """Return the line cut to one row."""
    return printable_line(line.strip()[:_DETAIL_CHARACTERS])
