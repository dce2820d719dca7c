"""A Dockerfile without Docker: files, environment and command as the image would have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from spacedock.docks.process.plan import Plan, read_plan
from spacedock.errors import BuildError
from spacedock.space.dockerfile import read_dockerfile


def plan_of(
    folder: Path, dockerfile: str, files: tuple[str, ...] = (), arguments: Mapping[str, str] | None = None
) -> Plan:
    context = folder / "context"
    for name in ("Dockerfile", *files):
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dockerfile if name == "Dockerfile" else name)
    return read_plan(read_dockerfile(context / "Dockerfile"), context, folder / "staged", arguments or {})


def staged(plan: Plan) -> list[str]:
    return sorted(
        path.relative_to(plan.tree).as_posix() for path in plan.tree.rglob("*") if not path.is_dir()
    )


START = 'CMD ["python", "app.py"]\n'


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ("COPY app.py .", ["app/app.py"]),
        ("COPY app.py main.py", ["app/main.py"]),
        ("COPY app.py /srv/", ["srv/app.py"]),
        ("COPY app.py ./src/", ["app/src/app.py"]),
        ("COPY --chown=1000:1000 src ./src", ["app/src/a.py", "app/src/deep/b.py"]),
        ("COPY src/ /", ["a.py", "deep/b.py"]),
        ("COPY src/*.py ./", ["app/a.py"]),
        ('COPY ["app.py", "src/a.py", "./"]', ["app/a.py", "app/app.py"]),
        ("ARG TO=/opt\nCOPY app.py ${TO}/x.py", ["opt/x.py"]),
        ("COPY ../app.py /../../out/", ["out/app.py"]),
        ("COPY app.py poetry.lock* uv.lock* ./", ["app/app.py"]),
        ("COPY src/*.sql ./", []),
    ],
)
def test_copy_puts_files_where_docker_does(tmp_path: Path, copy: str, expected: list[str]) -> None:
    plan = plan_of(
        tmp_path, f"FROM python:3.11\nWORKDIR /app\n{copy}\n{START}", ("app.py", "src/a.py", "src/deep/b.py")
    )
    assert staged(plan) == expected


def test_a_copy_of_what_is_not_there_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"COPY nowhere\.py") as caught:
        plan_of(tmp_path, f"FROM python:3.11\nCOPY nowhere.py .\n{START}")
    assert caught.value.line == 2
    assert caught.value.exit_code == 5


def test_environment_and_arguments_expand_as_in_a_build(tmp_path: Path) -> None:
    dockerfile = (
        "ARG VERSION=1\nFROM python:3.11\nARG VERSION\nARG MODE=slow\nARG GIVEN=no\nENV HERE=/app\n"
        'ENV MODE=$MODE ALL="${HERE}/$VERSION" GIVEN=${GIVEN} WORDS="two words"\n'
        f"ARG MODE=late\nENV WINS=$MODE\n{START}"
    )
    plan = plan_of(tmp_path, dockerfile, arguments={"GIVEN": "yes"})
    assert plan.environment == {
        "HERE": "/app", "MODE": "slow", "ALL": "/app/1", "GIVEN": "yes", "WORDS": "two words",
        "WINS": "slow",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "command"),
    [
        ('CMD ["python", "app.py"]', ("python", "app.py")),
        ("CMD python app.py $X", ("/bin/sh", "-c", "python app.py $X")),
        ('SHELL ["/bin/bash", "-c"]\nCMD python app.py', ("/bin/bash", "-c", "python app.py")),
        ('ENTRYPOINT ["run"]\nCMD ["--fast"]', ("run", "--fast")),
        ('ENTRYPOINT ["run"]', ("run",)),
        ('ENTRYPOINT run --slow\nCMD ["--fast"]', ("/bin/sh", "-c", "run --slow")),
        ('CMD ["old"]\nCMD ["new"]', ("new",)),
    ],
)
def test_the_command_is_what_docker_would_start(tmp_path: Path, start: str, command: tuple[str, ...]) -> None:
    assert plan_of(tmp_path, f"FROM python:3.11\n{start}\n").command == command


def test_a_dockerfile_that_starts_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="neither CMD nor ENTRYPOINT"):
        plan_of(tmp_path, "FROM python:3.11\n")


@pytest.mark.parametrize(
    ("base", "python"),
    [("python:3.11-slim", "3.11"), ("ghcr.io/astral-sh/uv:python3.12-bookworm", "3.12"), ("debian:12", None)],
)
def test_the_base_images_name_tells_the_python(tmp_path: Path, base: str, python: str | None) -> None:
    assert plan_of(tmp_path, f"FROM {base}\n{START}").python == python


def test_the_base_may_come_from_an_argument(tmp_path: Path) -> None:
    dockerfile = f"ARG PYTHON_IMAGE=python:3.11-slim\nFROM ${{PYTHON_IMAGE}}\n{START}"
    assert plan_of(tmp_path, dockerfile).python == "3.11"


def test_a_stage_continues_another_and_copies_from_a_third(tmp_path: Path) -> None:
    dockerfile = (
        "FROM node:22 AS front\nWORKDIR /web\nCOPY web .\nRUN npm run build\n"
        "FROM python:3.12 AS base\nENV A=1\nWORKDIR /app\nUSER user\nCOPY requirements.txt .\n"
        "RUN pip install -r requirements.txt\n"
        "FROM base\nCOPY --from=front /web/index.html static/\nCOPY --from=front /web/dist static/\n"
        f"COPY --from=0 /web/index.html other/\nCOPY app.py .\n{START}"
    )
    plan = plan_of(tmp_path, dockerfile, ("web/index.html", "requirements.txt", "app.py"))
    assert staged(plan) == [
        "app/app.py", "app/other/index.html", "app/requirements.txt", "app/static/index.html",
    ]  # fmt: skip
    assert (plan.python, plan.user, dict(plan.environment)) == ("3.12", "user", {"A": "1"})
    assert [install.arguments[0] for install in plan.installs] == ["-r"]
    assert list(plan.not_run) == [
        "Dockerfile:4 RUN npm run build",
        "Dockerfile:13 COPY --from=front /web/dist static/",
    ]


def test_requirements_may_come_from_a_bind_mount(tmp_path: Path) -> None:
    mount = "--mount=type=bind,source=requirements.txt,target=requirements.txt"
    dockerfile = f"FROM python:3.11\nWORKDIR /app\nRUN {mount} pip install -r requirements.txt\n{START}"
    plan = plan_of(tmp_path, dockerfile, ("requirements.txt",))
    assert [path.name for path in plan.installs[0].files] == ["requirements.txt"]


def test_what_comes_from_elsewhere_is_named(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.11\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\nADD https://a.test/x /x\n"
        f"COPY <<EOF /etc/x\nhello\nEOF\n{START}"
    )
    assert [line.split()[0] for line in plan_of(tmp_path, dockerfile).not_run] == [
        "Dockerfile:2", "Dockerfile:3", "Dockerfile:4",
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["nowhere/*.sql", "app.py nowhere/*", "app.py nowhere.py", "a*/b.py"])
def test_a_pattern_may_find_nothing_only_in_a_folder_that_is_there(tmp_path: Path, source: str) -> None:
    dockerfile = f"FROM python:3.11\nCOPY {source} /x/\n{START}"
    if source.startswith("a*"):
        assert staged(plan_of(tmp_path, dockerfile, ("app.py",))) == []
    else:
        with pytest.raises(BuildError, match="COPY nowhere"):
            plan_of(tmp_path, dockerfile, ("app.py",))


def test_an_archive_that_is_added_is_not_taken_for_unpacked(tmp_path: Path) -> None:
    dockerfile = f"FROM python:3.11\nADD a.tar.gz app.py /x/\nCOPY a.tar.gz /y/\n{START}"
    plan = plan_of(tmp_path, dockerfile, ("a.tar.gz", "app.py"))
    assert plan.not_run == ("Dockerfile:2 ADD a.tar.gz app.py /x/",)
