from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.evidence import pushed_secrets
from tests.unit.contract.conftest import Hold
from tests.unit.evidence.repositories import commit, repository
from tests.unit.evidence.test_keys import REAL
from tests.unit.fakes import FakeDock
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "keeps-secrets-out-of-the-push"
ADDRESS = "postgresql://reader:hV7q-2mZp-Kd81@db.notes.dev:5432/notes"


def seen(folder: Path, hold: Hold, path: str, text: str) -> list[str]:
    """Hold a Space to it that has one more file."""
    space = sound_space(folder)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    return [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems]


@pytest.mark.parametrize("kind", REAL)
def test_a_key_breaks_it_where_it_stands(tmp_path: Path, hold: Hold, kind: str) -> None:
    assert seen(tmp_path, hold, "lib/client.py", f"import os\nKEY = '{REAL[kind]}'\n") == [
        f"`lib/client.py:2` holds {kind}"
    ]


def test_a_password_in_an_address_breaks_it(tmp_path: Path, hold: Hold) -> None:
    assert seen(tmp_path, hold, "settings.ini", f"\nurl = {ADDRESS}\n") == [
        "`settings.ini:2` holds the password of a postgresql address at db.notes.dev"
    ]


def test_an_environment_file_in_a_folder_breaks_it(tmp_path: Path, hold: Hold) -> None:
    given = "PORT=80\nAPI_KEY=9f86d081884c7d65\nSTRIPE_SECRET='a-value-of-somebody'\n"
    assert seen(tmp_path, hold, "backend/.env", given) == [
        "`backend/.env` holds a value for API_KEY, STRIPE_SECRET"
    ]


def test_no_value_is_told(tmp_path: Path, hold: Hold) -> None:
    (said,) = seen(tmp_path, hold, "a.py", ADDRESS)
    assert "hV7q" not in said


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:password@localhost:5432/notes",
        "postgresql://postgres:postgres@db:5432/notes",
        "postgresql://reader:hV7q-2mZp-Kd81@localhost/notes",
        "postgresql://reader:hV7q-2mZp-Kd81@postgres/notes",
        "postgresql://reader:hV7q-2mZp-Kd81@127.0.0.1/notes",
        "postgresql://reader:hV7q-2mZp-Kd81@db.example.com/notes",
        "postgresql://user:password@host.domain.dev/notes",
        "postgresql://user:your-password-here@db.notes.dev/notes",
        "postgresql://user:<password>@db.notes.dev/notes",
        "postgresql://user:${PASSWORD}@db.notes.dev/notes",
        "postgresql://{user}:{password}@{host}/notes",
        "postgresql://user:%s@db.notes.dev/notes",
        "postgresql://notes:notes@db.notes.dev/notes",
        "postgresql://user:xxxxxxxx@db.notes.dev/notes",
        "postgresql://user:********@db.notes.dev/notes",
        "redis://:changeme@cache.notes.dev",
        "https://user:hV7q-2mZp-Kd81@notes.dev",  # of a page, whose words may be anything
    ],
)
def test_an_address_that_only_shows_how_one_looks_keeps_it(tmp_path: Path, hold: Hold, address: str) -> None:
    assert seen(tmp_path, hold, "settings.py", f"URL = '{address}'\n") == []


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "docs/setup.md",
        "docs/conf.py",
        "tests/test_client.py",
        "src/test_client.py",
        "src/client.test.ts",
        "examples/client.py",
        "backend/.env.example",
        "settings.sample.ini",
    ],
)
def test_what_tests_documentation_and_examples_make_up_keeps_it(
    tmp_path: Path, hold: Hold, path: str
) -> None:
    text = f"---\ntitle: A\nsdk: docker\napp_port: 8080\n---\nKEY={REAL['an OpenAI key']}\n{ADDRESS}\n"
    assert seen(tmp_path, hold, path, text) == []


@pytest.mark.parametrize(
    "given",
    [
        "POSTGRES_PASSWORD=postgres\n",
        "SECRET_KEY=changeme\n",
        "API_KEY=\n",
        "API_KEY=$OTHER_KEY\n",
        "VITE_MAPS_KEY=pk.of-every-visitors-browser\n",
        "DATABASE_URL=postgresql://postgres:postgres@localhost/notes\n",
        "DEBUG=a-long-value-of-no-secret\n",
    ],
)
def test_an_environment_file_for_a_laptop_keeps_it(tmp_path: Path, hold: Hold, given: str) -> None:
    assert seen(tmp_path, hold, "web/.env", given) == []


def test_an_environment_file_at_the_root_is_another_promises_business(tmp_path: Path, hold: Hold) -> None:
    assert seen(tmp_path, hold, ".env", "API_KEY=9f86d081884c7d65\n") == []


def test_what_is_no_text_or_too_large_is_not_searched(tmp_path: Path, hold: Hold) -> None:
    key = REAL["an OpenAI key"]
    assert seen(tmp_path, hold, "weights.bin", f"\0{key}") == []
    assert seen(tmp_path, hold, "dump.sql", f"{key}\n" + "a" * 2**20) == []


def test_a_link_out_of_the_space_is_not_followed(tmp_path: Path, hold: Hold) -> None:
    (tmp_path / "outside").write_text(REAL["an OpenAI key"])
    space = sound_space(tmp_path / "space", manifest=SOUND_MANIFEST)
    (tmp_path / "space" / "link").symlink_to(tmp_path / "outside")
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_of_many_files_the_first_ones_are_told(tmp_path: Path, hold: Hold) -> None:
    for number in range(7):
        (tmp_path / f"{number}.py").write_text(ADDRESS)
    told = seen(tmp_path, hold, "8.py", "")
    assert (len(told), told[-1]) == (6, "2 more are in other files")


def workflow(folder: Path, command: str) -> None:
    path = folder / ".github/workflows/push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"jobs:\n  push:\n    steps:\n      - run: {command}\n")


def of_its_past(folder: Path, hold: Hold, path: str, text: str) -> list[str]:
    """Hold a Space to it that has had one more file, and has it no more."""
    space = sound_space(folder)
    repository(folder)
    (folder / path).write_text(text)
    commit(folder)
    (folder / path).unlink()
    commit(folder)
    return [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems]


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("client.py", f"KEY = '{REAL['an OpenAI key']}'\n", "an OpenAI key"),
        (".env", "API_KEY=9f86d081884c7d65\n", "a value for API_KEY"),
        ("settings.ini", ADDRESS, "the password of a postgresql address at db.notes.dev"),
    ],
)
def test_what_a_file_of_the_history_held_breaks_it(
    tmp_path: Path, hold: Hold, path: str, text: str, what: str
) -> None:
    assert of_its_past(tmp_path, hold, path, text) == [f"its history has {what} in `{path}`"]


@pytest.mark.parametrize("pushed", [True, False])
def test_what_only_the_history_has_is_certain_to_come_where_a_workflow_pushes_it(
    tmp_path: Path, hold: Hold, pushed: bool
) -> None:
    if pushed:
        workflow(tmp_path, "git push https://huggingface.co/spaces/owner/name")
    space = sound_space(tmp_path)
    repository(tmp_path)
    commit(tmp_path, a__py=f"KEY = '{REAL['an OpenAI key']}'\n".encode())
    commit(tmp_path, a__py=b"KEY = ''\n")
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome is Outcome.BROKEN
    assert finding.is_red() is pushed


def test_a_test_of_the_history_keeps_it(tmp_path: Path, hold: Hold) -> None:
    assert of_its_past(tmp_path, hold, "test_client.py", REAL["an OpenAI key"]) == []


def test_what_the_file_still_holds_is_told_once(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path)
    repository(tmp_path)
    for ending in ("", "# changed\n"):
        (tmp_path / "a.py").write_text(f"KEY = '{REAL['an OpenAI key']}'\n{ending}")
        commit(tmp_path)
    assert [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems] == [
        "`a.py:1` holds an OpenAI key"
    ]


@pytest.mark.parametrize("history", ["brought", "left behind"])
def test_where_the_client_uploads_the_files_the_history_stays_where_it_is(
    tmp_path: Path, hold: Hold, history: str
) -> None:
    pushes, uploads = "git push https://huggingface.co/spaces/owner/name", "hf upload spaces/owner/name ."
    workflow(tmp_path, pushes if history == "brought" else uploads)
    assert bool(of_its_past(tmp_path, hold, ".env", "API_KEY=9f86d081884c7d65\n")) is (history == "brought")


def test_of_a_history_what_is_too_large_is_not_searched(tmp_path: Path, hold: Hold) -> None:
    text = f"{REAL['an OpenAI key']}\n" + "a" * 2**20
    assert of_its_past(tmp_path, hold, "dump.sql", text) == []


@pytest.mark.parametrize("most", [10, 10_000_000])
def test_no_more_than_so_many_bytes_are_searched_together(
    tmp_path: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(pushed_secrets, "_MOST", most)
    assert bool(of_its_past(tmp_path, hold, "client.py", REAL["an OpenAI key"])) is (most > 10)
