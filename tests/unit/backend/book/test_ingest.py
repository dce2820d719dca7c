"""`python -m backend.ingest`: exit codes, signals, and what is said."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from backend import ingest
from backend.book import index
from backend.config import Settings
from backend.services.base import AwayError
from tests.unit.backend.book.conftest import Book, FakeModel
from tests.unit.backend.conftest import CANARIES, SOUND, Configure

ROOT = Path(__file__).parents[4]
GOES_ON = "What is written stays; the same command goes on from there."


class FakeOpenAI(FakeModel):
    """The model as the command opens it. `stops_at` is the request that a signal interrupts."""

    closed = 0
    stops_at: tuple[int, signal.Signals] | None = None

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.stops_at and self.stops_at[0] == len(self.requests):
            os.kill(os.getpid(), self.stops_at[1])
            await asyncio.Event().wait()
        return await super().embed(texts)

    async def close(self) -> None:
        self.closed += 1


class FakeQdrant:
    """A cluster that stays between two runs."""

    def __init__(self) -> None:
        self.client = AsyncQdrantClient(":memory:")
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def qdrant(monkeypatch: pytest.MonkeyPatch) -> FakeQdrant:
    qdrant = FakeQdrant()
    monkeypatch.setattr("backend.services.qdrant.Qdrant", lambda _: qdrant)
    return qdrant


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch, qdrant: FakeQdrant) -> FakeOpenAI:
    openai = FakeOpenAI()
    monkeypatch.setattr("backend.services.openai.OpenAI", lambda _: openai)
    return openai


@pytest.fixture
def settings(configure: Configure) -> Settings:
    return configure()


@pytest.fixture
def chapters(book: Book, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three chunks, one in a batch."""
    monkeypatch.setattr(index, "BATCH", 1)
    book.write("01-a.md", "# A\n\nalpha\n\n## B\n\nbeta\n\n## C\n\ngamma\n")
    return book.folder


Run = Callable[[Path], tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], settings: Settings) -> Run:
    """Run the command; exit code, standard output and standard error come back."""

    def run(path: Path) -> tuple[int, str, str]:
        code = ingest.main([str(path)])
        out, err = capsys.readouterr()
        assert [canary for canary in CANARIES if canary in out + err] == []
        return code, out, err

    return run


class TestARun:
    def test_it_ends_with_a_summary(self, run: Run, openai: FakeOpenAI, chapters: Path) -> None:
        assert run(chapters) == (
            0,
            "3 chunks: 3 added, 0 changed, 0 removed, 0 unchanged\n",
            "3 of 3 chunks written\n",
        )

    def test_a_second_one_has_nothing_to_do(self, run: Run, openai: FakeOpenAI, chapters: Path) -> None:
        run(chapters)
        openai.requests.clear()
        assert run(chapters) == (0, "3 chunks: 0 added, 0 changed, 0 removed, 3 unchanged\n", "")
        assert openai.requests == []

    def test_it_writes_where_the_settings_say(
        self, configure: Configure, run: Run, openai: FakeOpenAI, qdrant: FakeQdrant, chapters: Path
    ) -> None:
        configure(QDRANT_COLLECTION_NAME="other")
        assert run(chapters)[0] == 0
        assert asyncio.run(qdrant.client.collection_exists("other"))

    def test_it_knows_the_model_by_its_name(
        self, configure: Configure, run: Run, openai: FakeOpenAI, chapters: Path
    ) -> None:
        run(chapters)
        configure(OPENAI_EMBEDDING_MODEL="text-embedding-ada-002")
        assert "3 changed" in run(chapters)[1]

    def test_it_closes_what_it_opened(
        self, run: Run, openai: FakeOpenAI, qdrant: FakeQdrant, chapters: Path
    ) -> None:
        run(chapters)
        assert (openai.closed, qdrant.closed) == (1, 1)

    def test_without_a_path_the_bundled_book_is_meant(
        self, settings: Settings, openai: FakeOpenAI, chapters: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert ingest.TEXTBOOK == ROOT / "backend" / "textbook"
        monkeypatch.setattr(ingest, "TEXTBOOK", chapters)
        assert ingest.main([]) == 0


class TestWhatIsRefused:
    def test_missing_settings_end_it_with_78(
        self, monkeypatch: pytest.MonkeyPatch, chapters: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name, value in SOUND.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("QDRANT_URL")
        assert ingest.main([str(chapters)]) == 78
        assert "QDRANT_URL is missing" in capsys.readouterr().err

    @pytest.mark.parametrize("remains", ["nothing", "notes", "headings"])
    def test_a_folder_without_text_ends_it_with_2_and_removes_nothing(
        self, run: Run, openai: FakeOpenAI, qdrant: FakeQdrant, chapters: Path, remains: str
    ) -> None:
        run(chapters)
        (chapters / "01-a.md").unlink()
        if remains != "nothing":
            (chapters / ("notes.txt" if remains == "notes" else "01-a.md")).write_text("# A\n")
        code, out, err = run(chapters)
        assert (code, out) == (2, "")
        assert str(chapters) in err
        assert "Name the folder that holds the chapters" in err
        assert asyncio.run(qdrant.client.count("textbook")).count == 3

    def test_a_path_that_is_not_there_ends_it_with_2(
        self, run: Run, openai: FakeOpenAI, tmp_path: Path
    ) -> None:
        code, _, err = run(tmp_path / "nowhere")
        assert code == 2
        assert f"{tmp_path / 'nowhere'} does not exist." in err

    def test_a_file_that_is_not_utf8_ends_it_with_2(
        self, run: Run, openai: FakeOpenAI, chapters: Path
    ) -> None:
        (chapters / "02-b.md").write_bytes(b"\xff")
        code, _, err = run(chapters)
        assert code == 2
        assert "02-b.md is not UTF-8 (line 1)" in err
        assert openai.requests == []

    def test_a_collection_of_another_dimension_ends_it_with_1(
        self, run: Run, openai: FakeOpenAI, chapters: Path
    ) -> None:
        run(chapters)
        (chapters / "01-a.md").write_text("# A\n\nother\n")
        openai.dimension = 8
        code, out, err = run(chapters)
        assert (code, out) == (1, "")
        assert "holds vectors of dimension 4" in err
        assert "Traceback" not in err


@pytest.mark.usefixtures("no_pauses")
class TestAServiceThatIsAway:
    def test_openai_is_named_and_what_was_written_stays(
        self, run: Run, openai: FakeOpenAI, chapters: Path
    ) -> None:
        def refuse(asked: int) -> None:
            if asked == 1:
                raise AwayError("the account's quota is used up", passing=False)

        openai.before = refuse
        code, out, err = run(chapters)
        assert (code, out) == (1, "")
        assert err == f"Not finished: openai is away: the account's quota is used up. {GOES_ON}\n"
        openai.before = lambda _: None
        assert "2 added, 0 changed, 0 removed, 1 unchanged" in run(chapters)[1]

    def test_qdrant_is_named(self, configure: Configure, run: Run, chapters: Path) -> None:
        configure(QDRANT_URL="http://127.0.0.1:1")
        code, out, err = run(chapters)
        assert (code, out) == (1, "")
        assert err == f"Not finished: qdrant is away: it refuses connections. {GOES_ON}\n"


class TestASignal:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_stops_and_the_next_run_goes_on(
        self, run: Run, openai: FakeOpenAI, chapters: Path, number: signal.Signals
    ) -> None:
        openai.stops_at = (1, number)
        assert run(chapters) == (128 + number, "", f"Stopped. {GOES_ON}\n")
        assert openai.closed == 1
        openai.stops_at = None
        assert run(chapters)[1] == "3 chunks: 2 added, 0 changed, 0 removed, 1 unchanged\n"

    def test_a_moving_line_is_ended_before_anything_is_said(
        self, openai: FakeOpenAI, settings: Settings, chapters: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        screen = StringIO()
        monkeypatch.setattr(screen, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stderr", screen)
        openai.stops_at = (1, signal.SIGINT)
        ingest.main([str(chapters)])
        assert screen.getvalue() == f"\r1 of 3 chunks written\x1b[K\nStopped. {GOES_ON}\n"

    def test_it_counts_before_anything_is_asked(
        self, run: Run, chapters: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(_: Path) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(ingest, "read_book", interrupted)
        assert run(chapters)[0] == 130


class TestTheProcess:
    def test_the_exit_code_reaches_the_shell(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "backend.ingest", "nowhere"],
            cwd=tmp_path,
            check=False,
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **SOUND},
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("nowhere does not exist. ")

    def test_the_server_does_not_load_it(self) -> None:
        ours = ("backend.book", "backend.ingest")
        code = f"import backend.server, sys; print([n for n in sys.modules if n.startswith({ours!r})])"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, timeout=20, capture_output=True, text=True
        )
        assert done.stdout == "[]\n"
