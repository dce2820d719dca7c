"""How long the image dock takes to know how a boot ended, beside `docker run` of the same image.

    python -m benchmarks.boot [ROUNDS]

Prints medians in seconds and their ratio. Both sides are measured in turn, so that a machine that slows down
slows both.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.plain import CRASH, lay_out, run_until_answer, run_until_exit, seconds
from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

FAILS = BootSpec(purpose="crashing", environment=((CRASH, "1"),))


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        place = lay_out(Path(folder))
        with open_run() as run, ImageDock(read_space(place), run, silent) as dock:

            def boot(spec: BootSpec) -> None:
                with closing(dock.boot(spec)):
                    pass

            pairs = {
                "boot to first answer": (lambda: boot(BootSpec()), lambda: run_until_answer(dock.image)),
                "crash to verdict": (lambda: boot(FAILS), lambda: run_until_exit(dock.image, CRASH)),
            }
            for name, (ours, theirs) in pairs.items():
                figures = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
                dock_median, docker_median = (median(column) for column in zip(*figures, strict=True))
                print(  # noqa: T201
                    f"{name}: dock {dock_median:.2f} s, docker run {docker_median:.2f} s, "
                    f"ratio {median(ours / theirs for ours, theirs in figures):.2f}"
                )


if __name__ == "__main__":
    main()
