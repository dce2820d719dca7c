"""Specimens that start too late, once, or alone, or end by themselves or in the middle of an answer."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

# Where the server starts, with all settings known and nothing bound yet.
_START = "    server = Server(server_config(app, host=host, port=port), app)\n"


def _in_the_database(statement: str) -> str:
    """Lines that do something in Postgres before the server starts, unless it is away."""
    return (
        "    import psycopg\n"
        "    try:\n"
        "        url = settings.database_url.get_secret_value()\n"
        "        session = psycopg.connect(url, autocommit=True, connect_timeout=5)\n"
        f"        {statement}\n"
        "    except psycopg.OperationalError:\n"
        "        pass\n"
    )


SPECIMENS = (
    Specimen(
        "listening too late",
        breaks="starts-in-time",
        says="no HTTP answer on port 8080 after 2 s here, 1 min there; it listens on nothing",
        changes=(
            Change("README.md", "app_port: 8080\n", "app_port: 8080\nstartup_duration_timeout: 1m\n"),
            Change("backend/server.py", _START, f"    import time\n    time.sleep(3600)\n{_START}"),
        ),
    ),
    Specimen(
        "server in the background",
        breaks="stays-up",
        says="as if all were well",
        changes=(
            Change("Dockerfile", '"exec python', '"python'),
            Change("Dockerfile", '--port ${PORT:-8080}"', '--port ${PORT:-8080} & sleep 0.1"'),
        ),
    ),
    Specimen(
        "a table made at every start",
        breaks="survives-a-restart",
        says="it has booted before on these services; again, it exited with code 1",
        changes=(
            Change(
                "backend/server.py",
                _START,
                _in_the_database("session.execute('CREATE TABLE started (at timestamptz)')") + _START,
            ),
        ),
    ),
    Specimen(
        "a lock held for life",
        breaks="overlaps-on-redeploy",
        says="beside another berth of the same Space it exited with code 1",
        changes=(
            Change(
                "backend/server.py",
                _START,
                _in_the_database("assert session.execute('SELECT pg_try_advisory_lock(7)').fetchone()[0]")
                + _START,
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "requests cut off",
        breaks="finishes-open-requests",
        says="POST /api/chat, half read when SIGTERM came, was cut off",
        changes=(
            Change(
                "backend/server.py",
                "        super().handle_exit(sig, frame)\n",
                "        import os\n        os._exit(0)\n",
            ),
        ),
    ),
)
