"""`spacedock lint` in a process of its own, so that what hangs, eats memory or aborts fails one test."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Self

_SECONDS = 60  # what takes longer hangs
_MEMORY = 3 * 1024**3  # bytes of address space, most of which Go's runtime only reserves
_CODE = f"""
import json, resource, sys
from pathlib import Path
from spacedock.contract.registry import chosen
from spacedock.errors import UsageError
from spacedock.verdict.hold import lint

resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
for line in sys.stdin:
    try:
        verdict = lint(Path(json.loads(line)), chosen(()))
    except UsageError as error:
        said = [2, f"{{error.place}}: {{error.what}}"]
    else:
        seen = [problem.seen for finding in verdict.findings for problem in finding.problems]
        failed = [finding.detail for finding in verdict.findings if finding.outcome == "error"]
        said = [verdict.exit_code(), "\\n".join((*seen, *failed))]
    print(json.dumps(said), flush=True)
"""


class Told(NamedTuple):
    """What became of a lint: its exit code, and what was said of the Space."""

    code: int
    said: str


class Linter:
    """Lints folder after folder; one that ends it is asked of no other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, folder: Path) -> Told:
        """Lint a folder. Raises AssertionError where that does not end, or ends in anything but a verdict."""
        process = self._process = self._process or subprocess.Popen(
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(str(folder))}\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            answered = bool(selector.select(_SECONDS))
        line = process.stdout.readline() if answered else ""
        if not line:
            raise AssertionError(self._end() if answered else f"it hangs; {self._end()}")
        return Told(*json.loads(line))

    def _end(self) -> str:
        """End the process; return what it wrote of itself."""
        if self._process is None:
            return ""
        self._process.kill()
        _, errors = self._process.communicate()
        self._process = None
        return errors
