from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.evidence.reloading import reloads, said_by_a_reloader, started_reloaders
from tests.unit.spaces import sound_space


@pytest.mark.parametrize(
    "command",
    [
        "/usr/local/bin/python3.11 /usr/local/bin/uvicorn app:app --reload --port 7860",
        "uvicorn app:app --reload=true",
        "sh -c 'exec uvicorn app:app --reload'",
        "sh -c cd /app && python -m uvicorn app:app --reload",
        "LOG=1 gunicorn -k uvicorn.workers.UvicornWorker --reload app:app",
        "tini -- hypercorn --reload app:app",
        "python -u -m fastapi dev main.py",
        "uv run fastapi dev",
        "flask --app app run --debug",
        "python -m flask run --reload",
        "python manage.py runserver 0.0.0.0:7860",
        "sanic app --dev",
        "watchfiles 'python app.py' src",
        "watchmedo auto-restart -- python app.py",
        "node /app/node_modules/.bin/nodemon server.js",
        "node --watch server.js",
        "node --watch-path=./src server.js",
        "npx tsx watch server.ts",
        "bun --hot server.ts",
        "node /app/node_modules/.bin/next dev -p 7860",
        "next",
        "next -p 7860",
        "node /app/node_modules/vite/bin/vite.js --host",
        "vite",
        "vite dev --port 7860",
        "npx vite",
        "ng serve --host 0.0.0.0",
        "react-scripts start",
        "migrate ; uvicorn app:app --reload",
    ],
)
def test_what_starts_the_server_anew_is_known(command: str) -> None:
    assert reloads(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "/usr/local/bin/python3.11 /usr/local/bin/uvicorn app:app --host 0.0.0.0 --port 7860",
        "uvicorn app:reload --port 7860",
        "uvicorn app:app --reload-dir src",  # without `--reload` it watches nothing
        "python -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)",
        "gunicorn: master [app:app]",
        "fastapi run main.py",
        "flask run --host 0.0.0.0",
        "flask --debug routes",
        "python manage.py runserver --noreload",
        "python manage.py migrate",
        "sanic app.server",
        "watchmedo log",
        "nginx -g daemon off;",
        "nginx: master process nginx -s reload",
        "streamlit run app.py --server.port 7860",
        "node server.js --watch-folder /data",
        "node .next/standalone/server.js",
        "next start -p 7860",
        "next-server (v15.1.0)",
        "vite preview --host 0.0.0.0",
        "vite build",
        "vitest run",
        "npx serve dist",
        "tsx server.ts",
        "webpack --mode production",
        "sh start.sh",
        "python",
    ],
)
def test_what_serves_or_does_something_else_is_left_alone(command: str) -> None:
    assert not reloads(command)


@pytest.mark.parametrize(
    "line",
    [
        "INFO:     Started reloader process [1] using StatReload",
        " * Restarting with stat",
        "Watching for file changes with StatReloader",
        "[nodemon] starting `node server.js`",
    ],
)
def test_a_reloader_names_itself_in_the_log(line: str) -> None:
    assert said_by_a_reloader(f"INFO:     Waiting\n{line}\nmore\n") == line.strip()


@pytest.mark.parametrize("line", ["INFO:     Started server process [1]", "gunicorn: Booting worker", ""])
def test_a_server_does_not(line: str) -> None:
    assert said_by_a_reloader(line) == ""


@pytest.mark.parametrize(
    ("commands", "line"),
    [
        ('CMD ["uvicorn", "app:app", "--reload"]', 2),
        ("CMD uvicorn app:app --reload", 2),
        ('ENTRYPOINT ["uvicorn"]\nCMD ["app:app", "--reload"]', 3),
        ('CMD ["uvicorn", "app:app"]\nENTRYPOINT ["watchfiles"]', 3),
    ],
)
def test_it_is_found_in_what_the_dockerfile_starts(tmp_path: Path, commands: str, line: int) -> None:
    space = sound_space(tmp_path, dockerfile=f"FROM python:3.11-slim\n{commands}\n")
    ((found, command),) = started_reloaders(space)
    assert found == line
    assert reloads(command)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM python:3.11-slim\n",
        'FROM python:3.11-slim\nCMD ["uvicorn", "--reload"]\nCMD ["uvicorn", "app:app"]\n',
        'FROM python:3.11-slim\nCMD ["vite"]\nFROM python:3.11-slim\nCMD ["python", "app.py"]\n',
    ],
)
def test_what_another_stage_or_an_earlier_line_starts_never_runs(tmp_path: Path, dockerfile: str) -> None:
    assert list(started_reloaders(sound_space(tmp_path, dockerfile=dockerfile))) == []
