"""`python -m backend.ingest [PATH]`: bring the collection up to date with the chapters in a folder."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import warnings
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from backend.book.chapters import Chunk, read_book
from backend.book.errors import IngestionError, StoppedError
from backend.book.index import Index, Summary
from backend.book.progress import Progress
from backend.config import ConfigurationError, Settings, load_settings
from backend.services.base import AwayError

TEXTBOOK = Path(__file__).with_name("textbook")
GOES_ON = "What is written stays; the same command goes on from there."


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code.

    0 when the collection is up to date, 1 when a service is away or the collection cannot take the book,
    2 when the chapters cannot be used, 78 (EX_CONFIG) without settings, 130 or 143 when a signal said stop.
    """
    options = _parse(arguments)
    progress = Progress(sys.stderr)
    try:
        settings = load_settings()
        summary = asyncio.run(_stoppable(_ingest(settings, read_book(options.path), progress)))
    except ConfigurationError as problem:
        code, said = os.EX_CONFIG, str(problem)
    except AwayError as reason:
        code, said = 1, f"Not finished: {reason.service} is away: {reason}. {GOES_ON}"
    except StoppedError as stop:
        code, said = stop.exit_code, f"{stop}. {GOES_ON}"
    except KeyboardInterrupt:
        code, said = 128 + signal.SIGINT, f"Stopped. {GOES_ON}"
    except IngestionError as problem:
        code, said = problem.exit_code, str(problem)
    else:
        progress.close()
        sys.stdout.write(f"{summary}\n")
        return 0
    progress.close()
    sys.stderr.write(f"{said}\n")
    return code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m backend.ingest",
        description="Bring the collection in Qdrant up to date with the Markdown chapters in a folder.",
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        default=TEXTBOOK,
        metavar="PATH",
        help="the folder (default: %(default)s)",
    )
    return parser.parse_args(arguments)


async def _ingest(settings: Settings, chunks: Sequence[Chunk], progress: Progress) -> Summary:
    # What a refused start need not wait for.
    from backend.book.patience import PatientEmbedder  # noqa: PLC0415
    from backend.book.store import QdrantStore  # noqa: PLC0415
    from backend.services.openai import OpenAI  # noqa: PLC0415
    from backend.services.qdrant import Qdrant  # noqa: PLC0415

    # A Qdrant without TLS is for development; Qdrant Cloud has no other than https.
    warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
    qdrant, openai = Qdrant(settings), OpenAI(settings)
    store = QdrantStore(qdrant.client, settings.qdrant_collection_name)
    index = Index(store, PatientEmbedder(openai), model=settings.openai_embedding_model)
    try:
        return await index.update(chunks, progress)
    finally:
        await openai.close()
        await qdrant.close()


async def _stoppable(work: Coroutine[Any, Any, Summary]) -> Summary:
    """Return what the work returns. SIGINT and SIGTERM cancel it; then StoppedError is raised."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    seen: list[int] = []

    def stop(number: int) -> None:
        seen.append(number)
        task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if seen:
            raise StoppedError(seen[0]) from None
        raise
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _stop(number: int, _: object) -> None:
    raise StoppedError(number)


if __name__ == "__main__":
    # The kernel drops a SIGTERM for which PID 1 has no handler.
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main())
