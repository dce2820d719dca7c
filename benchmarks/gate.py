"""What a verdict costs, in plain boots and crashes of the same image, and what needs no dock.

    python -m benchmarks.gate [ROUNDS]

Prints medians in seconds, of whole processes, warm: images built, packages cached. Each round measures all of
them in turn, so that a machine that slows down slows all. The bounds are those that the project set itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.plain import lay_out, run_until_answer, run_until_exit, seconds
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

ROOT = Path(__file__).parents[1]
BOUNDS = {"gate": 20, "lint": 1, "help": 0.25}  # seconds
NOWHERE = "http://127.0.0.1:9"  # where no service is: the backend boots without, and answers /health
ALONE = {
    "OPENAI_API_KEY": "sk-none",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "QDRANT_URL": NOWHERE,
    "QDRANT_API_KEY": "none",
    "QDRANT_COLLECTION_NAME": "textbook",
}


def spacedock(*words: str) -> Callable[[], None]:
    """Return the command, as a whole process, that must not fail for a reason of its own."""

    def run() -> None:
        done = subprocess.run(
            [sys.executable, "-m", "spacedock", *words], capture_output=True, text=True, check=False
        )
        if done.returncode not in {0, 1, 6}:
            sys.exit(f"spacedock {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")

    return run


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        crashing = lay_out(folder / "crashing", crashes=True)
        run = stack.enter_context(open_run())
        ours = stack.enter_context(ImageDock(read_space(ROOT), run, silent)).image
        theirs = stack.enter_context(ImageDock(read_space(crashing), run, silent)).image
        works: dict[str, Callable[[], None]] = {
            "plain boot": lambda: run_until_answer(ours, 8080, ALONE, "/health"),
            "plain crash": lambda: run_until_exit(theirs),
            "gate": spacedock("check", "--dock=image", str(ROOT)),
            "crash to verdict": spacedock("check", "--dock=image", str(crashing)),
            "lint": spacedock("lint", str(ROOT)),
            "help": spacedock("--help"),
        }
        for work in works.values():
            work()  # warm
        taken = {name: median(column) for name, column in _measured(works, rounds).items()}
    for name, most in BOUNDS.items():
        print(f"{name}: {taken[name]:.2f} s (bound: {most} s)")  # noqa: T201
    for name, plain, bound in (("gate", "plain boot", 28), ("crash to verdict", "plain crash", 4)):
        ratio = taken[name] / taken[plain]
        print(f"{name}: {ratio:.1f} times a {plain} of {taken[plain]:.2f} s (bound: {bound})")  # noqa: T201


def _measured(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(seconds(work))
    return taken


if __name__ == "__main__":
    main()
