"""`python -m backend.migrate`: bring the database's schema up to date; at start the backend does the same."""

from __future__ import annotations

import asyncio
import os
import sys

from backend.config import ConfigurationError, Settings, load_settings
from backend.services.base import AwayError


async def _run(settings: Settings) -> str:
    from backend.services.postgres import Postgres  # noqa: PLC0415  a refused start need not wait for it

    postgres = Postgres(settings)
    try:
        return await postgres.ask()
    finally:
        await postgres.close()


def main() -> int:
    """Return the exit code: 78 (EX_CONFIG) without settings, 1 when the database cannot be used."""
    try:
        version = asyncio.run(_run(load_settings()))
    except ConfigurationError as problem:
        sys.stderr.write(f"{problem}\n")
        return os.EX_CONFIG
    except AwayError as reason:
        sys.stderr.write(f"The schema was not changed: postgres is away: {reason}.\n")
        return 1
    sys.stdout.write(f"The schema is up to date (Postgres {version}).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
