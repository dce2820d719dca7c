"""Files that nobody would write: whatever is in them, a lint comes to a verdict or to a defect."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises
from spacedock.errors import UsageError
from spacedock.space.dockerignore import read_dockerignore
from spacedock.verdict.hold import lint
from tests.unit.spaces import SOUND_DOCKERFILE, SOUND_MANIFEST, SOUND_README

STRANGE = (
    "\x00", "\ud800", "\ufeff", "\u2028", "\x0c", "\x85", "\r", "\r\n", "\n", "\x1b]52;c;x\x07", "é",
    "\t", "",
)  # fmt: skip
README = (
    "sdk: docker\n", "app_port: ", "emoji: ", "license: ", "startup_duration_timeout: ",
    "custom_headers:\n  ", "models: ", "base_path: ", "hf_oauth_expiration_minutes: ",
    "short_description: ", "x: ", "&a ", "*a ", "<<: ", "? ", "- ", "[", "]", "{", "}", ", ", ": ",
    "|\n  ", ">\n  ", "!!set ", "!!binary ", "!!int ", "!x ", "2024-13-45", "0x", "9" * 5000, "1:59",
    ".inf", "~", "yes", '"\\ud800"', "'", "---\n", "...\n", "%YAML 9.9\n",
)  # fmt: skip
DOCKERFILE = (
    "FROM ", "python:3.11-slim\n", "AS ", "x ", "--platform=", "--mount=type=secret,id=", "ARG ", "ENV ",
    "RUN ", "CMD ", "ENTRYPOINT ", "WORKDIR ", "USER ", "COPY ", "EXPOSE ", "ONBUILD ", "HEALTHCHECK ",
    "SHELL ", "VOLUME ", "LABEL ", "# syntax=", "# escape=`\n", "#", "<<E\n", "E\n", '["a"]\n', "[]\n",
    "[", '"', "'", "\\\n", "\\", "`", "=", "$X ", "${X:-", "${X:+", "}", "gunicorn -w 9 ", "$(nproc) ",
    "--workers=9", "-v ", "Python", "@sha256:", ":", "/data ", "uvicorn --reload ",
)  # fmt: skip
MANIFEST = (
    "[space]\n", "[secrets]\n", "[variables]\n", "[origins]\n", "[stream]\n", "[[requests]]\n",
    "[state]\n", "[egress]\n", "[dock]\n", "[dock.variables]\n", "[websocket]\n", "id = ", "folder = ",
    "readme = ", "dockerfile = ", "ships = ", "hardware = ", "path = ", "headers = ", "body = ",
    "allowed = ", "refused = ", "patience = ", "memory_gb = ", "A = ", "allow = ", "read = ", "write = ",
    "'/'\n", "'a/b'\n", "'..'\n", "'README.md'\n", "['a']\n", "{ from = 'postgres.url' }\n", "{ a = ",
    " }\n", "[", "]\n", "nan\n", "inf\n", "1e-7\n", "9\n", "0xffffffffffffffffffff\n", "1979-05-27\n",
    "true\n", '"\\u0000"\n', '"\\r\\n"\n', "'https://x'\n", "'postgres://a@b:99999'\n", '"""',
    "a.b.c = ", "# ",
)  # fmt: skip
WORKFLOW = (
    "jobs:\n", "  a:\n", "    steps:\n", "    - ", "run: ", "uses: ", "with:\n        ",
    "huggingface/hub-sync@v1\n", "actions/checkout@v4\n", "|\n        ", "git push ",
    "git remote add x ", "https://huggingface.co/spaces/owner/name ", "--force ",
    "hf upload --repo-type space ", "${{ ", " }}", "&a ", "*a", "[", "]", "{", "}", ": ",
    "fetch-depth: 0\n",
)  # fmt: skip
IGNORED = (
    "*", "**", "/", "[", "]", "^", "-", "\\", "!", "?", "#", "a", "README.md", "..", "\n",
)  # fmt: skip
CODE = (
    "import os\n", "os.cpu_count()", "workers = ", "x = ", "def workers():\n  return ", "if ", ":\n  ",
    "min(4, ", ")", "(", "ThreadPoolExecutor(", "f'{", "}'", "'", '"""', "lambda: ", "match x:\n case ",
    "\n", "+", "#",
)  # fmt: skip


def files(sound: str, fragments: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """Bytes of a file: a sound one, one with something in its midst, one of fragments, any at all."""
    piece = st.one_of(st.sampled_from(fragments), st.sampled_from(STRANGE), st.text(max_size=5))
    made = st.lists(piece, max_size=25).map("".join)
    broken = st.builds(lambda at, text: sound[:at] + text + sound[at:], st.integers(0, len(sound)), made)
    text = st.one_of(broken, made).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.one_of(st.just(sound.encode()), text, text, text, st.binary(max_size=40))


FILES = st.fixed_dictionaries(
    {
        "README.md": files(SOUND_README, README),
        "Dockerfile": files(SOUND_DOCKERFILE, DOCKERFILE),
        "space.toml": files(SOUND_MANIFEST, MANIFEST),
        ".github/workflows/a.yml": files("", WORKFLOW),
        ".dockerignore": files("", IGNORED),
        "app.py": files("", CODE),
    }
)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(contents=FILES)
def test_no_bytes_come_to_anything_but_a_verdict(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / ".github" / "workflows").mkdir(parents=True)
        for name, content in contents.items():
            (place / name).write_bytes(content)
        for defect in (defect_of_ignoring(place), defect_of_linting(place)):
            assert defect is None or (defect.path and defect.what and defect.remedy)


def defect_of_ignoring(place: Path) -> UsageError | None:
    try:
        read_dockerignore(place).leaves_out("a/b.py")
    except UsageError as defect:
        return defect
    return None


def defect_of_linting(place: Path) -> UsageError | None:
    try:
        verdict = lint(place, all_promises())
    except UsageError as defect:
        return defect
    # A service that there is not is told by each promise that asks for its address.
    failed = [found for found in verdict.findings if found.outcome is Outcome.ERROR]
    assert [found.detail for found in failed if found.failure != UsageError.exit_code] == []
    return None
