"""What a container used and changed, from what an engine says of it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs

import pytest
from docker.errors import NotFound
from requests.exceptions import ReadTimeout

from spacedock.docks.image.accounting import Meter, processes_of
from spacedock.docks.image.container import SpaceContainer
from spacedock.docks.image.events import ContainerNews
from spacedock.docks.image.files import FileChange, Files, changes_of, forbidden, identity_of
from spacedock.docks.image.limits import Limits
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import TooManyToListError

GIB = 2**30
MIB = 2**20
LIMITS = Limits("cpu-basic", 2, 16 * GIB, 50 * 10**9)
PASSWD = "root:x:0:0:root:/root:/bin/bash\napp:x:999:999::/srv/app:/bin/sh\n"
OWNED: dict[str, tuple[int, int, int]] = {  # path: uid, gid, mode
    "/": (0, 0, 0o755),
    "/srv": (0, 0, 0o755),
    "/srv/app": (1000, 1000, 0o755),
    "/srv/shared": (0, 1000, 0o775),
    "/tmp": (0, 0, 0o1777),
    "/etc/motd": (0, 0, 0o644),
    "/etc/open": (0, 0, 0o666),
}
FOLDERS = frozenset({"/", "/srv", "/srv/app", "/srv/shared", "/tmp"})


class FakeAnswer:
    """An answer of an engine that is read in chunks, and is at its end when it is closed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.raw = self
        self.closed = True
        self.read = 0

    def raise_for_status(self) -> None:
        """It is what was asked for."""

    def iter_content(self, _size: int) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            yield chunk

    def close(self) -> None:
        """Nothing of it is left open."""


class FakeContainer:
    """A container of which an engine says what a test says."""

    id = "c1"

    def __init__(self) -> None:
        self.client = self
        self.api = self
        self.wrapped = self
        self.news = ContainerNews()
        self.text = ""
        self.at_hand = ""
        self.used: dict[str, Any] = {}
        self.attrs: dict[str, Any] = {"Mounts": []}
        self.told: dict[str, Any] = {}
        self.size = 0
        self.kills = 0
        self.changed: list[dict[str, Any]] | None = None
        self.texts = {"/etc/passwd": PASSWD}
        self.archives: dict[str, tuple[Iterator[bytes], dict[str, Any]]] = {}
        self.asked = 0
        self.endless: Iterator[bytes] | None = None

    def stats(self, _id: str, **_how: bool) -> dict[str, Any]:
        return {"memory_stats": self.told, "cpu_stats": self.used}

    def counted(self, *_paths: str) -> str:
        return self.at_hand

    def read(self, *_paths: str) -> str:
        return self.text

    def containers(self, **_how: Any) -> list[dict[str, Any]]:
        return [{"SizeRw": self.size}] if self.size else [{}]

    def kill(self) -> None:
        self.kills += 1

    base_url, api_version = "http+docker://localhost", "1.41"

    def get(self, address: str, *, stream: bool, timeout: float) -> FakeAnswer:
        """What an engine answers of a container; docker-py's client is a session of requests."""
        assert stream
        assert timeout
        path, _, query = address.removeprefix("http+docker://localhost/v1.41/containers/c1/").partition("?")
        if path == "changes":
            return FakeAnswer(self.endless or [json.dumps(self.changed).encode()])
        assert (path, parse_qs(query)) == ("top", {"ps_args": ["-eo pid,ppid,args"]})
        told = {"Processes": [["7", "1", "python app.py"]], "Titles": ["PID", "PPID", "COMMAND"]}
        return FakeAnswer(self.endless or [json.dumps(told).encode()])

    def get_archive(self, path: str, chunk_size: int = 1024) -> tuple[Iterable[bytes], dict[str, Any]]:
        self.asked += 1
        if path in self.archives:
            return self.archives[path]
        if path in self.texts:
            return [_tar(path, self.texts[path].encode(), 0, 0, 0o644)], {}
        if path not in OWNED:
            raise NotFound(path)
        whole = _tar(path, None if path in FOLDERS else b"", *OWNED[path])
        return [whole[start : start + chunk_size] for start in range(0, len(whole), chunk_size)], {}


def _tar(path: str, content: bytes | None, uid: int, gid: int, mode: int) -> bytes:
    member = tarfile.TarInfo(path.rpartition("/")[2] or "./")
    member.uid, member.gid, member.mode = uid, gid, mode
    member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    member.size = len(content or b"")
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content or b""))
    return target.getvalue()


@pytest.fixture
def container() -> FakeContainer:
    return FakeContainer()


def meter(container: FakeContainer) -> Meter:
    return Meter(container, LIMITS)  # type: ignore[arg-type]


def test_the_peak_is_told_without_the_cache_of_files(container: FakeContainer) -> None:
    container.told = {"max_usage": 90 * MIB, "stats": {"total_cache": 40 * MIB, "total_shmem": 10 * MIB}}
    looking = meter(container)
    looking.look()
    assert looking.usage(out_of_memory=False).peak_memory == 60 * MIB


def test_where_the_engine_tells_no_peak_the_containers_own_files_do(container: FakeContainer) -> None:
    container.text = f"{50 * MIB}\n{80 * MIB}\nfile {20 * MIB}\nshmem 0\n"
    looking = meter(container)
    looking.look()
    assert looking.usage(out_of_memory=False).peak_memory == 60 * MIB


@pytest.mark.parametrize(
    ("own", "peak"),
    [("", 60), ("3\n", 60), (f"{200 * MIB}\nfile {20 * MIB}\n", 180), (f"{16 * GIB + 1}\n", 60)],
    ids=["silent", "lower", "higher", "over the limit"],
)
def test_what_the_engine_tells_is_not_talked_down_from_within(
    container: FakeContainer, own: str, peak: int
) -> None:
    container.told = {"usage": 90 * MIB, "stats": {"file": 40 * MIB, "shmem": 10 * MIB}}
    container.text = own
    looking = meter(container)
    looking.look()
    assert looking.usage(out_of_memory=False).peak_memory == peak * MIB


@pytest.mark.parametrize(
    ("told", "seconds"),
    [({"cpu_usage": {"total_usage": 570_000_000}}, 0.57), ({}, 9.0)],
    ids=["the engine tells", "it does not"],
)
def test_processor_time_is_the_engines_before_it_is_the_spaces_own_word(
    container: FakeContainer, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], seconds: float
) -> None:
    container.used, container.text = told, "usage_usec 9000000\n"
    beside = SpaceContainer(Mock(), 80, events=Mock(), read_beside=Mock(), sandbox=None)
    monkeypatch.setattr(SpaceContainer, "wrapped", container)
    monkeypatch.setattr(beside, "counted", container.counted)
    monkeypatch.setattr(beside, "read", container.read)
    assert beside.processor_seconds() == seconds


def test_where_nobody_tells_it_is_unknown(container: FakeContainer) -> None:
    looking = meter(container)
    looking.look()
    assert looking.usage(out_of_memory=False).peak_memory is None


def test_who_ended_out_of_memory_used_all_of_it(container: FakeContainer) -> None:
    used = meter(container).usage(out_of_memory=True)
    assert used.peak_memory == 16 * GIB
    assert used.exceeded == ("Memory limit exceeded (16Gi)",)


def test_a_killed_child_is_told_apart(container: FakeContainer) -> None:
    container.news.out_of_memory = True
    looking = meter(container)
    (exceeded,) = looking.usage(out_of_memory=False).exceeded
    assert exceeded.endswith("(16Gi): the kernel killed a process that the main one had started")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [({"cpu_usage": {"total_usage": 570_000_000}}, 0.57), ({"cpu_usage": {}}, None), ({}, None)],
)
def test_processor_time_is_told_where_the_engine_tells_it(
    container: FakeContainer, told: dict[str, Any], seconds: float | None
) -> None:
    container.used = told
    assert meter(container).first_look() == seconds


def test_what_is_at_hand_is_taken_and_the_engine_not_asked(container: FakeContainer) -> None:
    container.told = {"max_usage": 90 * MIB, "stats": {}}
    container.used = {"cpu_usage": {"total_usage": 570_000_000}}
    container.at_hand = "480000000\n"
    looking = meter(container)
    assert looking.first_look() == 0.48
    container.at_hand = f"{50 * MIB}\n"
    looking.look()
    assert looking.usage(out_of_memory=False).peak_memory == 50 * MIB


def test_a_last_look_takes_what_is_at_hand_each_time(container: FakeContainer) -> None:
    looking = meter(container)
    for peak in (MIB, 2 * MIB):
        container.at_hand = f"{peak}\n"
        looking.last_look()
    assert looking.usage(out_of_memory=False).peak_memory == 2 * MIB


def test_more_disk_than_there_is_ends_it(container: FakeContainer) -> None:
    container.size = 50 * 10**9
    looking = meter(container)
    looking.look()
    assert container.kills == 0
    container.size += 1
    looking.look()
    assert container.kills == 1
    used = looking.usage(out_of_memory=False)
    assert used.exceeded == ("Workload evicted, storage limit exceeded (50G)",)
    assert used.written == container.size


def test_what_was_written_stays_written_though_it_is_removed_again(container: FakeContainer) -> None:
    looking = meter(container)
    for container.size in (5, 3):
        looking.look_at_disk()
    assert looking.usage(out_of_memory=False).written == 5


def test_a_last_look_does_not_wait_for_the_engine(container: FakeContainer) -> None:
    container.told = {"max_usage": MIB, "stats": {}}
    looking = meter(container)
    looking.look()
    container.told = {"max_usage": 2 * MIB, "stats": {}}
    looking.last_look()
    assert looking.usage(out_of_memory=False).peak_memory == MIB


def test_changes_are_told_without_mounts_and_the_folders_on_the_way(container: FakeContainer) -> None:
    container.attrs = {"Mounts": [{"Destination": "/data"}]}
    paths = {
        "/srv": 0,
        "/srv/x": 1,
        "/app": 0,
        "/app/.env": 1,
        "/data": 0,
        "/data/y": 1,
        "/etc": 0,
        "/etc/z": 2,
    }
    container.changed = [{"Path": path, "Kind": kind} for path, kind in paths.items()]
    changed = changes_of(container, without=["/app/.env"])  # type: ignore[arg-type]
    assert [change.path for change in changed] == ["/etc/z", "/srv/x"]


def test_a_folder_whose_owner_changed_is_a_change(container: FakeContainer) -> None:
    container.changed = [{"Path": "/srv", "Kind": 0}]
    assert changes_of(container) == (FileChange("/srv", 0),)  # type: ignore[arg-type]


def test_a_container_that_changed_nothing_has_no_changes(container: FakeContainer) -> None:
    assert changes_of(container) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "is_forbidden"),
    [
        (FileChange("/srv/new", 1), True),
        (FileChange("/srv/missing/new", 1), True),
        (FileChange("/srv/app/new", 1), False),
        (FileChange("/srv/shared/new", 1), False),
        (FileChange("/tmp/new", 1), False),
        (FileChange("/new", 1), True),
        (FileChange("/etc/motd", 0), True),
        (FileChange("/etc/open", 0), False),
        (FileChange("/srv/gone", 2), True),
    ],
)
def test_owners_and_modes_decide_what_uid_1000_may_change(
    container: FakeContainer, change: FileChange, is_forbidden: bool
) -> None:
    files = Files(container)  # type: ignore[arg-type]
    assert bool(list(forbidden([change], files, 1000))) is is_forbidden


def test_of_a_new_folder_only_the_folder_is_told(container: FakeContainer) -> None:
    changes = [FileChange(path, 1) for path in ("/srv/a", "/srv/a-b", "/srv/a/b", "/srv/a/b/c")]
    assert list(forbidden(changes, Files(container), 1000)) == ["/srv/a", "/srv/a-b"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "told", "home"),
    [
        ({}, "uid 0, no USER in the image", "/root"),
        ({"User": "app"}, "uid 999, USER app", "/srv/app"),
        ({"User": "999:0"}, "uid 999, USER 999:0", "/srv/app"),
        ({"User": "1000"}, "uid 1000, USER 1000", "/"),
        ({"User": "1000", "Env": ["HOME=/srv/app", "A=b=c"]}, "uid 1000, USER 1000", "/srv/app"),
        ({"User": "nobody-knows"}, "unknown uid, USER nobody-knows", "/"),
    ],
)
def test_an_images_user_is_told_by_number_and_home(
    container: FakeContainer, config: dict[str, Any], told: str, home: str
) -> None:
    identity = identity_of(config, Files(container))  # type: ignore[arg-type]
    assert (str(identity), identity.home) == (told, home)
    assert not identity.in_passwd


@pytest.mark.parametrize(("workdir", "writes"), [("/srv", False), ("/srv/app", True), ("", False)])
def test_whose_workdir_it_is_is_told(container: FakeContainer, workdir: str, writes: bool) -> None:
    identity = identity_of({"WorkingDir": workdir}, Files(container))  # type: ignore[arg-type]
    assert identity.writes_workdir is writes


def test_an_image_without_passwd_has_no_entries(container: FakeContainer) -> None:
    container.texts = {}
    identity = identity_of({}, Files(container))  # type: ignore[arg-type]
    assert (identity.user, identity.home, identity.in_passwd) == (0, "/", False)


def test_processes_are_read_from_the_engines_ps(container: FakeContainer) -> None:
    (process,) = processes_of(container)  # type: ignore[arg-type]
    assert (process.pid, process.parent, process.command) == (7, 1, "python app.py")


class TestWhatGrowsWithWhatASpaceDoes:
    """It is listed as far as a limit, and said to be too much above it."""

    def diff(self, number: int) -> list[dict[str, Any]]:
        return [{"Path": f"/srv/app/{each}", "Kind": 1} for each in range(number)]

    def endless(self, start: bytes, more: bytes) -> Iterator[bytes]:
        yield start
        while True:
            self.chunks = getattr(self, "chunks", 0) + 1
            yield more

    def test_a_million_files_are_not_read(self, container: FakeContainer) -> None:
        container.endless = self.endless(b"[", b'{"Path":"/srv/app/x","Kind":1},' * 2000)
        with pytest.raises(TooManyToListError, match="too many files to list: the engine's answer has more"):
            changes_of(container)  # type: ignore[arg-type]
        assert self.chunks < 1000

    def test_more_paths_than_are_listed_are_counted(self, container: FakeContainer) -> None:
        container.changed = self.diff(100_001)
        with pytest.raises(TooManyToListError, match="too many files to list: 100001 paths"):
            changes_of(container)  # type: ignore[arg-type]

    def test_command_lines_of_megabytes_are_not_read(self, container: FakeContainer) -> None:
        container.endless = self.endless(b'{"Processes":[["1","0","', b"x" * (1 << 16))
        with pytest.raises(TooManyToListError, match="its processes are too many to list"):
            processes_of(container)  # type: ignore[arg-type]
        assert self.chunks < 1000

    def test_an_engine_that_is_not_done_in_time_is_not_waited_for(
        self, container: FakeContainer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def ended(*_: object, **__: object) -> FakeAnswer:
            raise ReadTimeout

        monkeypatch.setattr(container, "get", ended)
        with pytest.raises(TooManyToListError, match="did not answer within 60 s"):
            changes_of(container)  # type: ignore[arg-type]

    def test_what_lies_in_new_folders_costs_no_question_to_the_image(self, container: FakeContainer) -> None:
        folders = [f"/srv/app/{each}" for each in range(500)]
        changes = [FileChange(path, 1) for folder in folders for path in (folder, f"{folder}/file")]
        assert list(forbidden(changes, Files(container), 1000)) == []  # type: ignore[arg-type]
        assert container.asked < 10


class TestAnImageThatLies:
    """Its passwd is read whatever it is, as far as a limit."""

    def identity(self, container: FakeContainer, passwd: Iterator[bytes], link: str = "") -> Identity:
        container.archives["/etc/passwd"] = passwd, {"linkTarget": link}
        return identity_of({"User": "app"}, Files(container))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "kind", [tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]
    )
    def test_a_passwd_that_is_no_file_has_no_entries(self, container: FakeContainer, kind: bytes) -> None:
        member = tarfile.TarInfo("passwd")
        member.type, member.linkname = kind, "nowhere"
        assert self.identity(container, iter([member.tobuf() + bytes(1024)])).user is None

    def test_a_passwd_that_is_a_link_is_read_where_it_leads(self, container: FakeContainer) -> None:
        member = tarfile.TarInfo("passwd")
        member.type, member.linkname = tarfile.SYMTYPE, "../usr/lib/passwd"
        container.texts["/usr/lib/passwd"] = PASSWD
        link = iter([member.tobuf() + bytes(1024)])
        assert self.identity(container, link, "/usr/lib/passwd").user == 999

    def test_a_passwd_without_an_end_is_read_as_far_as_the_limit(self, container: FakeContainer) -> None:
        member, read = tarfile.TarInfo("passwd"), []
        member.size = 8 << 30

        def without_end() -> Iterator[bytes]:
            yield member.tobuf(tarfile.GNU_FORMAT) + PASSWD.encode()
            while True:
                read.append(1)
                yield b"x:x:1:1::/:\n" * 4096

        assert self.identity(container, without_end()).user == 999
        assert sum(read) < 100

    @pytest.mark.parametrize("number", ["9" * 65_000, "-1", "\u0663", "0x3e8", ""])
    def test_a_number_that_is_none_is_none(self, container: FakeContainer, number: str) -> None:
        container.texts["/etc/passwd"] = f"app:x:{number}:1::/srv/app:/bin/sh\n"
        told = identity_of({"User": "app"}, Files(container))  # type: ignore[arg-type]
        assert told.user in {None, 3}
        assert identity_of({"User": number * 2}, Files(container)).user in {None, 33, 0}  # type: ignore[arg-type]

    def test_what_is_no_archive_is_nothing(self, container: FakeContainer) -> None:
        assert self.identity(container, iter([b"no archive" * 100])).user is None

    def test_an_entry_whose_attributes_are_large_is_read(self, container: FakeContainer) -> None:
        whole, member = io.BytesIO(), tarfile.TarInfo("large")
        member.pax_headers = {"SCHILY.xattr.user.a": "x" * 64_000}
        member.uid, member.type, member.mode = 1000, tarfile.DIRTYPE, 0o755
        with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(member)
        container.archives["/srv/large"] = iter([whole.getvalue()]), {}
        assert Files(container).may_write("/srv/large", 1000)  # type: ignore[arg-type]

    def test_a_nest_of_folders_is_climbed_once(self, container: FakeContainer) -> None:
        nest = [FileChange("/tmp" + "/a" * depth, 1) for depth in range(1, 1900)]
        assert list(forbidden(nest, Files(container), 1000)) == []  # type: ignore[arg-type]
        assert container.asked <= len(nest) + 2
