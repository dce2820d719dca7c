"""What a push with git carries: each file of the history, and the bytes that the Hub keeps for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from spacedock import platform
from spacedock.space import Space
from spacedock.space.git import Repository, repository_of

# As much as git itself looks at (xdiff-interface.c, buffer_is_binary).
_HEAD = 8000
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; files in Xet have the same.
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?size (\d+)\n")
_POINTER_BYTES = 1024
_HUB = re.compile(r"^remote\.(.+)\.url .*(?:\bhuggingface\.co|\bhf\.co)/", re.MULTILINE)


@dataclass(frozen=True)
class Carried:
    """One content of one file."""

    path: str
    size: int  # bytes
    kept: int  # bytes that the Hub keeps: compressed where it is git that has it
    binary: bool = False
    pointer: bool = False  # it stands for a file in LFS or Xet, and `kept` is that one's size
    current: bool = True  # in what is pushed now, not only in its history
    there: bool = False  # the Hub has it already, as far as this repository knows

    @property
    def too_large(self) -> bool:
        """Whether it is refused for its size."""
        return not self.pointer and self.size > platform.LARGE_FILE.value


def carried(space: Space, *, with_history: bool = True) -> tuple[Carried, ...] | None:
    """Return what a push of the Space carries; None where it is in no git repository.

    The history counts where the Space is all of a repository: a part of one is pushed in another way. Where
    the manifest says what ships, the history of that counts. Of a partial clone what is here counts. Raises
    GitError where git cannot tell.
    """
    repository = repository_of(space.root)
    if repository is None:
        return None
    here = frozenset(_listed(repository, "--indexed-objects"))
    staged = {oid: path for oid, path in _staged(repository, space) if oid in here and space.ships(path)}
    if not (with_history and _is_all_of(repository, space)):
        return tuple(_seen(repository, staged, frozenset(staged), frozenset()))
    paths = space.manifest.space.ships
    every = reachable(repository, "HEAD", paths)
    remotes = repository.text("config", "--get-regexp", r"url$", accepted=(0, 1))
    hubs = [f"--remotes={name}" for name in _HUB.findall(remotes)]
    new = reachable(repository, "HEAD", paths, without=hubs) if hubs else every
    return tuple(_seen(repository, every | staged, frozenset(staged), frozenset(every) - frozenset(new)))


def past(space: Space, wanted: Callable[[str], bool], most: int) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file of at most `most` bytes that only the history has.

    Of what `carried` counts as history, those whose path is `wanted`. Raises GitError where git cannot tell.
    """
    repository = repository_of(space.root)
    if repository is None or not _is_all_of(repository, space):
        return
    current = {oid for oid, _ in _staged(repository, space)}
    every = reachable(repository, "HEAD", space.manifest.space.ships)
    old = {oid: path for oid, path in every.items() if oid not in current and wanted(path)}
    small = [oid for oid, (size, _) in _sizes(repository, old) if size <= most]
    for oid, content in _contents(repository, small):
        yield old[oid], content


def _is_all_of(repository: Repository, space: Space) -> bool:
    """Whether the repository has nothing but the Space, and a history."""
    return repository.top == space.root.resolve() and bool(
        repository.text("rev-parse", "--verify", "--quiet", "HEAD", accepted=(0, 1))
    )


def arriving(repository: Repository, revision: str) -> tuple[Carried, ...]:
    """Return what is reachable from a revision, as whoever receives it sees it."""
    every = reachable(repository, revision)
    current = frozenset(reachable(repository, f"{revision}^{{tree}}"))
    new = reachable(repository, revision, without=["--all"])
    return tuple(_seen(repository, every, current, frozenset(every) - frozenset(new)))


def in_folder(space: Space) -> int:
    """Return the bytes of all files as they lie in the Space's folder."""
    return sum((space.root / name).lstat().st_size for name in space.files())


def reachable(
    repository: Repository, revision: str, paths: Iterable[str] = (), without: Iterable[str] = ()
) -> dict[str, str]:
    """Return the ids and paths of what a revision and its history hold.

    Of `paths` only where there are any; without what is reachable from the references of `without`.
    """
    places = ["--full-history", "--", *(f":(top,literal){path}" for path in paths)] if paths else ["--"]
    objects = _listed(repository, revision, "--not", *without, *places)
    return {oid: path for oid, path in objects.items() if path}


def _listed(repository: Repository, *revisions: str) -> dict[str, str]:
    """Return ids and paths of objects; what a partial clone never got is left out, and not asked for."""
    listing = repository.text("rev-list", "--objects", "--missing=allow-promisor", *revisions)
    return {oid: path for oid, _, path in (line.partition(" ") for line in listing.splitlines())}


def _staged(repository: Repository, space: Space) -> Iterator[tuple[str, str]]:
    """Yield the id and the path below the Space's root of each file in the index; submodules are none."""
    listing = repository.output("ls-files", "--stage", "-z", within=space.root).decode(errors="replace")
    for entry in listing.split("\0"):
        facts, _, path = entry.partition("\t")
        if path and not facts.startswith("160000"):
            yield facts.split()[1], path


def _seen(
    repository: Repository, objects: dict[str, str], current: frozenset[str], there: frozenset[str]
) -> Iterator[Carried]:
    """Yield each of the objects that is a file, the content looked at where that can matter."""
    sizes = dict(_sizes(repository, objects))
    small = [oid for oid, (size, _) in sizes.items() if size <= platform.LARGE_FILE.value]
    heads = dict(_heads(repository, small))
    for oid, (size, kept) in sizes.items():
        head = heads.get(oid, b"")
        pointer = _POINTER.match(head) if size <= _POINTER_BYTES else None
        yield Carried(
            objects[oid],
            size,
            int(pointer[1]) if pointer else kept,
            binary=b"\0" in head,
            pointer=pointer is not None,
            current=oid in current,
            there=oid in there,
        )


def _sizes(repository: Repository, objects: Iterable[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the size of each object that is a file, plain and as git stores it."""
    form = "%(objectname) %(objecttype) %(objectsize) %(objectsize:disk)"
    for line in repository.text("cat-file", f"--batch-check={form}", lines=objects).splitlines():
        oid, kind, *sizes = line.split()
        if kind == "blob":
            yield oid, (int(sizes[0]), int(sizes[1]))


def _heads(repository: Repository, objects: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the first bytes of each object."""
    return ((oid, content[:_HEAD]) for oid, content in _contents(repository, objects))


def _contents(repository: Repository, objects: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each object's id and content. Raises GitError where git cannot tell."""
    with repository.reading("cat-file", "--batch", "--buffer", lines=objects) as output:
        while line := output.readline():
            oid, _, size = line.decode().split()
            content = output.read(int(size) + 1)  # and a line's end
            yield oid, content[:-1]
