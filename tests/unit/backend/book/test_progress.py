"""What is seen of an ingestion that takes a while."""

from __future__ import annotations

from io import StringIO

from backend.book.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_moves() -> None:
    screen = Terminal()
    progress = Progress(screen)
    progress(64, 100)
    progress(100, 100)
    progress.close()
    assert screen.getvalue() == "\r64 of 100 chunks written\x1b[K\r100 of 100 chunks written\x1b[K\n"


def test_a_line_that_was_not_begun_is_not_ended() -> None:
    screen = Terminal()
    Progress(screen).close()
    assert screen.getvalue() == ""


def test_a_line_is_ended_once() -> None:
    screen = Terminal()
    progress = Progress(screen)
    progress(1, 1)
    progress.close()
    progress.close()
    assert screen.getvalue().count("\n") == 1


def test_elsewhere_every_tenth_batch_and_the_last_one_have_a_line() -> None:
    log = StringIO()
    progress = Progress(log)
    for batch in range(1, 26):
        progress(batch, 25)
    progress.close()
    assert log.getvalue().splitlines() == [f"{n} of 25 chunks written" for n in (10, 20, 25)]
