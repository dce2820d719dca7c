"""Dockerfiles that nobody would write: each is a plan or a defect of the build, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.process.plan import Plan, read_plan
from spacedock.errors import SpaceBuildError
from spacedock.space.dockerfile import read_dockerfile

FROM = "FROM python:3.11\n"
START = 'CMD ["python", "app.py"]\n'


def plan_of(folder: Path, dockerfile: str, requirements: str = "") -> Plan:
    context = folder / "context"
    (context / "a").mkdir(parents=True)
    for name, text in {"Dockerfile": dockerfile, "r.txt": requirements, "app.py": "", "a/b.py": ""}.items():
        (context / name).write_text(text)
    return read_plan(read_dockerfile(context / "Dockerfile"), context, folder / "staged", {})


@pytest.mark.parametrize(
    ("steps", "line", "says"),
    [
        ("COPY --from=0 / /x\n", 2, "--from=0 names the stage that it stands in"),
        ("FROM python:3.11 AS own\nCOPY --from=own / /x\n", 3, "--from=own names the stage that it"),
        ("COPY app.py /a\nCOPY a /a\n", 3, "COPY cannot be carried out: File exists: "),
        ("COPY app.py /a\nWORKDIR /a/b\n", 3, "WORKDIR cannot be carried out: "),
        (f"COPY app.py /{'a' * 5000}\n", 2, "COPY cannot be carried out: File name too long"),
        (f"WORKDIR {'a/' * 2000}\n", 2, "WORKDIR cannot be carried out: File name too long"),
        ("WORKDIR a\n" * 3000, 130, "WORKDIR cannot be carried out: File name too long"),
        ("COPY app.py /x/\n" * 501, 502, "more than 500 instructions copy files"),
        ("COPY nothing/*.sql /x/\n", 2, "COPY nothing/*.sql: there is no such file"),
    ],
    ids=[
        "COPY from its own stage",
        "COPY from its own stage by name",
        "a folder onto a file",
        "a folder below a file",
        "a name of 5000 characters",
        "2000 folders within each other",
        "3000 times WORKDIR",
        "501 times COPY",
        "a pattern in a folder that is not there",
    ],
)
def test_what_cannot_be_built_names_its_line(tmp_path: Path, steps: str, line: int, says: str) -> None:
    with pytest.raises(SpaceBuildError) as caught:
        plan_of(tmp_path, f"{FROM}{steps}{START}")
    assert caught.value.what.startswith(says) or says in caught.value.what
    assert caught.value.line == line
    assert str(tmp_path / "staged") not in caught.value.what


@pytest.mark.parametrize(
    "steps",
    [
        "RUN\n",
        "RUN []\n",
        "CMD\n",
        "CMD []\n",
        "ENTRYPOINT []\n",
        f"COPY --from={'9' * 5000} / /x\n",
        "COPY --from=٣ / /x\n",
        "HEALTHCHECK NONE\n",
        "COPY [a-] /x/\n",
        "RUN pip install -r\n",
        "RUN pip install -r r.txt=\n",
        f"RUN {'pip install a; ' * 4000}\n",
        f"RUN {'A=1 ' * 15_000}\n",
        "ENV A=aaaaaaaa\n" + "ENV A=$A$A\n" * 3000 + "RUN $A\n" * 3000,
    ],
    ids=[
        "bare RUN",
        "RUN []",
        "bare CMD",
        "CMD []",
        "ENTRYPOINT []",
        "5000 digits as a stage",
        "a digit of another script as a stage",
        "HEALTHCHECK NONE",
        "a pattern that is none",
        "-r without a file",
        "a file that is not there",
        "4000 times pip install",
        "15,000 assignments",
        "3000 variables that double",
    ],
)
def test_what_is_strange_is_no_fault_of_ours(tmp_path: Path, steps: str) -> None:
    assert plan_of(tmp_path, f"{FROM}{steps}{START}").python == "3.11"


@pytest.mark.parametrize(
    ("requirements", "says"),
    [
        (f"# {'x' * 5 * 2**20}", "RUN needs r.txt: it is larger than 4096 KiB"),
        ("\n".join(f"-r {number}" for number in range(2000)), "RUN needs r.txt: it includes more than"),
    ],
    ids=[
        "requirements of 5 MB",
        "requirements that include 2000 files",
    ],
)
def test_requirements_without_a_bound_name_the_step(tmp_path: Path, requirements: str, says: str) -> None:
    with pytest.raises(SpaceBuildError, match=says) as caught:
        plan_of(tmp_path, f"{FROM}COPY . .\nRUN pip install -r r.txt\n{START}", requirements)
    assert caught.value.line == 3


def test_a_base_of_no_python_version_is_none(tmp_path: Path) -> None:
    assert plan_of(tmp_path, f"FROM python:3.{'9' * 100}\n{START}").python is None
