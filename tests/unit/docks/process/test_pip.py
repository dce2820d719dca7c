"""What is taken from a RUN, and what makes one environment another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacedock.docks.process.pip import Install, read_installs
from spacedock.errors import UsageError


def arguments(script: str) -> list[tuple[str, ...]]:
    found, _ = read_installs(script, Path)
    return [install.arguments for install in found]


@pytest.mark.parametrize(
    "script",
    [
        "pip install --no-cache-dir --upgrade -r req.txt",
        "pip3 install --requirement=req.txt --root-user-action ignore",
        "python -m pip install -r req.txt",
        "uv pip install --system -r req.txt",
        "PIP_NO_CACHE_DIR=1 /opt/venv/bin/pip install -r req.txt",
        "pip install -U pip && pip install -r req.txt",
    ],
)
def test_a_requirement_file_is_found_however_pip_is_called(script: str) -> None:
    assert arguments(script) == [("-r", "req.txt")]
    assert read_installs(script, Path)[1]


def test_packages_indexes_and_constraints_are_kept() -> None:
    script = "pip install --index-url https://mirror.test/simple --pre -c c.txt 'fastapi[all]>=0.1' uvicorn"
    assert arguments(script) == [
        (
            "--index-url", "https://mirror.test/simple", "--prerelease=allow", "-c", "c.txt",
            "fastapi[all]>=0.1", "uvicorn",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "script",
    [
        "apt-get update && apt-get install -y git",
        "pip install .",
        "pip install -e .",
        "pip wheel -r req.txt",
        "uv sync --frozen",
        "<<EOF",
        "echo 'unclosed",
    ],
)
def test_what_only_the_image_can_do_is_not_taken_for_done(script: str) -> None:
    assert read_installs(script, Path) == ((), False)


def test_pip_beside_something_else_is_taken_and_the_rest_is_told() -> None:
    found, complete = read_installs("apt-get install -y gcc && pip install httpx; rm -rf /var/tmp/pip", Path)
    assert [install.arguments for install in found] == [("httpx",)]
    assert not complete


def test_a_requirement_file_that_only_the_image_has_is_not_taken_for_installed() -> None:
    assert read_installs("pip install -r made.txt", lambda _: None) == ((), False)


def test_the_digest_follows_contents_not_places(tmp_path: Path) -> None:
    def digest(folder: str, text: str, included: str) -> str:
        path = tmp_path / folder / "req.txt"
        path.parent.mkdir()
        path.write_text(text)
        (path.parent / "base.txt").write_text(included)
        return Install(("-r", str(path)), (path,)).digest()

    first = digest("a", "-r base.txt\nhttpx\n", "idna\n")
    assert digest("b", "-r base.txt\nhttpx\n", "idna\n") == first
    assert digest("c", "-r base.txt\nhttpx\n", "idna==3\n") != first
    assert digest("d", "-r base.txt\nhttpx==1\n", "idna\n") != first


def test_the_digest_follows_options() -> None:
    assert Install(("httpx",), ()).digest() != Install(("httpx", "--no-deps"), ()).digest()


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ("./package", True),
        ("package @ file:///app/package", True),
        ("libs/package", True),
        ("-e .", True),
        (".[extra]", True),
        ("--find-links wheels", True),
        ("fastapi==0.115.0  # see docs/notes", False),
        ("-r more/requirements.txt", False),
        ("package @ git+https://host.test/a/b", False),
        ("--extra-index-url https://host.test/simple/", False),
    ],
)
def test_what_a_space_brings_itself_is_part_of_the_digest(tmp_path: Path, line: str, local: bool) -> None:
    requirements, tree = tmp_path / "requirements.txt", tmp_path / "tree"
    requirements.write_text(f"{line}\n")
    tree.mkdir()
    install = Install(("-r", str(requirements)), (requirements,), (tree,))
    before = install.digest()
    (tree / "module.py").write_text("changed")
    assert install.local is local
    assert (install.digest() != before) is local


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_requirements_file_is_digested_to_its_end(tmp_path: Path) -> None:
    def digest(last: str) -> str:
        path = written(tmp_path / "r.txt", "# a comment\n" * 100_000 + f"{last}\n")
        return Install(("-r", str(path)), (path,)).digest()

    assert digest("httpx==1") != digest("httpx==2")


def test_requirements_files_have_a_bound_together(tmp_path: Path) -> None:
    for name in "abcde":
        written(tmp_path / name, f"-r {chr(ord(name) + 1)}\n{'#' * 2**20}\n")
    with pytest.raises(UsageError, match="it is larger than"):
        Install(("-r", "a"), (tmp_path / "a",)).texts  # noqa: B018 - it is read when it is asked for


def test_a_requirements_file_includes_no_endless_number_of_others(tmp_path: Path) -> None:
    path = written(tmp_path / "r.txt", "".join(f"-r {number}\n" for number in range(100_000)))
    with pytest.raises(UsageError, match="more than 1000 files"):
        Install(("-r", str(path)), (path,)).texts  # noqa: B018 - it is read when it is asked for


def test_a_requirements_file_of_blank_lines_is_read_in_no_time(tmp_path: Path) -> None:
    """Where a pattern goes over line breaks, half a million of them take an hour."""
    path = written(tmp_path / "r.txt", "\n" * 500_000 + " " * 500_000 + "./own")
    assert Install(("-r", str(path)), (path,)).local


@pytest.mark.parametrize("name", ["../outside.txt", "/../outside.txt", "link.txt"])
def test_an_included_file_lies_in_the_space(tmp_path: Path, name: str) -> None:
    tree = tmp_path / "tree"
    path = written(tree / "r.txt", f"-r {name}\nhttpx\n")
    written(tmp_path / "outside.txt", "./own\n")
    (tree / "link.txt").symlink_to(tmp_path / "outside.txt")
    assert Install(("-r", str(path)), (path,), (tree,)).texts == (path.read_bytes(),)


@pytest.mark.parametrize("name", ["loop/a.txt", "a" * 5000, "a/" * 500])
def test_an_included_file_has_a_path_that_can_be(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "r.txt", f"-r {name}\n")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"symbolic links|name too long"):
        Install(("-r", str(path)), (path,), (tmp_path,)).texts  # noqa: B018 - it is read when it is asked for


@pytest.mark.parametrize("name", ["a\0b", "folder", "pipe", "https://a.test/r.txt"])
def test_an_included_file_need_be_none(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "r.txt", f"-r {name}\nhttpx\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert Install(("-r", str(path)), (path,), (tmp_path,)).texts == (path.read_bytes(),)


def test_a_command_of_many_words_takes_no_longer_than_its_length() -> None:
    assert read_installs("A=1 " * 100_000 + "pip install httpx", Path)[0][0].arguments == ("httpx",)
