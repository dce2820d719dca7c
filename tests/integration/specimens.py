"""This Space changed for the worse by a line, and what must be said of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spacedock.space import Space, read_space

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Change:
    """In `file`, `before` becomes `after`."""

    file: str
    before: str
    after: str

    def apply(self, folder: Path) -> None:
        """Make the change. Fails when the line to change is no longer there, or is not the only one."""
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.before) == 1, f"`{self.before}` is not once in {self.file}"
        path.write_text(text.replace(self.before, self.after))


@dataclass(frozen=True)
class Specimen:
    """Changes that break exactly the promise `breaks`, whose problem says `says`."""

    name: str
    breaks: str
    says: str
    changes: tuple[Change, ...]
    image_only: bool = False

    def write(self, folder: Path) -> Space:
        """Write this repository's Space with the changes into `folder`."""
        for name in (*read_space(ROOT).files(), "infra/space.toml"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        for change in self.changes:
            change.apply(folder)
        return read_space(folder)


BOUND_TO_LOOPBACK = Specimen(
    "bound to loopback",
    breaks="binds-app-port",
    says="bound to loopback only (127.0.0.1:8080)",
    changes=(Change("Dockerfile", "--host 0.0.0.0", "--host 127.0.0.1"),),
)
SPECIMENS = (
    BOUND_TO_LOOPBACK,
    Specimen(
        "port fixed to 8000",
        breaks="binds-app-port",
        says="it listens on 0.0.0.0:8000",
        changes=(Change("Dockerfile", "--port ${PORT:-8080}", "--port 8000"),),
    ),
    Specimen(
        "env file required",
        breaks="starts-without-env-file",
        says="with one, holding the same values, it starts",
        changes=(
            Change(
                "backend/cli.py",
                "        settings = load_settings()\n",
                "        open('.env').close()\n        settings = load_settings()\n",
            ),
        ),
    ),
    Specimen(
        "exec dropped",
        breaks="stops-on-sigterm",
        says="after SIGTERM: its main process has no handler for it; SIGKILL ended it (exit code 137)",
        changes=(Change("Dockerfile", '"exec python', '"python'),),
    ),
    Specimen(
        "every origin allowed",
        breaks="answers-cors-preflight",
        says="though it must be refused",
        changes=(
            Change("backend/main.py", "allow_origins=self.settings.allowed_origins", 'allow_origins=["*"]'),
        ),
    ),
    Specimen(
        "a secret given a default",
        breaks="names-missing-secrets",
        says="QDRANT_API_KEY not set: the Space started all the same",
        changes=(
            Change(
                "backend/config.py",
                'Field(\n        description="the key of the Qdrant cluster"',
                'Field(\n        default=SecretStr("none"), description="the key of the Qdrant cluster"',
            ),
        ),
    ),
    Specimen(
        "root writes where uid 1000 may not",
        breaks="runs-as-uid-1000",
        says="/srv/started: Permission denied",
        changes=(
            Change("Dockerfile", "USER 1000\n", "USER root\n"),
            Change("Dockerfile", '"exec python', '"date > /srv/started && exec python'),
        ),
        image_only=True,
    ),
    Specimen(
        "a secret logged at start",
        breaks="keeps-secrets-out-of-logs",
        says="the value of OPENAI_API_KEY is in the log",
        changes=(
            Change(
                "backend/server.py",
                "    start_logging(settings.log_level)\n",
                "    start_logging(settings.log_level)\n"
                "    print(settings.openai_api_key.get_secret_value(), flush=True)\n",
            ),
        ),
    ),
    Specimen(
        "no answer to HEAD",
        breaks="answers-head",
        says="HEAD / answers 405",
        changes=(Change("backend/api/page.py", '@router.head("/")\n', ""),),
    ),
)
