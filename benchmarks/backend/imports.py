"""What the imports of the backend cost with and without a look for garbage meanwhile.

    python -m benchmarks.backend.imports [ROUNDS]

Prints medians in processor seconds and their ratio, measured in turn within one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

MODULES = "backend.server, backend.chat.assistant"
CLIENTS = "backend.services.openai, backend.services.postgres, backend.services.qdrant"
PLAINLY = f"import {MODULES}; import {CLIENTS}"
WITHOUT = f"from backend.imports import without_collection\nwith without_collection(): {PLAINLY}"


def processor_seconds(code: str) -> float:
    """Return what an interpreter of its own takes for it."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    processor_seconds(PLAINLY)  # compiles what is not
    figures = [(processor_seconds(WITHOUT), processor_seconds(PLAINLY)) for _ in range(rounds)]
    without, plainly = (median(column) for column in zip(*figures, strict=True))
    ratio = median(ours / theirs for ours, theirs in figures)
    print(f"imports: {without:.2f} s without collection, {plainly:.2f} s with it, ratio {ratio:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
