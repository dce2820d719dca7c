"""The schema of the database, made by `python -m backend.migrate` and by the backend itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from backend.chat.tables import metadata
from backend.services.schema import ADVISORY_LOCK
from tests.integration.backend.conftest import PATIENCE, new_database, until

ROOT = Path(__file__).parents[3]
OTHERS = {
    "OPENAI_API_KEY": "sk-openai-canary-0123456789",
    "QDRANT_URL": "http://127.0.0.1:1",  # nobody listens there
    "QDRANT_API_KEY": "qdrant-key-canary",
}
TABLES = {"alembic_version", "sessions", "conversations", "messages"}


@contextmanager
def started(
    folder: Path, module: str, *arguments: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a folder without `.env`."""
    scrubbed = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "SERVICE_TIMEOUT": "2", **environment}
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=scrubbed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(process: subprocess.Popen[str], url: str = "") -> tuple[int, str]:
    """Return the exit code and the output, in which no secret is."""
    output, _ = process.communicate(timeout=PATIENCE)
    secrets = [urlsplit(url).password or "canary", "canary"]
    assert [secret for secret in secrets if secret in output] == []
    assert "Traceback" not in output
    return process.returncode, output


def migrate(folder: Path, url: str, **environment: str) -> tuple[int, str]:
    with started(folder, "backend.migrate", DATABASE_URL=url, **{**OTHERS, **environment}) as process:
        return finished(process, url)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


@contextmanager
def locked(url: str) -> Iterator[psycopg.Connection]:
    """Hold the lock, as somebody does who changes the schema."""
    with psycopg.connect(url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        yield holder


def until_waiting(url: str, number: int) -> None:
    """Return once that many wait for the lock."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(url, autocommit=True) as connection:
        until(lambda: connection.execute(query).fetchone() == (number,))


class TestTheCommand:
    def test_makes_the_tables(self, database: str, tmp_path: Path) -> None:
        code, output = migrate(tmp_path, database)
        assert code == 0
        assert re.fullmatch(r"The schema is up to date \(Postgres version \d+[^)]*\)\.\n", output)
        assert tables(database) == TABLES

    def test_changes_nothing_a_second_time(self, database: str, tmp_path: Path) -> None:
        migrate(tmp_path, database)
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO sessions (id, token_hash) VALUES (gen_random_uuid(), 'hash')")
        assert migrate(tmp_path, database)[0] == 0
        with psycopg.connect(database) as connection:
            assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)

    def test_can_be_run_twice_at_once(self, database: str, tmp_path: Path) -> None:
        environment = {"DATABASE_URL": database, **OTHERS, "SERVICE_TIMEOUT": "20"}
        with (
            locked(database) as holder,
            started(tmp_path, "backend.migrate", **environment) as one,
            started(tmp_path, "backend.migrate", **environment) as other,
        ):
            until_waiting(database, 2)
            holder.rollback()
            assert [finished(one, database)[0], finished(other, database)[0]] == [0, 0]
        assert tables(database) == TABLES

    def test_does_not_wait_longer_than_it_may_for_somebody_who_holds_the_schema(
        self, database: str, tmp_path: Path
    ) -> None:
        with locked(database):
            code, output = migrate(tmp_path, database, SERVICE_TIMEOUT="1")
        assert code == 1
        assert (
            output == "The schema was not changed: postgres is away: its schema is locked by somebody else.\n"
        )
        assert tables(database) == set()

    def test_ends_within_its_limit_whatever_happens(self, database: str, tmp_path: Path) -> None:
        with locked(database):
            code, output = migrate(tmp_path, database, SERVICE_TIMEOUT="600", MIGRATION_TIMEOUT="0.5")
        assert code == 1
        assert "its schema was not up to date within 0.5 s" in output

    def test_makes_all_or_nothing(self, database: str, tmp_path: Path) -> None:
        with psycopg.connect(database) as connection:
            connection.execute("CREATE TABLE messages (id int)")
        assert migrate(tmp_path, database)[0] == 1
        assert tables(database) == {"messages"}

    def test_says_that_the_database_is_away(self, tmp_path: Path) -> None:
        code, output = migrate(tmp_path, "postgresql://owner:postgres-canary@127.0.0.1:1/textbook")
        assert code == 1
        assert output == "The schema was not changed: postgres is away: it refuses connections.\n"

    def test_says_that_the_password_is_wrong(self, database: str, tmp_path: Path) -> None:
        password = urlsplit(database).password
        assert password
        code, output = migrate(tmp_path, database.replace(password, "wrong-canary"))
        assert code == 1
        assert "it refused the user name or the password" in output

    @pytest.mark.parametrize("withheld", ["DATABASE_URL", "QDRANT_URL"])
    def test_says_which_setting_is_missing(self, tmp_path: Path, withheld: str) -> None:
        given = {"DATABASE_URL": "postgresql://owner:postgres-canary@127.0.0.1:1/textbook", **OTHERS}
        given.pop(withheld)
        with started(tmp_path, "backend.migrate", **given) as process:
            code, output = finished(process)
        assert code == 78
        assert re.findall(r"[A-Z_]{6,}", output) == [withheld]


class TestWhatIsOlder:
    """Tables of the first version, with a reader's conversation in them."""

    @pytest.fixture
    def older(self, database: str, tmp_path: Path) -> str:
        migrate(tmp_path, database)
        with psycopg.connect(database) as connection:
            connection.execute(OLDER + READER)
        return database

    def test_stays_and_is_rendered_later(self, older: str, tmp_path: Path) -> None:
        assert migrate(tmp_path, older)[0] == 0
        with psycopg.connect(older) as connection:
            said = connection.execute(
                "SELECT role, content, content_html FROM messages ORDER BY id"
            ).fetchall()
            assert said == [("user", "Where?", None), ("assistant", "There.", None)]

    def test_sessions_begin_anew(self, older: str, tmp_path: Path) -> None:
        migrate(tmp_path, older)
        with psycopg.connect(older) as connection:
            query = "SELECT now() - used_at < interval '1 hour', now() - created_at > interval '1 year'"
            assert connection.execute(f"{query} FROM sessions").fetchall() == [(True, True)]

    def test_can_still_be_written_by_the_version_before(self, older: str, tmp_path: Path) -> None:
        migrate(tmp_path, older)
        with psycopg.connect(older) as connection:
            connection.execute(READER.replace("0001", "0002").replace("'hash'", "'other'"))


OLDER = """
    DROP INDEX sessions_by_use;
    ALTER TABLE sessions DROP COLUMN used_at;
    ALTER TABLE messages DROP COLUMN content_html;
    UPDATE alembic_version SET version_num = '0001';
"""
READER = """
    INSERT INTO sessions (id, token_hash, created_at)
    VALUES ('00000000-0000-4000-8000-000000000001', 'hash', now() - interval '2 years');
    INSERT INTO conversations (id, session_id, title)
    VALUES ('00000000-0000-4000-9000-000000000001', '00000000-0000-4000-8000-000000000001', 'Where?');
    INSERT INTO messages (conversation_id, role, content)
    VALUES ('00000000-0000-4000-9000-000000000001', 'user', 'Where?'),
           ('00000000-0000-4000-9000-000000000001', 'assistant', 'There.');
"""

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
"""


class TestTheTables:
    def engine(self, url: str) -> sa.Engine:
        return sa.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sa.NullPool
        )

    def constraints(self, connection: sa.Connection) -> set[tuple[str, ...]]:
        return {tuple(row) for row in connection.execute(sa.text(CONSTRAINTS))}

    def test_are_as_the_code_describes_them(self, database: str, tmp_path: Path) -> None:
        migrate(tmp_path, database)
        with self.engine(database).connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []

    def test_have_the_constraints_that_the_code_describes(
        self, server: str, database: str, tmp_path: Path
    ) -> None:
        """Alembic compares no checks and no deletes that cascade."""
        migrate(tmp_path, database)
        with new_database(server) as described:
            with self.engine(described).begin() as connection:
                connection.execute(sa.text("CREATE TABLE alembic_version ()"))
                metadata.create_all(connection)
                wanted = self.constraints(connection)
            with self.engine(database).connect() as connection:
                assert self.constraints(connection) == wanted
        assert any("ON DELETE CASCADE" in definition for *_, definition in wanted)


class TestTheBackend:
    @contextmanager
    def serving(self, folder: Path, **environment: str) -> Iterator[httpx.Client]:
        with started(folder, "backend", "--port", "0", **environment) as process:
            assert process.stdout
            log, url = "", None
            while url is None:
                line = process.stdout.readline()
                assert line, f"it ended before it served:\n{log}"
                log += line
                url = re.search(r"running on (http://127\.0\.0\.1:\d+)", line)
            with httpx.Client(base_url=url[1], trust_env=False, timeout=PATIENCE) as browser:
                yield browser

    def state(self, browser: httpx.Client) -> Mapping[str, str]:
        found: dict[str, str] = browser.get("/ready").json()["services"]["postgres"]
        return found

    def test_makes_the_tables_when_it_starts(self, database: str, tmp_path: Path) -> None:
        with self.serving(tmp_path, DATABASE_URL=database, **OTHERS) as browser:
            assert self.state(browser)["state"] == "ready"
        assert tables(database) == TABLES

    def test_is_not_held_up_by_who_holds_the_schema_and_recovers(self, database: str, tmp_path: Path) -> None:
        with (
            locked(database) as holder,
            self.serving(tmp_path, DATABASE_URL=database, **OTHERS) as browser,
        ):
            assert browser.get("/health").status_code == 200
            away = self.state(browser)
            assert away == {"state": "away", "detail": "its schema is locked by somebody else"}
            assert browser.post("/api/sessions").status_code == 503
            holder.rollback()
            until(lambda: self.state(browser)["state"] == "ready")
            assert browser.post("/api/sessions").status_code == 201
