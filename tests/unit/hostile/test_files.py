"""Files that no sound Space has: each costs a bounded time and memory, and comes to a verdict or a defect."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.hostile.linter import Linter

SOUND, BROKEN, USAGE, UNBUILT = 0, 1, 2, 5
BASE = "FROM python:3.11-slim\n"
STREAM = "[stream]\npath = '/'\n"
SCRIPT = "jobs:\n  a:\n    steps:\n    - run: |\n        "
COUNTS = "import os\n"
KINDS = [
    "a folder",
    "a named pipe",
    "links that go round",
    "a chain of links",
    "a link to /dev/zero",
    "8 GiB of nothing",
]


def write(place: Path, name: str, content: str | bytes) -> None:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def block(text: str) -> str:
    return f"---\nsdk: docker\n{text}\n---\n"


def bomb(levels: int) -> str:
    lines = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels))
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *lines])


def loop(path: Path) -> None:
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def chain(path: Path) -> None:
    """Links that lead from one to the next, more than Python's recursion follows."""
    target = "0.txt"
    path.with_name(target).write_text("x")
    for number in range(1, 1500):
        path.with_name(f"{number}.txt").symlink_to(target)
        target = f"{number}.txt"
    path.symlink_to(target)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**33)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (block("title: a\0b"), BROKEN, "it holds the character U+0000"),
        (block("date: 2024-13-45"), SOUND, ""),
        (block("title: x\ndate: 2024-13-45\napp_port: 2024-13-45"), BROKEN, "'2024-13-45', not a port"),
        (block(f"app_port: {'9' * 5000}"), BROKEN, f"`app_port` is '{'9' * 199}..., not a port"),
        (block(f"app_port: 0x{'f' * 5000}"), BROKEN, "`app_port` is '0xffff"),
        (block(f"app_port: {':'.join(['59'] * 20_000)}"), BROKEN, "`app_port` is '59:59"),
        (block(f"title: {'9' * 5000}"), SOUND, ""),
        (block(f"startup_duration_timeout: {'9' * 400}"), SOUND, ""),
        (block("app_port: .inf"), BROKEN, "`app_port` is inf, not a port"),
        (block("a: !!int x\nb: !!bool x\nc: !!timestamp x\nd: !!float x"), SOUND, ""),
        (block("license: !!set {mit}"), BROKEN, "`license` is {'mit'}"),
        (block(f"a: {'[' * 3000}{']' * 3000}"), BROKEN, "README.md:3: the front matter is not YAML: more"),
        (block("\n".join(f"{' ' * depth}a:" for depth in range(300))), BROKEN, "README.md:53: "),
        (block("? " * 3000 + "a"), BROKEN, "README.md:3: the front matter is not YAML: more"),
        (block("a: &a [*a]"), BROKEN, "README.md:3: the front matter is not YAML: `*a` stands within"),
        (block("a: &a {b: *a}"), BROKEN, "README.md:3: the front matter is not YAML: `*a` stands within"),
        (block("? &a [*a]\n: b"), BROKEN, "README.md:3: the front matter is not YAML: `*a` stands within"),
        (block(bomb(9)), BROKEN, "README.md:7: the front matter is not YAML: it stands for more than"),
        (block("a: &a {x: 1}\nb: {<<: [*a, *a, *a]}"), SOUND, ""),
        (block('emoji: "\\ud83d\\ude80"'), SOUND, ""),
        (block('title: "\\ud800"'), SOUND, ""),
        (block('emoji: "\\ud800"'), BROKEN, "not one emoji"),
        (block("title: a\x0cb"), BROKEN, "it holds the character U+000C"),
        (block(f"license: [{', '.join(f'L{i}' for i in range(7000))}]"), SOUND, "`license` is"),
        (block("\n".join(f"k{i}: v" for i in range(6000))), SOUND, ""),
        (block(f"title: {'x' * 70_000}"), USAGE, "README.md:1: the front matter has 70019 characters"),
        (block("title: x").encode("utf-16"), BROKEN, "README.md:1: it is UTF-16"),
        (block("title: Größe").encode("latin-1"), BROKEN, "README.md:3: it is not UTF-8"),
        (block("title: x") + "ü" * 2**20, SOUND, ""),
        (b"---\n" * 2 + b"\n" * 2**21, BROKEN, "no `key: value` pairs"),
    ],
    ids=[
        "NUL in the front matter",
        "a date that there is not",
        "a date that there is not, as a port",
        "5000 digits as a port",
        "5000 hexadecimal digits as a port",
        "a port in base 60",
        "5000 digits as a title",
        "a start window of 400 digits",
        "infinity as a port",
        "tags that the values do not fit",
        "a licence that is a set",
        "3000 brackets within each other",
        "300 mappings within each other",
        "3000 keys within each other",
        "a list that holds itself",
        "a mapping that holds itself",
        "a key that holds itself",
        "an alias bomb of nine levels",
        "one mapping merged three times",
        "an escaped pair of surrogates",
        "a lone surrogate as a title",
        "a lone surrogate as an emoji",
        "a form feed in the front matter",
        "7000 licences",
        "6000 keys",
        "a front matter of 70 KB",
        "a README in UTF-16",
        "a README in Latin-1",
        "a README of 2 MB",
        "two million line breaks",
    ],
)  # fmt: skip
def test_a_readme(lint: Linter, place: Path, content: str | bytes, code: int, says: str) -> None:
    write(place, "README.md", content)
    told = lint(place)
    assert told.code == code, told.said
    assert says in told.said


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("FROM\n", USAGE, "Dockerfile:1: FROM names no image"),
        ("FROM \\\n", USAGE, "Dockerfile:1: FROM names no image"),
        ("FROM \\\npython:3.11-slim\n", SOUND, ""),
        ("FROM --privileged\n", USAGE, "Dockerfile:1: FROM names no image"),
        ("FROM -v\n", USAGE, "Dockerfile:1: FROM names '-v', which is no name of an image"),
        ("FROM Python:3.11\n", USAGE, "Dockerfile:1: FROM names 'Python:3.11', which is no name"),
        ("FROM a b\n", USAGE, "Dockerfile:1: FROM is neither `FROM image` nor"),
        ("FROM ${X:-python:3.11-slim}\n", SOUND, ""),
        ("FROM ${X:-${Y:-python:3.11-slim}}\n", SOUND, ""),
        ('FROM "python:3.11-slim"\n', SOUND, ""),
        ("FROM python:3.11 AS Build\nFROM build\n", SOUND, ""),
        ("FROM python:3.11 AS amd64\nFROM $TARGETARCH\n", SOUND, ""),
        ("# syntax=example/other:1\nFROM ./Other#stage\n", SOUND, ""),
        (f"{BASE}WORKDIR\n", USAGE, "Dockerfile:2: WORKDIR says too little"),
        (f"{BASE}USER\n", USAGE, "Dockerfile:2: USER says too little"),
        (f"{BASE}COPY app.py\n", USAGE, "Dockerfile:2: COPY says too little"),
        (f"{BASE}CMD []\n", SOUND, ""),
        (f"{BASE}# a\x0cb \u2028 c\nUSER\n", USAGE, "Dockerfile:3: USER says too little"),
        (BASE.encode() + b"# Gr\xf6\xdfe\n", SOUND, ""),
        (BASE.encode() + b"RUN echo Gr\xf6\xdfe\n", USAGE, "Dockerfile:2: it is not UTF-8"),
        (BASE.encode() + b"RUN echo \xed\xa0\x80\n", USAGE, "Dockerfile:2: it is not UTF-8"),
        (b"\xef\xbb\xbf" + BASE.encode(), SOUND, ""),
        (BASE.encode("utf-16"), USAGE, "Dockerfile:1: it is UTF-16"),
        (f"{BASE}RUN a\0b\n", USAGE, "Dockerfile:2: it is not UTF-8"),
        ("ARG A(B=1\n" + BASE + "RUN $A(B\n", SOUND, ""),
        (
            "ARG A0=aaaaaaaa\n" + "".join(f"ARG A{i + 1}=$A{i}$A{i}\n" for i in range(60)) + "FROM $A60\n",
            USAGE,
            "Dockerfile:62: FROM names 'aaaa",
        ),
        (f"{BASE}CMD {'gunicorn ' * 7000}\n", SOUND, ""),
        (f"{BASE}CMD {'$(nproc ' * 8000}\n", SOUND, ""),
        (f"FROM {'${a:-' * 12_000}\n", SOUND, ""),
        (BASE * 20_000, USAGE, "Dockerfile: it is larger than 256 KiB"),
        (f"{BASE}CPOY . .\n", USAGE, "Dockerfile:2: 'CPOY' is no instruction"),
        (f"# syntax=example/other:1\n{BASE}CPOY . .\n", SOUND, ""),
        (f"{BASE}\\\n", USAGE, "is no instruction"),
        (f"\x01{BASE}FROM a\n", USAGE, "is no instruction"),
        (f"ENV A=1\n{BASE}", USAGE, "Dockerfile:1: ENV stands above the first FROM"),
        (f"{BASE}RUN\nCMD\n", SOUND, ""),
        (f"{BASE}CMD gunicorn --workers={'9' * 5000}\n", SOUND, ""),
        ("ARG A=aaaaaaaa\n" + "ARG A=$A$A\n" * 14 + "ARG B=$A\n" * 15_000 + BASE, SOUND, ""),
    ],
    ids=[
        "bare FROM",
        "FROM that ends in a backslash",
        "FROM and its image on two lines",
        "FROM --privileged",
        "FROM -v",
        "a capital letter in an image's name",
        "FROM with a word too many",
        "FROM with a default",
        "FROM with a default in a default",
        "FROM with quotes",
        "a stage by its name in another case",
        "a platform's argument as a stage",
        "a foreign syntax, and a name of its own",
        "bare WORKDIR",
        "bare USER",
        "COPY without a target",
        "CMD []",
        "form feed and U+2028 in a comment",
        "Latin-1 in a comment",
        "Latin-1 in an instruction",
        "a surrogate in an instruction",
        "a byte order mark",
        "a Dockerfile in UTF-16",
        "NUL in an instruction",
        "an argument that is no name",
        "arguments that double 60 times",
        "7000 words",
        "8000 substitutions within each other",
        "12,000 defaults within each other",
        "400 KB of FROM",
        "a misspelt instruction",
        "an instruction of a foreign syntax",
        "a backslash alone",
        "an instruction of control characters",
        "ENV above FROM",
        "bare RUN and bare CMD",
        "5000 digits of workers",
        "15,000 arguments of 128 KB",
    ],
)  # fmt: skip
def test_a_dockerfile(lint: Linter, place: Path, content: str | bytes, code: int, says: str) -> None:
    write(place, "Dockerfile", content)
    told = lint(place)
    assert told.code == code, told.said
    assert says in told.said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"# Gr\xf6\xdfe\n", "space.toml:1: it is not UTF-8"),
        ("[space]\n".encode("utf-16"), "space.toml:1: it is UTF-16"),
        ("\n# \0", "space.toml:2: it is not TOML"),
        (f"x = {'[' * 3000}{']' * 3000}", "space.toml: more than 50 tables and lists"),
        (f"{STREAM}body = {'{a = ' * 200}1{'}' * 200}", "space.toml: more than 50 tables and lists"),
        (f"{'.'.join(['a'] * 100_000)} = 1", "space.toml:1: a key has more than 50 parts"),
        (f"\n[{'.'.join(['a'] * 100_000)}]", "space.toml:2: a key has more than 50 parts"),
        ("[" * 100_000, "space.toml:1: it is not TOML"),
        ("\n".join(f"a{i} = 1" for i in range(20_000)), "space.toml:1: `a0`: extra inputs"),
        ('[space]\nready = "/a\\r\\nX: y"', "space.toml:2: `space.ready`"),
        ('[space]\nfolder = "a\\u0000b"', "space.toml:2: `space.folder`: a path has no control characters"),
        ('[space]\nships = ["a\\nb"]', "space.toml:2: `space.ships.0`: a path has no control characters"),
        (f"[space]\nfolder = '{'a' * 5000}'", "which is no folder"),
        (f"[space]\nships = ['{'a' * 5000}']", "which is not there"),
        (f'{STREAM}[stream.headers]\n"a\\r\\nb" = "c"', "space.toml:3: `stream.headers."),
        (f'{STREAM}[stream.headers]\na = "b\\r\\nc: d"', "space.toml:4: `stream.headers.a`"),
        ('[origins]\nallowed = ["http://a\\r\\nb"]', "space.toml:2: `origins.allowed.0`"),
        (f"{STREAM}body = {{ a = nan }}", "space.toml:3: `stream.body`: it holds a number that JSON"),
        (f"{STREAM}body = {{ a = 1979-05-27 }}", "space.toml:3: `stream.body.str`"),
        (f"{STREAM}body = {{ a = 0x{'f' * 5000} }}", "space.toml:3: `stream.body`: it holds a number"),
        (f"x = {'9' * 5000}", "space.toml: it holds a number of thousands of digits"),
        ("[dock]\nmemory_gb = 1e-7", "space.toml:2: `dock.memory_gb`: input should be greater than"),
        ("[dock]\nmemory_gb = nan", "space.toml:2: `dock.memory_gb`: input should be a finite number"),
        (f"[dock]\nmemory_gb = 0x{'f' * 5000}", "space.toml:2: `dock.memory_gb`"),
        ('[variables]\nA = "\\u0000"', "space.toml:2: `variables.A.value`"),
        ("[variables]\nA = { from = 'nothing.url' }", "there is no service `nothing`"),
        (f"# {'x' * 300_000}", "space.toml: it is larger than 256 KiB"),
    ],
    ids=[
        "Latin-1",
        "UTF-16",
        "NUL",
        "3000 lists within each other",
        "200 tables within each other",
        "a key of 100,000 parts",
        "a table of 100,000 parts",
        "100,000 brackets",
        "20,000 keys that nobody knows",
        "line break in a path",
        "NUL in a folder",
        "line break in what ships",
        "a folder of 5000 characters",
        "what ships, of 5000 characters",
        "line break in a header's name",
        "line break in a header",
        "line break in an origin",
        "NaN in a body",
        "a date in a body",
        "5000 digits in a body",
        "5000 digits",
        "memory_gb = 1e-7",
        "memory_gb = nan",
        "memory_gb of 5000 digits",
        "NUL in a variable",
        "a service that there is not",
        "300 KB",
    ],
)
def test_a_manifest(lint: Linter, place: Path, content: str | bytes, says: str) -> None:
    write(place, "space.toml", content)
    told = lint(place)
    assert told.code == USAGE, told.said
    assert says in told.said


@pytest.mark.parametrize(
    "value",
    [f"http://a:{'9' * 5000}/", f"postgres://{'@' * 50_000}/", "http://[::1%"],
    ids=["5000 digits of a port", "50,000 at signs", "half an address"],
)
def test_a_variable_that_is_hardly_a_url(lint: Linter, place: Path, value: str) -> None:
    write(place, "space.toml", f"[variables]\nA = '{value}'\n")
    assert lint(place).code == SOUND


@pytest.mark.parametrize("arrange", [Path.mkdir, os.mkfifo, loop, chain, endless, large], ids=KINDS)
@pytest.mark.parametrize(
    ("name", "codes"),
    [("README.md", {BROKEN}), ("Dockerfile", {UNBUILT, USAGE}), ("space.toml", {USAGE})],
    ids=["README.md", "Dockerfile", "space.toml"],
)
def test_what_is_no_file(
    lint: Linter, place: Path, arrange: Callable[[Path], object], name: str, codes: set[int]
) -> None:
    (place / name).unlink()
    arrange(place / name)
    assert lint(place).code in codes


@pytest.mark.parametrize("arrange", [Path.mkdir, os.mkfifo, loop, chain, endless, large], ids=KINDS)
@pytest.mark.parametrize("name", ["other.py", ".dockerignore", ".github/workflows/a.yml"])
def test_what_is_no_file_and_nobody_needs(
    lint: Linter, place: Path, arrange: Callable[[Path], object], name: str
) -> None:
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    arrange(place / name)
    told = lint(place)
    assert told.code == SOUND or "8.59 GB" in told.said


@pytest.mark.parametrize(
    "content",
    [
        "jobs: &a [*a]",
        "jobs: &a {b: *a}",
        "jobs:\n  a:\n    steps: &b\n    - *b",
        "jobs:\n  a:\n    ? [steps]\n    : b",
        "[" * 100_000,
        "{a: " * 3000,
        f"{bomb(9)}\njobs: *a8",
        f"{SCRIPT}{'git ' * 200_000}",
        f"{SCRIPT}{'${{' * 200_000}",
        f"{SCRIPT}${{{{{' ' * 200_000}",
        f"{SCRIPT}{'hf upload ' * 50_000}",
        f"{SCRIPT}{'git remote add' * 30_000}",
        f"x: &r\n  run: '{'git ' * 20_000}'\njobs:\n"
        + "".join(f"  j{i}: {{steps: [*r]}}\n" for i in range(20_000)),
        "jobs: \0",
        b"jobs: \xf6",
    ],
    ids=[
        "a list that holds itself",
        "a mapping that holds itself",
        "a step that holds itself",
        "a list as a key",
        "100,000 brackets",
        "3000 mappings within each other",
        "an alias bomb",
        "200,000 times git",
        "200,000 expressions begun",
        "an expression of 200,000 spaces",
        "50,000 times hf upload",
        "30,000 times git remote add",
        "20,000 jobs of one long step",
        "NUL",
        "Latin-1",
    ],
)
def test_a_workflow(lint: Linter, place: Path, content: str | bytes) -> None:
    write(place, ".github/workflows/a.yml", content)
    assert lint(place).code == SOUND


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", COUNTS + "n = (os.cpu_count() + " + "1 +\n" * 3000 + " 1)"),
        ("a.py", f"{COUNTS}n = os.cpu_count() + {'(' * 1500}1{')' * 1500}"),
        ("a.py", COUNTS + "os.cpu_count()\n" + f"x = {'-' * 1900}1\n" * 100),
        ("a.py", COUNTS + "os.cpu_count()\n" + f"x{'.b()' * 440}\n" * 100),
        ("a.py", COUNTS + "x = os.cpu_count()\n" * 13_000),
        ("a.py", COUNTS + "x = os.cpu_count()\nworkers = y\n" * 8000),
        (
            "a.py",
            COUNTS + "".join(f"{' ' * i}if os.cpu_count():\n" for i in range(99)) + " " * 99 + "x = 1\n",
        ),
        ("a.py", f"{COUNTS}n = os.cpu_count()\0"),
        ("a.py", "# coding: nothing\nn = os.cpu_count()"),
        ("a.py", b"import os\nn = os.cpu_count() # \xed\xa0\x80"),
        ("a.sh", "x=$(nproc)\n" * 23_000),
        ("a.js", "require(1)\ncpus().length\n" + "/*\n" * 80_000),
    ],
    ids=[
        "an expression of 3000 terms",
        "1500 parentheses within each other",
        "1900 signs, a hundred times",
        "440 calls in a row, a hundred times",
        "13,000 counts",
        "8000 counts and sizes",
        "99 levels of ifs",
        "NUL",
        "a coding that there is not",
        "a surrogate",
        "23,000 counts in a shell",
        "80,000 comments begun",
    ],
)
def test_code_that_counts_processors(lint: Linter, place: Path, name: str, content: str | bytes) -> None:
    write(place, name, content)
    assert lint(place).code == SOUND


def test_names_that_are_no_text(lint: Linter, place: Path) -> None:
    for name in (b"\xff\xfe.py", b"a\n::error::b", b"a" * 255):
        Path(os.fsdecode(os.fsencode(place) + b"/" + name)).touch()
    assert lint(place).code == SOUND


def test_folders_that_lie_deep_within_each_other(lint: Linter, place: Path) -> None:
    within = os.open(place, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=within)
        inner = os.open("d", os.O_RDONLY, dir_fd=within)
        os.close(within)
        within = inner
    os.close(within)
    try:
        assert lint(place).code == SOUND
    finally:
        subprocess.run(["rm", "-r", place], check=True)  # which `shutil.rmtree` cannot


def test_a_repository_of_what_is_no_file(lint: Linter, place: Path) -> None:
    """A submodule, a name that is no UTF-8, and a named pipe where a file was."""
    other = place.with_name("other")
    Path(os.fsdecode(os.fsencode(place) + b"/\xff\xfe.py")).touch()

    def git(folder: Path, *words: str) -> None:
        name = ("-c", "user.name=a", "-c", "user.email=b", "-c", "protocol.file.allow=always")
        subprocess.run(["git", "-C", folder, *name, *words], check=True, capture_output=True)

    for folder in (other, place):
        subprocess.run(["git", "init", "-q", folder], check=True)
    git(other, "commit", "--allow-empty", "-m", "x")
    git(place, "submodule", "add", str(other), "module")
    git(place, "add", ".")
    git(place, "commit", "-m", "x")
    (place / "app.py").unlink()
    os.mkfifo(place / "app.py")
    assert lint(place).code == SOUND
