"""Ten Spaces, one after the other, in one process: what each takes, and what of the harness stays in memory.

    python -m benchmarks.many [SPACES]

Prints the seconds of each verdict and the resident memory of the process after it, in MB. Neither may grow.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import psutil

from benchmarks.plain import lay_out, seconds
from spacedock.contract.registry import all_promises
from spacedock.progress import silent
from spacedock.verdict.hold import hold


def main() -> None:
    """Measure and print."""
    spaces = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(spaces):
            place = lay_out(Path(folder) / f"space-{number}")
            taken = seconds(partial(hold, place, "image", all_promises(), silent))
            memory = process.memory_info().rss / 1e6
            print(f"{number + 1}: {taken:.1f} s, {memory:.0f} MB", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
