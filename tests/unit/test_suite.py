"""`SpaceContract` as another repository uses it, in a pytest run of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from spacedock.contract.registry import all_promises
from tests.unit.spaces import write_space

Run = Callable[..., pytest.RunResult]

PROMISES = len(all_promises())

SUITE = """
from spacedock.suite import SpaceContract

class TestSpace(SpaceContract):
    space = "space"
    waived = {waived}
"""

# What the docks do is tested elsewhere: a dock of pretence takes the place of the real ones.
CONFTEST = """
import spacedock.session
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Stop
from tests.unit.fakes import FakeInstance, FakeDock, exited

class Dock(FakeDock):
    refusal = defect = None

    def __enter__(self):
        with open("entered", "a") as file:
            file.write("once")
        if self.refusal:
            raise self.refusal
        return self

    def boot(self, spec):
        if self.defect:
            raise self.defect
        return super().boot(spec)

spacedock.session.choose = lambda *_, **__: Dock({dock})
"""

PLUGIN = ("-p", "spacedock.plugin")
PLAIN = "binds-app-port or stops-on-sigterm or runs-as-uid-1000 or answers-cors-preflight"
DEAF = "otherwise=FakeInstance(stopped=Stop(10.0, 137, True, unheard=True))"
CRASHING = "otherwise=FakeInstance(boot=exited(1), log='ImportError: no module named app')"
NO_ENGINE = """
from spacedock.errors import EngineError

Dock.refusal = EngineError("no Docker engine answers", remedy="start Docker")
"""
DEFECTIVE = "\nDock.defect = LookupError('a defect')\n"
UNBUILT = """
from spacedock.errors import SpaceBuildError

Dock.refusal = SpaceBuildError("no such step", remedy="mend it", log="E: no such package")
"""
WITHOUT_IDENTITY = "capabilities=frozenset(Capability) - {Capability.IDENTITY}"


@pytest.fixture(autouse=True)
def no_other_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds to load."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Hold a Space to promises that a dock of pretence can show: no server answers there."""
    write_space(pytester.path / "space", manifest='[space]\nid = "owner/name"\n')
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)

    def _run(dock: str = "", waived: str = "{}", choose: str = PLAIN, more: str = "") -> pytest.RunResult:
        pytester.makeconftest(CONFTEST.format(dock=dock) + more)
        pytester.makepyfile(SUITE.format(waived=waived))
        return pytester.runpytest_subprocess(*PLUGIN, "-k", choose, "-ra")

    return _run


def test_a_space_is_entered_once_however_many_tests_ask(run: Run, pytester: pytest.Pytester) -> None:
    run().assert_outcomes(passed=3, skipped=1, deselected=PROMISES - 4)
    assert (pytester.path / "entered").read_text() == "once"


def test_every_promise_is_a_test_of_its_name(run: Run) -> None:
    result = run(choose="binds-app-port")
    result.assert_outcomes(passed=1, deselected=PROMISES - 1)


def test_a_sound_space_passes_and_what_was_not_asked_is_skipped(run: Run) -> None:
    result = run()
    result.assert_outcomes(passed=3, skipped=1, deselected=PROMISES - 4)
    result.stdout.fnmatch_lines(["*SKIPPED*not asked: the manifest names no origins*"])


def test_a_broken_promise_fails_with_its_remedy_and_no_traceback(run: Run) -> None:
    result = run(DEAF, choose="stops-on-sigterm")
    result.assert_outcomes(failed=1, deselected=PROMISES - 1)
    result.stdout.fnmatch_lines(["seen:*SIGKILL*", "remedy:*exec*"])
    assert "Traceback" not in result.stdout.str()


def test_a_space_that_does_not_boot_fails_every_test_that_needs_it(run: Run) -> None:
    result = run(CRASHING, choose="binds-app-port or starts-without")
    result.assert_outcomes(failed=2, deselected=PROMISES - 2)
    result.stdout.fnmatch_lines(["*exited with code 1*", "*ImportError: no module named app*"])


def test_what_a_log_says_is_harmless_in_pytest_too(run: Run, pytester: pytest.Pytester) -> None:
    log = r"'\\x1b]52;c;cm0=\\x07\\n::error::a\\n  ##[error]b\\nImportError'"
    result = run(f"otherwise=FakeInstance(boot=exited(1), log={log})", choose="binds-app-port")
    text = result.stdout.str()
    assert r"\x1b]52;c;cm0=\x07" in text
    assert not re.search(r"\x1b\]|^\s*::|##\[", text, re.MULTILINE)


def test_what_the_dock_cannot_show_is_skipped_by_name(run: Run) -> None:
    result = run(WITHOUT_IDENTITY, choose="uid-1000")
    result.assert_outcomes(skipped=1, deselected=PROMISES - 1)
    result.stdout.fnmatch_lines(["*not proven here: the fake dock cannot show: identity*"])


def test_a_waiver_is_an_expected_failure(run: Run) -> None:
    result = run(DEAF, waived="{'stops-on-sigterm': 'see #12'}", choose="stops-on-sigterm")
    result.assert_outcomes(xfailed=1, deselected=PROMISES - 1)
    result.stdout.fnmatch_lines(["*waived: see #12*"])


def test_a_stale_waiver_fails(run: Run) -> None:
    result = run(waived="{'stops-on-sigterm': 'see #12'}", choose="stops-on-sigterm")
    result.assert_outcomes(failed=1, deselected=PROMISES - 1)


@pytest.mark.parametrize(
    ("waived", "says"),
    [
        ("{'stops-on-term': 'see #12'}", "*waived names no promise: stops-on-term*"),
        ("{'stops-on-sigterm': ' '}", "*waived gives no reason for: stops-on-sigterm*"),
    ],
)
def test_a_waiver_that_means_nothing_is_an_error_at_collection(run: Run, waived: str, says: str) -> None:
    result = run(waived=waived)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])


def test_the_dock_and_what_stands_in_it_are_named(run: Run) -> None:
    result = run(choose="binds-app-port")
    result.stdout.fnmatch_lines(["*owner/name in the fake dock*", "a dock of pretence"])


def test_a_dock_that_cannot_be_opened_is_tried_once_and_says_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take seconds to load
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
    write_space(pytester.path / "space", manifest='[space]\nid = "owner/name"\n')
    pytester.makeconftest(
        """
import spacedock.session
from spacedock.errors import BuildError

def choose(*_, **__):
    with open("tried", "a") as file:
        file.write("once")
    raise BuildError("the build failed", remedy="mend the step", log="ERROR: no such file")

spacedock.session.choose = choose
"""
    )
    pytester.makepyfile(SUITE.format(waived="{}"))
    result = pytester.runpytest_subprocess(*PLUGIN, "-k", "binds-app-port or uid-1000")
    result.assert_outcomes(errors=2, deselected=PROMISES - 2)
    result.stdout.fnmatch_lines(["the build failed", "*remedy: mend the step", "*ERROR: no such file"])
    assert "exception" not in result.stdout.str()
    assert (pytester.path / "tried").read_text() == "once"


def test_a_dock_that_cannot_be_entered_is_tried_once(run: Run, pytester: pytest.Pytester) -> None:
    result = run(more=NO_ENGINE, choose="binds-app-port or uid-1000")
    result.assert_outcomes(errors=2, deselected=PROMISES - 2)
    result.stdout.fnmatch_lines(["no Docker engine answers", "*remedy: start Docker"])
    assert (pytester.path / "entered").read_text() == "once"


NO_CONSENT = """
from spacedock.errors import NoConsentError

def choose(*_, trusted, **__):
    if not trusted:
        raise NoConsentError("nobody has agreed", remedy="say --trust")
    return Dock()

spacedock.session.choose = choose
"""


def test_without_the_users_word_a_suite_judges_files_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACEDOCK_TRUST", raising=False)
    result = run(more=NO_CONSENT, choose="binds-app-port or front-matter-is-valid")
    result.assert_outcomes(passed=1, skipped=1, deselected=PROMISES - 2)
    result.stdout.fnmatch_lines(["*owner/name by its files alone*", "*nobody has agreed", "*say --trust"])


def test_a_suite_boots_by_the_users_word(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEDOCK_TRUST", "1")
    result = run(more=NO_CONSENT, choose="binds-app-port or front-matter-is-valid")
    result.assert_outcomes(passed=2, deselected=PROMISES - 2)


JUDGED = """
from spacedock.run.loop import Run

judge = Run.judge

def told(run, promises):
    promises = tuple(promises)
    with open("judged", "a") as file:
        print(*(promise.id for promise in promises), file=file)
    return judge(run, promises)

Run.judge = told
"""


def test_with_the_first_promise_all_others_that_are_asked_are_judged(
    run: Run, pytester: pytest.Pytester
) -> None:
    result = run(choose="binds-app-port or runs-as-uid-1000 or stops-on", more=JUDGED)
    result.assert_outcomes(passed=3, deselected=PROMISES - 3)
    judged = (pytester.path / "judged").read_text().splitlines()
    assert judged == ["binds-app-port runs-as-uid-1000 stops-on-sigterm"]


def test_a_defect_of_ours_fails_its_own_test_and_says_where(run: Run) -> None:
    result = run(more=DEFECTIVE, choose="binds-app-port or front-matter")
    result.assert_outcomes(passed=1, failed=1, deselected=PROMISES - 2)
    result.stdout.fnmatch_lines(["error: LookupError at *: a defect; report it to the project*"])


def test_a_space_that_does_not_build_breaks_one_promise_and_blocks_the_rest(run: Run) -> None:
    result = run(more=UNBUILT, choose="builds-from-what or binds-app-port or front-matter")
    result.assert_outcomes(passed=1, failed=2, deselected=PROMISES - 3)
    result.stdout.fnmatch_lines(
        ["blocked by builds-from-what-is-pushed: the Space does not build*", "*  | E: no such package"]
    )


def test_a_dock_is_closed_before_the_next_space_is_boarded(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two Spaces may want the same port of one machine."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take seconds to load
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
    for name in ("one", "two"):
        write_space(pytester.path / name, manifest=f'[space]\nid = "owner/{name}"\n')
    pytester.makeconftest(
        """
import spacedock.session
from tests.unit.fakes import FakeDock

class Told(FakeDock):
    def __init__(self, space):
        super().__init__()
        self.space = space.manifest.space.id
    def tell(self, word):
        with open("told", "a") as file:
            file.write(f"{word} {self.space}\\n")
    def __enter__(self):
        self.tell("open")
        return self
    def __exit__(self, *exc):
        self.tell("close")

spacedock.session.choose = lambda name, space, *_, **__: Told(space)
"""
    )
    pytester.makepyfile(
        """
class TestOne:
    space = "one"
    def test_first(self, spacedock_instance): pass
    def test_last(self, spacedock_instance): pass

def test_plain(): pass

class TestTwo:
    space = "two"
    def test_only(self, spacedock_instance): pass
"""
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=4)
    told = (pytester.path / "told").read_text().splitlines()
    assert told == ["open owner/one", "close owner/one", "open owner/two", "close owner/two"]


def test_the_plugin_imports_no_docker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_imports(): assert not {'docker', 'testcontainers', 'spacedock.session'} & set(sys.modules)"
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)
