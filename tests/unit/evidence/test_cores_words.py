"""The words by which code is known to size itself, and the edges of what is read of a Space."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.evidence.cores import fixed_workers, sizings
from tests.unit.evidence.test_cores import MOST, found
from tests.unit.spaces import sound_space

COUNT = "os.cpu_count()"


@pytest.mark.parametrize(
    "name",
    [
        "workers", "num_threads", "processes", "pool_size", "executor", "concurrency", "parallelism",
        "n_jobs", "num_proc", "WORKERS",
    ],
)  # fmt: skip
def test_a_name_says_that_it_sizes_something(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, "app.py", f"{name} = {COUNT}") == [f"app.py:1 `{COUNT}`"]


@pytest.mark.parametrize("name", ["processors", "cores", "count", "n"])
def test_another_name_does_not(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, "app.py", f"{name} = {COUNT}") == []


@pytest.mark.parametrize(
    "call",
    [
        "os.cpu_count()",
        "cpu_count()",
        "os.process_cpu_count()",
        "os.sched_getaffinity(0)",
        "psutil.cpu_count()",
    ],
)
def test_a_call_counts_processors(tmp_path: Path, call: str) -> None:
    assert found(tmp_path, "app.py", f"workers = {call}") == [f"app.py:1 `{call}`"]


@pytest.mark.parametrize("call", ["joblib.cpu_count()", "loky.cpu_count()", "os.getpid()"])
def test_a_call_counts_the_share_or_something_else(tmp_path: Path, call: str) -> None:
    assert found(tmp_path, "app.py", f"workers = {call}") == []


@pytest.mark.parametrize("tells", ["print", "log.debug", "log.info", "log.warning", "log.error", "log.log"])
def test_a_call_only_tells_the_number(tmp_path: Path, tells: str) -> None:
    assert found(tmp_path, "app.py", f"{tells}('workers', {COUNT})") == []


@pytest.mark.parametrize(("cap", "lines"), [(MOST, []), (MOST + 1, [f"app.py:1 `{COUNT}`"])])
def test_a_cap_counts_where_it_is_low_enough(tmp_path: Path, cap: int, lines: list[str]) -> None:
    assert found(tmp_path, "app.py", f"workers = min({COUNT}, {cap})") == lines


@pytest.mark.parametrize(
    "text",
    [
        f"workers = max(2, {COUNT})",
        f"n: int = {COUNT}\nrun(workers=n)",
        f"with Pool({COUNT}) as pool:\n    pool.map(f, x)",
    ],
)
def test_a_count_that_reaches_workers_is_found(tmp_path: Path, text: str) -> None:
    assert len(found(tmp_path, "app.py", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"n = {COUNT}\nworkers = nn",
        f"def cores():\n    return {COUNT}\nworkers = 2",
        f"if {COUNT} > 4:\n    workers = 2",
    ],
)
def test_a_count_that_goes_elsewhere_is_not(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "app.py", text) == []


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("app.py", f"# one\n\nworkers = {COUNT}", f"app.py:3 `{COUNT}`"),
        ("start.sh", "#!/bin/sh\ngunicorn -w $(nproc) app:app", "start.sh:2 `$(nproc)`"),
        ("start.bash", "gunicorn -w $( nproc ) app:app", "start.bash:1 `$( nproc )`"),
        ("a.cjs", "/* a\n b */ require('x')\nfork(os.cpus().length)", "a.cjs:3 `cpus().length`"),
        ("a.ts", "process.env.A\nworkers(os.cpus().length)", "a.ts:2 `cpus().length`"),
        ("main.go", "// one\nsem := make(chan int, runtime.NumCPU())", "main.go:2 `runtime.NumCPU()`"),
        ("main.go", "g.SetLimit(runtime.NumCPU())", "main.go:1 `runtime.NumCPU()`"),
    ],
)
def test_a_place_has_file_line_and_text(tmp_path: Path, file: str, text: str, line: str) -> None:
    assert found(tmp_path, file, text) == [line]


@pytest.mark.parametrize("command", ["uvicorn", "hypercorn", "gunicorn", "server -w", "run --threads"])
def test_a_shell_sizes_a_server(tmp_path: Path, command: str) -> None:
    assert found(tmp_path, "start.sh", f"{command} $(nproc) app") == ["start.sh:1 `$(nproc)`"]


@pytest.mark.parametrize("command", ["make", "cmake", "ninja", "cargo", "pip install", "gcc", "build -j"])
def test_a_shell_that_compiles_sizes_no_server(tmp_path: Path, command: str) -> None:
    assert found(tmp_path, "start.sh", f"{command} $(nproc) --workers") == []


@pytest.mark.parametrize("page", ["window.x = 1", "document.title = ''"])
def test_a_page_counts_its_visitors_processors(tmp_path: Path, page: str) -> None:
    text = "const os = require('os')\nworkers(os.cpus().length)\n"
    assert len(found(tmp_path, "server.js", text)) == 1
    assert found(tmp_path, "server.js", text + page) == []


def test_a_shells_name_is_a_whole_word(tmp_path: Path) -> None:
    assert found(tmp_path, "start.sh", "N=$(nproc)\ngunicorn -w $NAME app:app") == []


@pytest.mark.parametrize(
    "folder",
    [
        "node_modules", "site-packages", "vendor", "third_party", "venv", ".venv", "dist", "build", "test",
        "tests", "docs", "examples", "benchmarks",
    ],
)  # fmt: skip
def test_what_others_wrote_and_what_never_serves_is_not_read(tmp_path: Path, folder: str) -> None:
    assert found(tmp_path, f"a/{folder}/app.py", f"workers = {COUNT}") == []


@pytest.mark.parametrize(("more", "read"), [(0, 1), (1, 0)])
def test_a_file_is_read_up_to_its_limits(tmp_path: Path, more: int, read: int) -> None:
    line = f"workers = {COUNT}\n"
    assert len(found(tmp_path, "line.py", line + "#" * (2000 + more))) == read
    (tmp_path / "line.py").unlink()
    assert len(found(tmp_path, "file.py", line.ljust(256 * 1024 + more, "\n"))) == read


def test_a_command_that_reads_the_platforms_number_is_none(tmp_path: Path) -> None:
    dockerfile = "FROM scratch\nCMD gunicorn --workers ${CPU_CORES:-$(nproc)} app:app\n"
    assert sizings(sound_space(tmp_path, dockerfile=dockerfile), MOST) == ()


def test_a_command_that_sizes_no_server_is_none(tmp_path: Path) -> None:
    assert sizings(sound_space(tmp_path, dockerfile="FROM scratch\nCMD echo $(nproc)\n"), MOST) == ()


@pytest.mark.parametrize(
    ("instruction", "text"),
    [
        ('ENTRYPOINT ["gunicorn", "--workers", "6"]', "--workers 6"),
        ("CMD hypercorn -w6 app:app", "hypercorn -w6"),
        ("ENV WEB_CONCURRENCY=6", "WEB_CONCURRENCY=6"),
    ],
)
def test_a_fixed_number_has_its_place(tmp_path: Path, instruction: str, text: str) -> None:
    space = sound_space(tmp_path, dockerfile=f"FROM scratch\n{instruction}\n")
    assert [str(sizing) for sizing in fixed_workers(space, MOST)] == [f"Dockerfile:2 `{text}`"]
