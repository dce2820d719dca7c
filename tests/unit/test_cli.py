"""The command line as a user meets it: what it prints, and its exit codes."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import pytest
import respx
from junitparser import JUnitXml

from spacedock import cli
from spacedock.contract.promise import Promise
from spacedock.contract.registry import all_promises
from spacedock.docks import choose
from spacedock.docks.boots import BootSpec
from spacedock.docks.instance import Stop
from spacedock.errors import BootError, BuildError, EngineError, SpaceBuildError, SpacedockError
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, write_space

Spacedock = Callable[..., int]


@pytest.fixture
def spacedock(monkeypatch: pytest.MonkeyPatch) -> Spacedock:
    """Run a command with a dock of pretence; return its exit code."""

    def _run(*words: str, dock: FakeDock | None = None) -> int:
        monkeypatch.setattr(choose, "choose", lambda *_, **__: dock or FakeDock())
        monkeypatch.setattr(sys, "argv", ["spacedock", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return _run


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(write_space(tmp_path / "space", manifest='[space]\nid = "owner/name"\n'))


def test_a_sound_space_ends_in_0(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spacedock("check", place, "--promise", "binds-app-port") == 0
    assert "1 kept" in capsys.readouterr().out


def test_a_broken_promise_ends_in_1_and_says_what_mends_it(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deaf = FakeDock(otherwise=FakeInstance(stopped=Stop(10.0, 137, killed=True)))
    assert spacedock("check", place, "--promise", "stops-on-sigterm", dock=deaf) == 1
    said = capsys.readouterr().out
    assert "SIGKILL" in said
    assert "remedy:" in said


def test_a_log_that_is_known_is_named_with_what_reproduces_it(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "exec ./start.sh: no such file or directory"
    spacedock(
        "check",
        place,
        "--promise",
        "boots-as-deployed",
        dock=FakeDock(otherwise=FakeInstance(boot=exited(1), log=log)),
    )
    assert (
        "its log looks like crlf-entrypoint: `spacedock reproduce crlf-entrypoint`" in capsys.readouterr().out
    )


def test_a_log_of_a_failure_that_breaks_another_promise_names_none(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "PermissionError: [Errno 13] Permission denied: '/data'"
    deaf = FakeDock(otherwise=FakeInstance(log=log, stopped=Stop(10.0, 137, killed=True)))
    spacedock("check", place, "--promise", "stops-on-sigterm", dock=deaf)
    said = capsys.readouterr().out
    assert "Permission denied" in said
    assert "looks like" not in said


def test_a_log_that_says_nothing_names_no_failure(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spacedock(
        "check",
        place,
        "--promise",
        "boots-as-deployed",
        dock=FakeDock(otherwise=FakeInstance(boot=exited(1))),
    )
    assert "looks like" not in capsys.readouterr().out


def test_nothing_proven_is_not_a_pass(spacedock: Spacedock, place: str) -> None:
    assert spacedock("check", place, "--promise", "names-missing-secrets") == 3


def test_a_space_that_does_not_boot_ends_in_6_with_its_last_words(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    crashing = FakeDock(otherwise=FakeInstance(boot=exited(1), log="ImportError: no module named app"))
    assert spacedock("check", place, "--promise", "binds-app-port", dock=crashing) == 6
    assert "ImportError: no module named app" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineError("no Docker engine answers", remedy="start Docker"), 4),
        (BuildError("the build failed", remedy="mend the step", log="ERROR: no such file"), 5),
        (BootError("postgres exited", remedy="read its log"), 6),
    ],
)
def test_what_keeps_a_dock_from_opening_has_an_exit_code_of_its_own(
    spacedock: Spacedock,
    place: str,
    capsys: pytest.CaptureFixture[str],
    error: SpacedockError,
    code: int,
) -> None:
    class Closed(FakeDock):
        def __enter__(self) -> Self:
            raise error

    assert spacedock("check", place, dock=Closed()) == code
    said = capsys.readouterr().err
    assert error.what in said
    assert error.remedy in said
    assert error.log in said


def test_a_build_that_fails_ends_in_5_with_its_log_whichever_promise_is_asked_for(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Closed(FakeDock):
        def __enter__(self) -> Self:
            raise SpaceBuildError("the build failed", remedy="mend it", log="E: no such package")

    assert spacedock("check", place, "--promise", "binds-app-port", dock=Closed()) == 5
    said = capsys.readouterr().out
    assert "blocked, by builds-from-what-is-pushed: binds-app-port" in said
    assert "  | E: no such package" in said


def test_what_is_broken_in_files_is_shown_though_no_engine_answers(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Closed(FakeDock):
        def __enter__(self) -> Self:
            raise EngineError("no Docker engine answers", remedy="start Docker")

    (Path(place) / ".env").write_text("API_KEY=x")
    assert spacedock("check", place, dock=Closed()) == 4
    said = capsys.readouterr().out
    assert said.startswith("in its files, before anything is built:\n✗ starts-without-env-file")
    assert "remedy:  remove it from git" in said


def test_a_dock_that_fails_us_ends_in_7_and_costs_no_other_finding(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Defective(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            raise LookupError("a defect")

    words = ("--promise", "front-matter-is-valid", "--promise", "binds-app-port")
    assert spacedock("check", place, *words, dock=Defective()) == 7
    said = capsys.readouterr().out
    assert "! binds-app-port" in said
    assert "LookupError at run/" in said
    assert "report it to the project" in said
    assert "1 kept, 1 error" in said


def test_a_space_whose_requests_fail_is_not_said_not_to_boot(
    spacedock: Spacedock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = SOUND_MANIFEST + '[[requests]]\npath = "/api"\n'
    place = write_space(tmp_path / "space", manifest=manifest)
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.route().mock(return_value=httpx.Response(500, text="down"))
        assert spacedock("check", str(place), "--promise", "takes-secrets-as-they-are-pasted") == 1
    said = capsys.readouterr().out
    assert "! blocked, by answers-its-requests: takes-secrets-as-they-are-pasted" in said
    assert "did not come up" not in said


def test_a_report_is_written_beside_what_is_shown(spacedock: Spacedock, place: str, tmp_path: Path) -> None:
    file = tmp_path / "gate.xml"
    spacedock("check", place, "--promise", "binds-app-port", "--report", f"junit={file}")
    assert next(iter(JUnitXml.fromfile(str(file)))).tests == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "/nowhere/at/all"), "no such folder"),
        (("check", "{place}", "--promise", "binds-port"), "there is no promise `binds-port`"),
        (("check", "{place}", "--report", "html"), "is not FORMAT=FILE"),
        (("check", "{place}", "--report", "junit=/nowhere/at/all.xml"), "no such folder"),
        (("lint", "{place}", "--report", "junit={place}/README.md"), "is not of spacedock's writing"),
        (("probe", "--output", "{place}/README.md"), "is not of spacedock's writing"),
        (("failures", "{place}"), "is not of spacedock's writing"),
        (("check", "{place}", "--dock", "boat"), "boat"),
        (("explain", "binds-port"), "there is no promise `binds-port`"),
    ],
)
def test_a_wrong_word_ends_in_2_and_is_named(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert spacedock(*(word.format(place=place) for word in words)) == 2
    assert says in capsys.readouterr().err


def test_a_defect_of_the_space_is_named_with_its_line(
    spacedock: Spacedock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = write_space(tmp_path / "space", readme="---\ntitle: x\nsdk: gradio\n---\n")
    assert spacedock("check", str(place)) == 1
    said = capsys.readouterr().out
    assert "README.md:3: `sdk` is 'gradio'" in said
    assert "front-matter-is-valid" in said


def test_list_names_every_promise(spacedock: Spacedock, capsys: pytest.CaptureFixture[str]) -> None:
    assert spacedock("list") == 0
    said = capsys.readouterr().out
    assert all(promise.id in said for promise in all_promises())


@pytest.mark.parametrize("promise", all_promises(), ids=lambda promise: promise.id)
def test_explain_says_why_and_where_from(
    spacedock: Spacedock, capsys: pytest.CaptureFixture[str], promise: Promise
) -> None:
    assert spacedock("explain", promise.id) == 0
    said = capsys.readouterr().out
    assert promise.reason in said
    assert promise.source in said


def test_up_shows_address_and_log_without_secrets(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dock = FakeDock(canaries={"API_KEY": ("c4n4ry",)}, otherwise=FakeInstance(log="started with c4n4ry"))
    assert spacedock("up", place, dock=dock) == 6  # its log ends, so it must have exited
    said = capsys.readouterr().out
    assert "http://space.test" in said
    assert "started with [API_KEY]" in said


def test_up_and_check_show_no_word_of_a_space_alive(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "\x1b]52;c;cm0=\x07 [/bold] ##[error]a\n::error::b\r\n  ::set-env name=PATH::c\n" + "d" * 100_000
    crashing = FakeInstance(log=log, boot=exited(1))
    spacedock("up", place, dock=FakeDock(otherwise=crashing))
    spacedock("check", place, "--promise", "binds-app-port", dock=FakeDock(otherwise=crashing))
    said = "\n".join(capsys.readouterr())
    assert r"\x1b]52;c;cm0=\x07 [/bold] ##\[error]a" in said
    assert not re.search(r"\x1b|^\s*::|##\[", said, re.MULTILINE)
    assert max(map(len, said.splitlines())) < 5000


def test_up_with_an_edge_says_how_to_come_in_by_it(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edge = FakeEdge(lambda _: httpx.Response(200))
    spacedock("up", place, "--edge", dock=FakeDock(otherwise=FakeInstance(in_front=edge)))
    said = capsys.readouterr().out
    for way in (
        "https://localhost:8441",
        "https://localhost:8443",
        "--connect-to ::127.0.0.1:8441 https://owner-name.hf.space/",
        "--host-resolver-rules=MAP owner-name.hf.space 127.0.0.1:8441",
        "--ignore-certificate-errors-spki-list=a pin",
    ):
        assert way in said


def test_up_with_an_edge_where_there_is_none_ends_in_2(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spacedock("up", place, "--edge", dock=FakeDock(capabilities=frozenset())) == 2
    assert "the fake dock has no edge" in capsys.readouterr().err


class Defective(FakeDock):
    """A dock that fails as nobody foresaw."""

    error: Exception = LookupError("a defect \x1b[2J")

    def __enter__(self) -> Self:
        raise self.error


def test_a_defect_of_ours_ends_in_7_in_a_line_and_says_where_to_tell_it(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spacedock("check", place, dock=Defective()) == 7
    told, remedy = capsys.readouterr().err.splitlines()[-2:]
    assert re.fullmatch(r"spacedock: LookupError at run/loop\.py:\d+: a defect \\x1b\[2J", told)
    assert "report it in the project's issues" in remedy
    assert "SPACEDOCK_TRACEBACK=1" in remedy


@pytest.mark.parametrize("word", ["--verbose", ""])
def test_its_traceback_is_shown_where_it_is_wanted(
    spacedock: Spacedock,
    place: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    word: str,
) -> None:
    monkeypatch.setenv("SPACEDOCK_TRACEBACK", "" if word else "1")
    assert spacedock("check", place, *filter(None, [word]), dock=Defective()) == 7
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert r"LookupError: a defect \x1b[2J" in said


@pytest.mark.parametrize("error", [EOFError("no more"), SystemError("odd"), RecursionError("deep")])
def test_no_defect_of_ours_ends_in_1(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    dock = Defective()
    dock.error = error
    assert spacedock("check", place, dock=dock) == 7
    assert type(error).__name__ in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_what_this_machine_refuses_is_neither_the_spaces_fault_nor_a_defect(
    spacedock: Spacedock, place: str, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    dock = Defective()
    dock.error = OSError(number, os.strerror(number), "/cache/x")
    assert spacedock("check", place, dock=dock) == 7
    said = capsys.readouterr().err
    assert f"/cache/x: this machine refuses: {os.strerror(number)}" in said
    assert "report it" not in said


def test_a_report_that_cannot_be_written_in_the_end_is_no_verdict_on_the_space(
    spacedock: Spacedock,
    place: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    words = ("--promise", "front-matter-is-valid", "--report", f"junit={tmp_path / 'gate.xml'}")
    assert spacedock("lint", place, *words) == 7
    said = capsys.readouterr()
    assert "1 kept" in said.out
    assert "gate.xml: it cannot be written: No space left on device" in said.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_goes_is_no_broken_promise(unbuffered: str) -> None:
    command = [sys.executable, "-m", "spacedock", "list"]
    gone = ["bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "bash", *command]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run(gone, stderr=subprocess.PIPE, env=environment, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (141, b"")


# A dock whose build begins, and ends after SIGTERM only when somebody writes into a pipe.
SLOW = """
import sys
from spacedock import builder, cli
from spacedock.docks import choose
from tests.unit.fakes import FakeDock

gate = sys.argv.pop()

class Slow(FakeDock):
    def __enter__(self):
        wait = f"trap 'read _ < {gate}; exit' TERM; echo began; while :; do sleep 0.1; done"
        builder.stream(["sh", "-c", wait], lambda line: print(line, end="", file=sys.stderr, flush=True))

choose.choose = lambda *_, **__: Slow()
sys.argv[1:1] = ["check"]
cli.main()
"""
DEADLINE = 60.0  # seconds, of what takes one


def test_ctrl_c_is_answered_before_what_is_built_has_ended(place: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = [sys.executable, "-c", SLOW, place, str(gate)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        timer = threading.Timer(DEADLINE, os.killpg, [process.pid, signal.SIGKILL])
        timer.start()
        said = process.stderr or ()
        began = any("began" in line for line in said)
        process.send_signal(signal.SIGINT)
        answered = any("ending; what it started is being taken away" in line for line in said)
        if began:  # else nobody reads it
            gate.write_text("go on\n")
        process.communicate()
        timer.cancel()
    assert (began, answered, process.returncode) == (True, True, 130)
