"""Specimens that fail while they start or stop, in their log or in a plain answer."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

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
