"""Specimens that connect to where the platform lets nobody, or that do not get by without a service."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

_START = "    app = create_app(settings)\n"
_HEALTH = "    return Health(services=services.statuses)\n"


def _connects(host: str, port: int) -> str:
    """Return what connects to it beside the start, as a client does that is told to reconnect for ever."""
    return (
        f"    import socket\n    from threading import Thread\n    place = ({host!r}, {port})\n"
        "    Thread(target=socket.create_connection, args=(place,), daemon=True).start()\n"
    )


SPECIMENS = (
    Specimen(
        "mail sent by smtp",
        breaks="uses-open-ports",
        says="it tried smtp.gmail.com:587/tcp (dropped, as on the platform)",
        changes=(Change("backend/server.py", _START, _connects("smtp.gmail.com", 587) + _START),),
        image_only=True,
    ),
    Specimen(
        "a mail server in the variables",
        breaks="uses-open-ports",
        says="MAIL_URL points at port 465 of smtp.gmail.com, which is closed",
        changes=(
            Change("infra/space.toml", "[variables]\n", '[variables]\nMAIL_URL = "smtps://smtp.gmail.com"\n'),
        ),
        image_only=True,
    ),
    Specimen(
        "a database that has no ipv4 address",
        breaks="needs-no-ipv6",
        says="it tried db.abcdefghijklmnopqrst.supabase.co:5432/tcp (no route for IPv6, as on the platform)",
        changes=(
            Change(
                "backend/server.py", _START, _connects("db.abcdefghijklmnopqrst.supabase.co", 5432) + _START
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "an address of ipv6",
        breaks="needs-no-ipv6",
        says="it tried [2001:db8::1]:443/tcp (no route for IPv6, as on the platform)",
        changes=(Change("backend/server.py", _START, _connects("2001:db8::1", 443) + _START),),
        image_only=True,
    ),
    Specimen(
        "health that waits for postgres",
        breaks="answers-while-a-service-is-away",
        says="GET /health is not answered within 10 s while postgres hangs",
        changes=(
            Change(
                "backend/api/health.py",
                _HEALTH,
                "    import os, psycopg\n"
                '    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:\n'
                '        connection.execute("SELECT 1")\n' + _HEALTH,
            ),
        ),
    ),
    Specimen(
        "postgres asked at start",
        breaks="answers-while-a-service-is-away",
        says="while every service refuses connections it does not boot: exited with code 1",
        changes=(
            Change(
                "backend/server.py",
                _START,
                '    import os, psycopg\n    psycopg.connect(os.environ["DATABASE_URL"]).close()\n' + _START,
            ),
        ),
    ),
)
