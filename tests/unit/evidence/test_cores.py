"""What sizes itself by the host's processors, and what only speaks of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.evidence.cores import fixed_workers, sizings
from tests.unit.spaces import sound_space

MOST = 5


def found(folder: Path, file: str, text: str) -> list[str]:
    space = sound_space(folder)
    path = space.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [str(sizing) for sizing in sizings(space, MOST)]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app.py", "workers = multiprocessing.cpu_count() * 2 + 1"),
        ("app.py", "pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)"),
        ("app.py", "n = os.cpu_count()\nwith Pool(n) as pool: pass"),
        ("app.py", "def worker_count():\n    return int(os.environ.get('N') or os.cpu_count())"),
        ("app.py", "torch.set_num_threads(len(os.sched_getaffinity(0)))"),
        ("app.py", "os.environ['OMP_NUM_THREADS'] = str(psutil.cpu_count(logical=False))"),
        ("app.py", "workers = min(64, os.cpu_count())"),
        ("start.sh", "gunicorn -w $(nproc) app:app"),
        ("start.sh", "CORES=`nproc --all`\nuvicorn app:app --workers $CORES"),
        ("start.sh", "export WEB_CONCURRENCY=$(getconf _NPROCESSORS_ONLN)"),
        (
            "server.js",
            "const cluster = require('cluster')\nfor (let i = 0; i < os.cpus().length; i++) fork()",
        ),
        ("server.mjs", "import os from 'node:os'\nconst workers = navigator.hardwareConcurrency"),
        ("main.go", "runtime.GOMAXPROCS(runtime.NumCPU())"),
        ("main.go", "for i := 0; i < runtime.NumCPU(); i++ { go worker(jobs) }"),
    ],
)
def test_what_sizes_itself_by_them_is_found(tmp_path: Path, file: str, text: str) -> None:
    assert len(found(tmp_path, file, text)) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app.py", "def health():\n    return {'processors': os.cpu_count()}"),
        ("app.py", "print('threads for', os.cpu_count())"),
        ("app.py", "logging.info('%d workers could run', os.cpu_count())"),
        ("app.py", "workers = 2  # not os.cpu_count()"),
        ("app.py", "'''Workers: os.cpu_count() is the host's.'''"),
        ("app.py", "workers = min(4, os.cpu_count())"),
        ("app.py", "workers = joblib.cpu_count()"),
        ("app.py", "workers = int(os.environ.get('CPU_CORES') or os.cpu_count())"),
        ("app.py", "workers = os.cpu_count("),
        ("tests/test_app.py", "workers = os.cpu_count()"),
        ("node_modules/pool/index.js", "const { cpus } = require('os'); new Worker(cpus().length)"),
        ("page.js", "document.title = ''; const pool = navigator.hardwareConcurrency"),
        ("server.js", "const os = require('os')\nres.json({ count: os.cpus().length })"),
        ("server.js", "const workers = require('os').availableParallelism() // os.cpus().length"),
        ("bundle.min.js", "require('os').cpus().length;workers"),
        ("build.sh", "make -j$(nproc)\nworkers=2"),
        ("start.sh", "echo on $(nproc) processors"),
        ("start.sh", "# gunicorn -w $(nproc)"),
        ("main.go", "log.Println(runtime.NumCPU())"),
        ("README.txt", "workers = os.cpu_count()"),
    ],
)
def test_what_does_not_is_left_alone(tmp_path: Path, file: str, text: str) -> None:
    assert found(tmp_path, file, text) == []


def test_a_file_that_nobody_wrote_is_not_read(tmp_path: Path) -> None:
    assert found(tmp_path, "packed.py", f"x = '{'x' * 3000}'\nworkers = os.cpu_count()") == []
    assert found(tmp_path, "large.py", "#\n" * 200_000 + "workers = os.cpu_count()") == []


def test_what_a_link_leads_to_is_not_read(tmp_path: Path) -> None:
    space = sound_space(tmp_path / "space")
    (tmp_path / "outside.py").write_text("workers = os.cpu_count()")
    (space.root / "link.py").symlink_to(tmp_path / "outside.py")
    assert sizings(space, MOST) == ()


def test_the_command_is_read_and_the_build_is_not(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.11-slim\nRUN make workers -j $(nproc)\n"
        'CMD ["sh", "-c", "exec gunicorn --workers $(nproc) app:app"]\n'
    )
    space = sound_space(tmp_path, dockerfile=dockerfile)
    assert [str(sizing) for sizing in sizings(space, MOST)] == ["Dockerfile:3 `$(nproc)`"]


@pytest.mark.parametrize(
    ("instruction", "text"),
    [
        ('CMD ["uvicorn", "app:app", "--workers", "16"]', "--workers 16"),
        ("CMD gunicorn --workers=6 app:app", "--workers=6"),
        ("ENV PORT=7860 WEB_CONCURRENCY=8\nCMD uvicorn app:app", "WEB_CONCURRENCY=8"),
        ("CMD gunicorn -b :7860 -w 9 app:app", "gunicorn -b :7860 -w 9"),
    ],
)
def test_a_number_that_no_hardware_asks_for_is_found(tmp_path: Path, instruction: str, text: str) -> None:
    space = sound_space(tmp_path, dockerfile=f"FROM python:3.11-slim\n{instruction}\n")
    assert [sizing.text for sizing in fixed_workers(space, MOST)] == [text]


@pytest.mark.parametrize("instruction", ["CMD uvicorn app:app --workers 5", "RUN pytest --workers 16\nCMD x"])
def test_a_number_that_fits_or_is_of_the_build_is_none(tmp_path: Path, instruction: str) -> None:
    assert not fixed_workers(sound_space(tmp_path, dockerfile=f"FROM scratch\n{instruction}\n"), MOST)
