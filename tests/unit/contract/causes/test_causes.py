"""What ended a program, read from its log and the Space's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.causes import cause_of_denial, cause_of_exit, cause_of_failed_step
from spacedock.contract.causes.base import last_words
from spacedock.space import Space
from tests.unit.evidence.repositories import git
from tests.unit.spaces import SOUND_DOCKERFILE, sound_space

TRACEBACK = 'Traceback (most recent call last):\n  File "/app/app.py", line 1, in <module>\n'
IN_A_VENV = (
    "FROM python:3.11-slim AS builder\nWORKDIR /build\nRUN python -m venv .venv\n"
    "FROM python:3.11-slim\nWORKDIR /home/user/app\nCOPY --from=builder --chown=user /build/.venv .venv\n"
    'CMD ["uvicorn", "main:app"]\n'
)
LOADER = "server: error while loading shared libraries: libnotes.so.2: cannot open shared object file"


def space_with(
    folder: Path, files: dict[str, str] | None = None, *, untracked: str = "", **parts: str
) -> Space:
    """Return a Space in a repository of its own, one of whose files git may not know."""
    space = sound_space(folder, **parts)
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    git(folder, "init", "--quiet")
    if untracked:
        (folder / ".gitignore").write_text(f"{untracked}\n")
    git(folder, "add", ".")
    return space


def told(log: str, space: Space) -> str:
    cause = cause_of_exit(log, space)
    return f"{cause.seen} | {cause.remedy}" if cause else ""


def has(text: str, *words: str) -> bool:
    assert [word for word in words if word not in text] == []
    return True


@pytest.mark.parametrize(
    "line",
    [LOADER, "ImportError: libnotes.so.2: cannot open shared object file: No such file or directory"],
)
def test_a_library_that_the_image_lacks_is_named(tmp_path: Path, line: str) -> None:
    assert has(told(line, space_with(tmp_path)), "shared library libnotes.so.2", "apt-get install")


def test_a_library_may_have_been_left_behind_in_a_build_stage(tmp_path: Path) -> None:
    said = told(LOADER, space_with(tmp_path, dockerfile=IN_A_VENV))
    assert has(said, "left behind", "in the last stage too")


@pytest.mark.parametrize(
    "line",
    [
        'exec: "uvicorn": executable file not found in $PATH: unknown',
        "sh: 1: uvicorn: not found",
        "./start.sh: 3: exec: uvicorn: not found",
        "./start.sh: line 3: uvicorn: command not found",
    ],
)
def test_a_command_that_is_not_on_path_is_named_with_the_environment_it_lies_in(
    tmp_path: Path, line: str
) -> None:
    dockerfile = (
        f"FROM python:3.11-slim\nWORKDIR /srv/app\nRUN python -m venv .venv\n{SOUND_DOCKERFILE[-25:]}"
    )
    space = space_with(tmp_path, dockerfile=dockerfile)
    assert has(told(line, space), "`uvicorn` on PATH", 'ENV PATH="/srv/app/.venv/bin:$PATH"')


@pytest.mark.parametrize(
    ("makes", "path"),
    [
        ("RUN uv sync --frozen", "/srv/app/.venv"),
        ("RUN uv venv /opt/venv", "/opt/venv"),
        ("RUN python3 -m venv --copies /opt/env && /opt/env/bin/pip install x", "/opt/env"),
        ("RUN virtualenv env", "/srv/app/env"),
    ],
)
def test_an_environment_is_known_by_what_makes_it(tmp_path: Path, makes: str, path: str) -> None:
    space = space_with(tmp_path, dockerfile=f'FROM python:3.11\nWORKDIR /srv/app\n{makes}\nCMD ["x"]\n')
    assert has(told("sh: 1: uvicorn: not found", space), f"{path}/bin:$PATH")


def test_an_environment_that_was_moved_has_its_old_place_in_its_scripts(tmp_path: Path) -> None:
    line = "exec /home/user/app/.venv/bin/uvicorn: no such file or directory"
    said = told(line, space_with(tmp_path, dockerfile=IN_A_VENV))
    assert has(said, "`#!/build/.venv/bin/python`", "copied to /home/user/app/.venv", "-m uvicorn")


def test_one_that_lies_where_it_was_made_was_not_moved(tmp_path: Path) -> None:
    space = space_with(tmp_path, dockerfile=IN_A_VENV.replace("/build", "/home/user/app"))
    said = told("exec /home/user/app/.venv/bin/uvicorn: no such file or directory", space)
    assert "copied to" not in said


def test_a_script_with_the_line_ends_of_windows_is_named(tmp_path: Path) -> None:
    space = space_with(tmp_path, {"start.sh": "#!/bin/sh\r\nexec true\r\n"})
    assert has(
        told("exec ./start.sh: no such file or directory", space), "start.sh ends its lines with CR LF"
    )


def test_a_script_whose_interpreter_is_elsewhere_is_shown_its_first_line(tmp_path: Path) -> None:
    space = space_with(tmp_path, {"start.sh": "#!/bin/zsh\nexec true\n"})
    assert has(told("exec ./start.sh: no such file or directory", space), "`#!/bin/zsh`")


@pytest.mark.parametrize(
    "line",
    [
        "redis.exceptions.ConnectionError: Error -2 connecting to cache:6379. Name or service not known.",
        "Error: getaddrinfo ENOTFOUND cache",
        "socket.gaierror: [Errno -2] Name or service not known: 'cache'",
        'psycopg.OperationalError: could not translate host name "cache" to address: ...',
        "dial tcp: lookup cache on 10.0.0.2:53: no such host",
    ],
)
def test_the_name_of_a_compose_service_is_no_host(tmp_path: Path, line: str) -> None:
    compose = {"deploy/docker-compose.yml": "services:\n  web: {build: .}\n  cache: {image: redis}\n"}
    said = told(line, space_with(tmp_path, compose))
    assert has(said, "`cache` is a service of deploy/docker-compose.yml", "one container")
    assert has(told(line, space_with(tmp_path / "without")), "`cache`", "docker compose")


def test_a_host_with_a_dot_is_none_of_composes(tmp_path: Path) -> None:
    assert told("Error: getaddrinfo ENOTFOUND db.example.com", space_with(tmp_path)) == ""


def test_a_module_that_git_does_not_track_is_named(tmp_path: Path) -> None:
    space = space_with(tmp_path, {"helpers.py": ""}, untracked="helpers.py")
    log = f"{TRACEBACK}ModuleNotFoundError: No module named 'helpers'"
    assert has(told(log, space), "helpers.py, which is here", "git does not track", "git add -f helpers.py")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "not in the image"),
        ({"requirements.txt": "flask\n"}, "requirements.txt names none of that name"),
        ({"requirements.txt": "help-ers==1\n"}, "requirements.txt names none of that name"),
        ({"requirements.txt": "helpers>=1\n"}, "although requirements.txt names it"),
        ({"src/helpers.py": ""}, "src/helpers.py, which is pushed and is not where Python looks"),
        ({"helpers/tool.py": ""}, "is helpers, which is pushed"),
        ({"Helpers.py": ""}, "Helpers.py differs in its case"),
    ],
)
def test_a_module_that_is_not_found_is_looked_for(tmp_path: Path, files: dict[str, str], says: str) -> None:
    log = f"{TRACEBACK}ModuleNotFoundError: No module named 'helpers'"
    assert has(told(log, space_with(tmp_path, files)), says)


def test_a_package_of_node_is_to_be_a_dependency(tmp_path: Path) -> None:
    assert has(told("Error: Cannot find module 'express'\n", space_with(tmp_path)), "devDependencies")


@pytest.mark.parametrize(
    "line",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: '/app/data/index.json'",
        "Error: ENOENT: no such file or directory, open '/app/data/index.json'",
        "open data/index.json: no such file or directory",
    ],
)
def test_a_file_that_is_here_and_not_tracked_is_named(tmp_path: Path, line: str) -> None:
    space = space_with(tmp_path, {"data/index.json": "{}"}, untracked="data/")
    assert has(told(line, space), "data/index.json is here, and git does not track it", "git add")


def test_a_file_that_is_pushed_or_nowhere_is_left_to_the_programs_own_words(tmp_path: Path) -> None:
    line = "FileNotFoundError: [Errno 2] No such file or directory: 'index.json'"
    assert told(line, space_with(tmp_path, {"index.json": "{}"})) == ""
    assert told(line, space_with(tmp_path / "without")) == ""


def test_a_pointer_of_lfs_is_told_from_the_file(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    space = space_with(tmp_path, {"weights/leaf.pkl": pointer})
    log = f"{TRACEBACK}_pickle.UnpicklingError: invalid load key, 'v'."
    assert has(told(log, space), "weights/leaf.pkl", "pointer of Git LFS", "git lfs pull")
    assert told(log, space_with(tmp_path / "without")) == ""


@pytest.mark.parametrize(
    "log",
    [
        f"{TRACEBACK}KeyError: 'SIGNING_KEY'",
        "SIGNING_KEY is not set",
        "Error: missing required environment variable SIGNING_KEY",
        "pydantic_core.ValidationError: 1 validation error for Settings\nsigning_key\n  Field required",
    ],
)
def test_a_setting_that_the_manifest_does_not_name_is_to_be_put_there(tmp_path: Path, log: str) -> None:
    said = told(log, space_with(tmp_path))
    assert has(said, "it wants SIGNING_KEY", "does not name", "[secrets]", "`SIGNING_KEY = {}`")


@pytest.mark.parametrize(
    "log", ["API_KEY is not set", f"{TRACEBACK}KeyError: 'SPACE_ID'", "KeyError: 'notes'"]
)
def test_what_the_manifest_or_the_platform_gives_is_no_such_setting(tmp_path: Path, log: str) -> None:
    assert told(log, space_with(tmp_path)) == ""


def test_what_a_program_survived_does_not_count(tmp_path: Path) -> None:
    log = f"WARNING: SIGNING_KEY is not set\n{TRACEBACK}ZeroDivisionError: division by zero"
    assert told(log, space_with(tmp_path)) == ""


def test_an_exception_counts_with_those_that_led_to_it() -> None:
    chain = (
        f"{TRACEBACK}OSError: first\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        f"{TRACEBACK}ValueError: second"
    )
    assert last_words(f"{TRACEBACK}KeyError: 'survived'\ngoing on\n{chain}") == chain


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Error: Can't drop privilege as nonroot user", "deploy/supervisord.conf:3"),
        ("KeyError: 'getpwuid(): uid not found: 1000'", "useradd -m -u 1000"),
        ("chmod: changing permissions of '/srv/index': Operation not permitted", "install -d -o 1000"),
        ("PermissionError: [Errno 1] Operation not permitted: '/srv/index'", "let uid 1000 own it"),
    ],
)
def test_what_only_root_may_or_who_has_a_name_is_told(tmp_path: Path, line: str, says: str) -> None:
    space = space_with(tmp_path, {"deploy/supervisord.conf": "[supervisord]\nnodaemon=true\nuser=root\n"})
    cause = cause_of_denial(line, space)
    assert cause
    assert says in cause.remedy
    assert "uid 1000" in cause.consequence


def test_a_denied_path_says_itself_what_is_denied(tmp_path: Path) -> None:
    assert (
        cause_of_denial("PermissionError: [Errno 13] Permission denied: '/x'", space_with(tmp_path)) is None
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("useradd: UID 1000 is not unique", "user with id 1000 already"),
        ("adduser: uid '1000' in use", "user with id 1000 already"),
        (
            "`npm ci` can only install packages when your package.json",
            "in sync",
        ),
        ("error: The lockfile at `uv.lock` needs to be updated, but ...", "in sync"),
    ],
)
def test_a_step_that_many_meet_is_explained(tmp_path: Path, line: str, says: str) -> None:
    cause = cause_of_failed_step(f"#9 0.3 {line}\nERROR: failed to solve", space_with(tmp_path))
    assert cause
    assert says in cause.seen


def test_a_step_that_nobody_knows_is_left_to_its_own_words(tmp_path: Path) -> None:
    assert cause_of_failed_step("SyntaxError: invalid syntax", space_with(tmp_path)) is None
