"""What may stand before a reloader, what parts commands, and each reloader by itself."""

from __future__ import annotations

import pytest

from spacedock.evidence.reloading import reloads, said_by_a_reloader

RUNNERS = (
    "sh", "bash", "dash", "ash", "exec", "env", "nohup", "time", "sudo", "gosu", "su-exec", "tini", "tini --",
    "dumb-init", "node", "npx", "bun", "bunx", "pnpm", "yarn", "poetry run", "pdm run", "pipenv run",
    "uv run", "python", "python3", "python3.11 -m", "/usr/bin/env", "A=1", "'sh'",
)  # fmt: skip


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_runner_hides_no_reloader(runner: str) -> None:
    assert reloads(f"{runner} nodemon server.js")


@pytest.mark.parametrize("between", ["&&", "||", ";", "&", "|", "(", ")", " -c ", " -lc "])
def test_each_command_of_a_line_is_looked_at(between: str) -> None:
    assert reloads(f"migrate{between}nodemon server.js")


@pytest.mark.parametrize(
    "command",
    [
        "granian --reload app:app",
        "litestar run --reload",
        "sanic app --auto-reload",
        "fastapi dev",
        "flask run --debug",
        "manage.py runserver",
        "django-admin runserver",
        "hupper -m app",
        "nodemon.js",
        "nodemon.cjs",
        "nodemon.mjs",
        "nodemon.cmd",
        "ts-node-dev server.ts",
        "webpack-dev-server",
        "webpack serve",
        "nuxt dev",
        "nuxi dev",
        "astro dev",
        "vite --port 7860",
        "'uvicorn' 'app:app' '--reload'",
        "node --hot server.js",
        "bun --watch server.ts",
        "node --inspect --watch server.js",
    ],
)
def test_a_reloader_is_known(command: str) -> None:
    assert reloads(command)


@pytest.mark.parametrize(
    "command",
    [
        "litestar run",
        "flask run",
        "flask shell --debug",
        "hypercorn app:app",
        "fastapi run --dev dev",
        "watchmedo shell-command auto-restart",
        "tsx server.ts watch",
        "astro preview",
        "nuxt build",
        "next build",
        "vite optimize",
        "vite --version",
        "vite --help",
        "ng build",
        "react-scripts build",
        "echo nodemon",
        "node --hot",
        "mynodemon",
        "python -m app --watch",
    ],
)
def test_what_only_looks_like_one_is_none(command: str) -> None:
    assert not reloads(command)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "* Restarting with watchdog"),
        ("", "Watching for file changes with WatchmanReloader"),
        ("", "INFO:     Started reloader process [28] using WatchFiles"),
        ("." * 60, "[nodemon] starting `node server.js`"),
    ],
)
def test_a_reloader_says_so_in_its_own_words(before: str, said: str) -> None:
    assert said_by_a_reloader(f"INFO: one\n{before}{said}\nINFO: two\n") == before + said


@pytest.mark.parametrize(
    "line",
    [
        "INFO:     Started reloader process [one] using WatchFiles",
        "Restarting with stat",
        f"{'.' * 61}[nodemon] starting `node server.js`",
    ],
)
def test_a_line_that_speaks_of_one_is_none(line: str) -> None:
    assert said_by_a_reloader(f"{line}\n") == ""
