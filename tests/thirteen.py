"""Thirteen faults that people make, together in one copy of this repository's own Space."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ("README.md", "Dockerfile", ".dockerignore", "backend", "infra/space.toml")


@dataclass(frozen=True)
class Patch:
    """What is written in place of what, in one file; without `before` the file is a new one."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Mistake:
    """One fault, the promise that it breaks, and what must be told of it."""

    name: str
    promise: str
    says: tuple[str, ...]
    patches: tuple[Patch, ...]


_ROUTES = '@router.get("/ready", responses={503: {"model": Readiness}})\n'
_DEBUG = """@router.get("/debug/settings")
async def debug(request: Request) -> dict[str, str]:
    return {"key": request.app.state.settings.openai_api_key.get_secret_value()}


"""
_JUMP = """@router.get("/book")
async def book(request: Request) -> Response:
    from fastapi.responses import RedirectResponse

    return RedirectResponse(f"http://{request.headers['host']}/static/index.html")


"""
_VISIT = """@router.get("/visit")
async def visit(response: Response) -> str:
    response.set_cookie("reader", "1")
    return "hello"


"""
_VISITS = '''"""Counts visits."""

import sqlite3


def count(path: str) -> None:
    with sqlite3.connect("/home/user/app/backend/visits.db") as database:
        database.execute("INSERT INTO visits VALUES (?)", [path])
'''
_MAKE = (
    "import sqlite3; "
    "sqlite3.connect('/home/user/app/backend/visits.db').execute('CREATE TABLE visits (path text)')"
)

MISTAKES = (
    Mistake(
        "a debug route tells a key",
        "keeps-secrets-out-of-logs",
        ("OPENAI_API_KEY", "the answer to GET /debug/settings"),
        (Patch("backend/api/health.py", _ROUTES, _DEBUG + _ROUTES),),
    ),
    Mistake(
        "a log tells a key while a service refuses",
        "keeps-secrets-out-of-logs",
        ("OPENAI_API_KEY", "the log (to be refused by OpenAI)"),
        (
            Patch(
                "backend/services/roster.py",
                "        reason.service = name\n",
                "        reason.service = name\n"
                '        if name == "openai":\n'
                '            log.warning("asked with %s", __import__("os").environ["OPENAI_API_KEY"])\n',
            ),
        ),
    ),
    Mistake(
        "an environment file in a subfolder",
        "keeps-secrets-out-of-the-push",
        ("`backend/api/.env` holds a value for SESSION_SECRET",),
        (Patch("backend/api/.env", "", "SESSION_SECRET=9f86d081884c7d659a2feaa0\n"),),
    ),
    Mistake(
        "a wrong key of Qdrant is shrugged off",
        "answers-its-requests",
        ("although qdrant refused it", "was answered 401"),
        (
            Patch(
                "backend/services/qdrant.py",
                "        api_key=settings.qdrant_api_key.get_secret_value(),\n",
                '        api_key="the-key-of-last-year",\n',
            ),
        ),
    ),
    Mistake(
        "each start empties a table",
        "survives-a-restart",
        ("what a request had left in postgres (public.sessions) is gone",),
        (
            Patch(
                "backend/services/schema.py",
                '    command.upgrade(config, "head")\n',
                '    command.upgrade(config, "head")\n    connection.execute(text("DELETE FROM sessions"))\n',
            ),
        ),
    ),
    Mistake(
        "the ready path fails while a service hangs",
        "answers-while-a-service-is-away",
        ("GET /health answered 200; while postgres hangs it answers 500",),
        (
            Patch(
                "backend/api/health.py",
                "    roster: Roster = request.app.state.roster\n",
                "    import psycopg\n\n"
                "    url = request.app.state.settings.database_url.get_secret_value()\n"
                "    await (await psycopg.AsyncConnection.connect(url, connect_timeout=3)).close()\n"
                "    roster: Roster = request.app.state.roster\n",
            ),
        ),
    ),
    Mistake(
        "HEAD is refused at the ready path",
        "answers-head",
        ("HEAD /health answers 405",),
        (
            Patch(
                "backend/api/head.py",
                'scope["method"] != "HEAD":',
                'scope["method"] != "HEAD" or scope["path"] == "/health":',
            ),
        ),
    ),
    Mistake(
        "a redirect to http is made by hand",
        "speaks-https-behind-the-edge",
        ("GET /book redirects to http://",),
        (Patch("backend/api/health.py", _ROUTES, _JUMP + _ROUTES),),
    ),
    Mistake(
        "a cookie that the frame does not keep",
        "fits-in-a-frame",
        ("GET /visit sets reader",),
        (Patch("backend/api/health.py", _ROUTES, _VISIT + _ROUTES),),
    ),
    Mistake(
        "a limit that counts whom the client says to be",
        "trusts-only-the-edge-for-client-address",
        ("turns a visitor away (429)",),
        (Patch("backend/api/limits.py", '.rpartition(",")[2]', '.partition(",")[0]'),),
    ),
    Mistake(
        "a module imports what is not there",
        "finds-what-its-pages-load",
        ("/static/gone.js, which answers 404",),
        (
            Patch(
                "backend/static/chat.js",
                'import { Api } from "./api.js";\n',
                'import { Api } from "./api.js";\nimport "./gone.js";\n',
            ),
        ),
    ),
    Mistake(
        "errors of one route have no CORS header",
        "shows-errors-to-the-browser",
        ("GET /api/conversations/spacedock answers",),
        (
            Patch(
                "backend/api/cors.py",
                '        if scope["type"] != "http" or any(',
                '        apart = scope.get("path", "").startswith("/api/conversations/")\n'
                '        apart = apart and scope.get("method") != "OPTIONS"\n'
                '        if scope["type"] != "http" or not apart and any(',
            ),
        ),
    ),
    Mistake(
        "a database of the image that nobody may write",
        "writes-only-where-it-may",
        ("backend/visits.py writes to /home/user/app/backend/visits.db",),
        (
            Patch("backend/visits.py", "", _VISITS),
            Patch("Dockerfile", "\nUSER 1000\n", f'\nRUN python -c "{_MAKE}"\nUSER 1000\n'),
        ),
    ),
)


def broken_copy(folder: Path) -> Path:
    """Write this repository's Space into `folder`, which is returned, with all of them in it."""
    for name in SHIPPED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".env*"))
        else:
            shutil.copyfile(source, target)
    for mistake in MISTAKES:
        for patch in mistake.patches:
            _apply(folder / patch.file, patch)
    return folder


def _apply(file: Path, patch: Patch) -> None:
    """Raises ValueError where the source is no longer as the patch has it."""
    text = file.read_text() if patch.before else ""
    if patch.before and text.count(patch.before) != 1:
        raise ValueError(f"{patch.file} holds {text.count(patch.before)} times {patch.before!r}")
    file.write_text(text.replace(patch.before, patch.after) if patch.before else patch.after)
