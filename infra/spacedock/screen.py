"""The one way to show anything: a console on which every line is printable, whoever said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

from spacedock.printable import MOST_CHARACTERS, printable, printable_line


def screen(*, stderr: bool = False, file: IO[str] | None = None, width: int | None = None) -> Console:
    """Return a console for stdout, stderr or `file`; text is text to it, and never markup."""
    made = Console(stderr=stderr, file=file, width=width, markup=False, emoji=False, highlight=False)
    made.push_render_hook(_Boundary())
    return made


class _Boundary(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Printable(_bounded(each)) for each in renderables]


@dataclass(frozen=True)
class _Printable:
    """Shows what it holds as the console has broken it into lines, each of them printable."""

    renderable: Any

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        segments = console.render(self.renderable, options)
        for line, broken in Segment.split_lines_terminator(segments):
            text = "".join(segment.text for segment in line if not segment.control)
            shown = printable_line(text)
            yield from line if shown == text else [Segment(shown, line[0].style)]
            if broken:
                yield Segment.line()


def _bounded(renderable: ConsoleRenderable) -> ConsoleRenderable:
    """Return a text that is long without its middle: to break it into lines would take for ever."""
    if not isinstance(renderable, Text) or len(renderable) <= MOST_CHARACTERS:
        return renderable
    return Text(printable(renderable.plain), renderable.style, end=renderable.end)
