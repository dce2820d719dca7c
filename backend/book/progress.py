"""How far an ingestion is: a moving line on a terminal, now and then a line elsewhere."""

from __future__ import annotations

from typing import TextIO

EVERY = 10  # batches between two lines in a log


class Progress:
    """Tells `stream` how many chunks of how many are written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._moving = stream.isatty()
        self._batches = 0
        self._open = False  # whether the cursor stands behind a line without an end

    def __call__(self, written: int, total: int) -> None:
        self._batches += 1
        line = f"{written} of {total} chunks written"
        if self._moving:
            self._stream.write(f"\r{line}\x1b[K")
            self._stream.flush()
            self._open = True
        elif self._batches % EVERY == 0 or written == total:
            self._stream.write(f"{line}\n")
            self._stream.flush()

    def close(self) -> None:
        """End a moving line, so that what is written next starts on its own."""
        if self._open:
            self._stream.write("\n")
            self._open = False
