"""Writes docs/hostile-inputs.md from the tests, a row an input.

Run it as `python -m tests.unit.hostile.table > docs/hostile-inputs.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[3]
_UNIT, _INTEGRATION = "tests/unit", "tests/integration"
# Where an input enters, and the tests that let it; whatever has `hostile` in its path has to be among them.
PLACES: Final = {
    "README.md": (f"{_UNIT}/hostile/test_files.py::test_a_readme",),
    "Dockerfile": (f"{_UNIT}/hostile/test_files.py::test_a_dockerfile",),
    "Dockerfile, carried out without Docker": (f"{_UNIT}/docks/process/test_hostile_plan.py",),
    "requirements": tuple(
        f"{_UNIT}/docks/process/test_pip.py::test_{name}"
        for name in (
            "requirements_files_have_a_bound_together",
            "a_requirements_file_includes_no_endless_number_of_others",
            "a_requirements_file_of_blank_lines_is_read_in_no_time",
            "an_included_file_has_a_path_that_can_be",
            "an_included_file_need_be_none",
            "a_command_of_many_words_takes_no_longer_than_its_length",
        )
    ),
    "space.toml": (
        f"{_UNIT}/hostile/test_files.py::test_a_manifest",
        f"{_UNIT}/hostile/test_files.py::test_a_variable_that_is_hardly_a_url",
    ),
    "workflows": (f"{_UNIT}/hostile/test_files.py::test_a_workflow",),
    ".dockerignore": (
        f"{_UNIT}/space/test_dockerignore.py::test_a_pattern_of_many_stars_takes_no_time",
        f"{_UNIT}/space/test_dockerignore.py::test_what_cannot_be_read_is_named",
    ),
    "code of the Space": (f"{_UNIT}/hostile/test_files.py::test_code_that_counts_processors",),
    "files and folders": (
        f"{_UNIT}/hostile/test_files.py::test_what_is_no_file",
        f"{_UNIT}/hostile/test_files.py::test_what_is_no_file_and_nobody_needs",
        f"{_UNIT}/hostile/test_files.py::test_names_that_are_no_text",
        f"{_UNIT}/hostile/test_files.py::test_folders_that_lie_deep_within_each_other",
        f"{_UNIT}/hostile/test_files.py::test_a_repository_of_what_is_no_file",
        f"{_UNIT}/hostile/test_fuzz.py",
        f"{_UNIT}/hostile/test_readers.py",
        f"{_UNIT}/docks/test_context.py::test_what_lies_too_deep_is_named",
        f"{_UNIT}/docks/test_context.py::test_links_that_lead_round_are_laid_out_as_they_are",
        f"{_UNIT}/docks/test_context.py::test_an_ignore_file_behind_a_thousand_links_is_none",
    ),
    "paths out of the repository": (
        f"{_UNIT}/space/test_space.py::test_a_manifest_names_nothing_outside_of_what_is_checked",
        f"{_UNIT}/space/test_space.py::test_nor_does_a_link_that_it_names",
        f"{_UNIT}/space/test_space.py::test_a_part_that_is_a_link_to_outside_is_not_pushed",
        f"{_UNIT}/space/test_space.py::test_a_manifest_that_is_a_link_to_outside_is_a_defect",
        f"{_UNIT}/docks/process/test_pip.py::test_an_included_file_lies_in_the_space",
        f"{_INTEGRATION}/hostile/test_repository.py",
    ),
    "git": (f"{_UNIT}/space/test_git.py",),
    "the process dock": (f"{_INTEGRATION}/hostile/test_process_dock.py",),
    "the image": (
        f"{_INTEGRATION}/hostile/test_image.py",
        f"{_UNIT}/docks/image/test_layers.py::test_a_layer_whose_first_name_looks_like_settings_is_a_layer",
        f"{_UNIT}/docks/image/test_layers.py::test_settings_that_cannot_be_read_are_no_settings",
        f"{_UNIT}/docks/test_proc.py::test_a_container_that_lies_of_itself_tells_nothing",
        f"{_UNIT}/docks/test_proc.py::test_a_text_that_lies_is_none",
    ),
    "the sandbox": (f"{_INTEGRATION}/hostile/test_sandbox.py",),
    "credentials": (f"{_INTEGRATION}/hostile/test_credentials.py",),
    "ends": (f"{_INTEGRATION}/hostile/test_ends.py", f"{_INTEGRATION}/test_interrupted.py"),
    "answers": (
        f"{_UNIT}/evidence/test_asking_what_misbehaves.py",
        f"{_INTEGRATION}/docks/test_misbehaving.py",
    ),
    "logs, to be diagnosed": (f"{_UNIT}/failures/test_hostile_logs.py",),
    "words of a Space, shown": (f"{_UNIT}/verdict/test_hostile_text.py",),
}
# What was seen before, where that was told: of the first that fits.
_SEEN: Final = (
    (r"readme\[an alias bomb", "5 GB of memory"),
    (r"readme\[(NUL|a date|5000 dig|3000|a (list|mapping|key) that holds)", "crash or hang"),
    (r"dockerfile\[a misspelt", "kept, in the process dock"),
    (r"dockerfile\[(a backslash alone|ENV above|5000 digits of workers)", "crash"),
    (r"dockerfile\[(bare (FROM|WORKDIR|USER)|FROM (that|--|-v|with a default\])|a capital)", "crash or hang"),
    (r"dockerfile\[(form feed|Latin-1|a Dockerfile in UTF-16)", "crash or hang"),
    (r"hostile_plan.*\[(bare RUN|5000 digits as)", "crash"),
    (r"manifest\[(Latin-1|3000|200|line break|memory_gb = 1e-7)", "crash or hang"),
    (r"workflow\[a (list|mapping|step) that holds", "crash or hang"),
    (r"processors\[(an expression of 3000|a surrogate)", "crash or hang"),
    (r"many_stars", "hang"),
    (r"what_is_no_file\[(README|Dockerfile)-(a folder|a named|links|a link)", "crash or hang"),
    (r"names_that_are_no_text|repository_of_what_is_no_file", "crash or hang"),
    (r"names_nothing_outside|nor_does_a_link", "a file of mode 0600 outside could be read by the Space"),
    (r"nothing_of_the_machine", "a command ran on this machine; a file of mode 0600 outside could be read"),
    (r"dockerfile_elsewhere", "a Dockerfile outside was rewritten"),
    (r"test_git.*(monitor|bare_repo|bare repository|not_fetched)", "a command ran on this machine"),
    (r"test_git.*(refuses|without_git_a_repo|of_another_owner)", "everything shipped, `.env` with it"),
    (r"package_that_is_built", "uid 0, and the caller's HF_TOKEN, AWS_*, GITHUB_TOKEN"),
    (r"no_stranger_is_root", "uid 0, or somebody's uid 1000"),
    (r"daemon|leaves_running", "it outlived the run"),
    (r"nothing_is_left_in_tmp", "files stayed"),
    (r"no_copy_reads", "a file of mode 0600 got into the Space"),
    (r"no_instruction_writes", "a file outside was written as root"),
    (
        r"asked_who_it_runs_as|passwd_that_is_none|cannot_start|settings_of_64|layer_whose_first",
        "crash or hang",
    ),
    (r"log_the_end_is_read\[300", "3 GB of memory"),
    (r"log_the_end_is_read\[a line", "printed"),
    (r"no_more_processes|has_bounds", "no limit"),
    (r"over_the_link", "reached by fe80::/10"),
    (r"no_packets", "past the sandbox's rules"),
    (r"published_port", "on 0.0.0.0 and [::]"),
    (r"orders_no_faults", "anybody could"),
    (r"test_credentials", "in `/etc/pip.conf`, where a Space could read it"),
    (r"in_the_middle_is_told\[edge", "crash"),
    (r"signal_in_the_middle", "14 containers, a network and an image were left"),
    (r"in_the_middle_is_told\[sandbox", "71 s"),
    (r"drips|poured|headers_are_cut|header_is_cut|charset|status_of_any|no_place|redirect", "hang or crash"),
    (r"unpacked_is_cut|packed_nothings|body_is_cut|never_ends_the_head", "up to 4.4 GB of memory"),
    (r"one_to_itself|to_and_fro|another_host|for_ever", "hang"),
    (r"bounded_time\[blank", "47 s for 2000"),
    (r"bounded_time\[spaces", "more than 47 s for 20,000"),
    (r"bounded_time\[plain", "23 s for 10 MB"),
    (r"test_hostile_text", "raw: control codes, workflow commands and no XML"),
)
_CODES: Final = {
    0: "nothing is wrong (0)",
    1: "broken (1)",
    2: "a defect with its place (2)",
    5: "does not build (5)",
}
# Of tests that ask for the same of each input.
_ALWAYS: Final = {
    "test_a_manifest": frozenset({2}),
    **dict.fromkeys(
        (
            "test_a_workflow",
            "test_a_variable_that_is_hardly_a_url",
            "test_code_that_counts_processors",
            "test_what_is_no_file_and_nobody_needs",
            "test_names_that_are_no_text",
            "test_folders_that_lie_deep_within_each_other",
            "test_a_repository_of_what_is_no_file",
        ),
        frozenset({0}),
    ),
}
_LONGEST: Final = 80  # characters of a cell


class Row(NamedTuple):
    """An input as a test is given it."""

    place: str
    test: str  # its whole name
    file: str
    now: str

    @property
    def before(self) -> str:
        """What was seen of it, where that was told."""
        return next((seen for pattern, seen in _SEEN if re.search(pattern, self.test)), "-")

    @property
    def name(self) -> str:
        """What is put in: the name of the parameters, else of the test."""
        function, _, given = self.test.removesuffix("]").partition("[")
        words = given or _words(function)
        return _cell(words)


class _Collector:
    """Keeps what pytest collects."""

    def __init__(self) -> None:
        self.items: list[pytest.Function] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]


def rows() -> list[Row]:
    """Collect the tests, and return a row for each input. Raises AssertionError for one that has no place."""
    named = [test for tests in PLACES.values() for test in tests]
    found = sorted(
        {str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py") if "hostile" in str(path)}
    )
    collector = _Collector()
    arguments = ["--collect-only", "-qq", "-p", "no:cacheprovider", "-p", "no:randomly", f"--rootdir={ROOT}"]
    with redirect_stdout(StringIO()):
        code = pytest.main([*arguments, *dict.fromkeys((*named, *found))], plugins=[collector])
    if code:
        raise AssertionError(f"pytest cannot collect them: {code}")
    return sorted({_row(item) for item in collector.items}, key=_order)


def table(found: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the page."""
    every = list(found)
    yield from (
        "# Hostile inputs",
        "",
        "What a stranger's Space may hold, say or answer, and what becomes of it: a row an input, as a",
        f"test puts it in, {len(every)} in all. `python -m tests.unit.hostile.table` writes this page from",
        "those tests, and `tests/unit/test_inputs_page.py` fails where it is not what they are.",
        "",
        "*Before* is what was seen before any of it was mended, where that was written down of the input",
        "itself; `crash or hang` is said of what was named without which of the two, `-` of what was not",
        "named. Of all together, some 390, there were 49 crashes, 17 hangs, 6 ways out of the Space and 2",
        "leaks. *Now* is what its test asks for: an exit code with what is said, or the test's own name.",
        "What is in no row is looked for by `tests/unit/hostile/test_fuzz.py`, and by",
        "`python -m tests.fuzz`, which wants atheris.",
    )
    for place in PLACES:
        inputs = [row for row in every if row.place == place]
        yield from ("", f"## {place[0].upper() if place[0] != '.' else '.'}{place[1:]}", "")
        yield from ("| input | before | now | held by |", "|---|---|---|---|")
        yield from (f"| {row.name} | {row.before} | {row.now} | `{row.file}` |" for row in inputs)


def _row(item: pytest.Function) -> Row:
    path = item.path.relative_to(ROOT).as_posix()
    name = item.nodeid.partition("::")[2]
    function = f"{path}::{name.partition('[')[0]}"
    place = next((place for place, tests in PLACES.items() if {path, function} & set(tests)), None)
    if place is None:
        raise AssertionError(f"{function} is in no place of the table")
    given = item.callspec.params if hasattr(item, "callspec") else {}
    now = _outcome(function.rpartition("::")[2], given)
    said = given.get("says")
    now = f"{now}: {_cell(said)}" if said and isinstance(said, str) else now
    return Row(place, f"{path}::{name}", f"{function.removeprefix('tests/')}", now)


def _outcome(function: str, given: Mapping[str, Any]) -> str:
    """Say how it ends: with one of the exit codes that the test names, or as its own name tells."""
    named = {given["code"]} if "code" in given else given.get("codes") or _ALWAYS.get(function)
    return " or ".join(_CODES[code] for code in sorted(named)) if named else _words(function)


def _order(row: Row) -> tuple[int, str]:
    return list(PLACES).index(row.place), row.test


def _cell(text: str) -> str:
    text = text.strip(" :")
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return text.replace("|", "\\|")


def _words(function: str) -> str:
    return function.rpartition("::")[2].removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(rows())) + "\n")
