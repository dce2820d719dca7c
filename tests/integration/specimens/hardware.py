"""Specimens that need more than their hardware has, or write where only root may."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

_STARTED = "    start_logging(settings.log_level)\n"
_LITTLE_MEMORY = Change(
    "infra/space.toml", "\n# Only in a dock:", "\n[dock]\nmemory_gb = 0.25\n\n# Only in a dock:"
)

SPECIMENS = (
    Specimen(
        "memory eaten at start",
        breaks="fits-its-hardware",
        says="Memory limit exceeded (0.25Gi); here it had 0.25 GiB, less than the 16 GiB of its hardware",
        changes=(_LITTLE_MEMORY, Change("backend/server.py", _STARTED, f"{_STARTED}    _ = b'x' * 2**29\n")),
        image_only=True,
    ),
    Specimen(
        "a child that eats the memory",
        breaks="fits-its-hardware",
        says="the kernel killed a process that the main one had started",
        changes=(
            _LITTLE_MEMORY,
            Change("Dockerfile", '"exec python', '"python -c \'b\\"x\\" * 2**29\' || true; exec python'),
        ),
        image_only=True,
    ),
    Specimen(
        "a write as root that fails in silence as uid 1000",
        breaks="writes-only-where-it-may",
        says="(uid 0, USER root) it writes /srv/started; uid 1000 may not",
        changes=(
            Change("Dockerfile", "USER 1000\n", "USER root\n"),
            Change("Dockerfile", '"exec python', '"(date > /srv/started) 2>/dev/null; exec python'),
        ),
        image_only=True,
    ),
    Specimen(
        "threads by the processors of the host",
        breaks="counts-its-cpus",
        says="`os.cpu_count()`; CPU_CORES is read nowhere",
        changes=(
            Change("backend/server.py", "import asyncio\n", "import asyncio\nimport os\n"),
            Change(
                "backend/server.py",
                _STARTED,
                f'{_STARTED}    os.environ["OMP_NUM_THREADS"] = str(os.cpu_count())\n',
            ),
        ),
    ),
    Specimen(
        "more workers than processors",
        breaks="counts-its-cpus",
        says="8 processes of `sleep infinity` run on 2 vCPU",
        changes=(
            Change(
                "Dockerfile",
                '"exec python',
                '"for i in 1 2 3 4 5 6 7 8; do sleep infinity & done; exec python',
            ),
        ),
        image_only=True,
    ),
)
