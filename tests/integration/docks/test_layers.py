"""What a real engine's export of an image shows: tiny Spaces whose build leaves something behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from secrets import token_hex

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.image import contents
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.engine import Engine
from spacedock.errors import BuildError
from spacedock.progress import silent
from spacedock.runs import open_run
from tests.integration.opened import held as held_to
from tests.unit.docks.servers import space_of
from tests.unit.evidence.test_keys import REAL

Docked = Callable[..., OpenImageDock]
MANIFEST = "[secrets]\nAPI_KEY = {}\n"
START = 'COPY app.py .\nCMD ["python", "app.py"]\n'
MOUNT = "RUN --mount=type=secret,id=API_KEY,required=true"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of layers that are known to be clean: a test must not stand on what another saw."""
    monkeypatch.setattr(contents, "cache_folder", lambda name: tmp_path)


@pytest.fixture
def docked(tmp_path: Path, needs_image_dock: None) -> Iterator[Docked]:
    """Build a Space of this Dockerfile, with these files beside it."""
    with ExitStack() as stack:
        run = stack.enter_context(open_run())

        def _docked(steps: str, **files: str) -> OpenImageDock:
            text = f"FROM python:3.11-slim\nWORKDIR /srv\n{steps}{START}"
            folder = tmp_path / token_hex(3)
            space = space_of(folder, "", port=8080, dockerfile=text, manifest=MANIFEST, files=files)
            return stack.enter_context(ImageDock(space, run, silent))

        yield _docked


@pytest.fixture
def needs_buildkit(needs_image_dock: None) -> None:
    engine = Engine.connect()
    found = engine.buildkit
    engine.close()
    if found is None:
        pytest.skip("needs a docker command with BuildKit: apt-get install docker-buildx")


def held(dock: OpenImageDock) -> Finding:
    """Hold the Space to the promise; nothing of it runs."""
    (finding,) = held_to(dock._setting.space, dock, ["keeps-secrets-out-of-the-image"])
    return finding


def seen(dock: OpenImageDock) -> list[str]:
    return [problem.seen for problem in held(dock).problems]


def test_size_and_time_of_the_build_are_told(docked: Docked) -> None:
    (line,) = [line for line in docked("").header if line.startswith("image ")]
    assert " MB on a base of " in line
    assert ", built in " in line


def test_a_clean_image_is_read_once(docked: Docked, monkeypatch: pytest.MonkeyPatch) -> None:
    dock = docked("RUN echo hello >/greeting\nENV MODE=fast\nLABEL who=me\n")
    assert held(dock).outcome is Outcome.KEPT
    monkeypatch.setattr(contents, "sightings", None)  # would be called for another export
    dock._setting.image.contents._searches.clear()
    assert held(dock).outcome is Outcome.KEPT


def test_what_the_build_adds_to_its_base_is_told_and_nothing_else(docked: Docked) -> None:
    made = docked("ENV MODE=fast\nLABEL who=me\n").made()
    assert dict(made.environment) == {"MODE": "fast"}
    assert dict(made.labels) == {"who": "me"}
    assert made.steps[0].startswith("WORKDIR /srv")


@pytest.mark.usefixtures("needs_buildkit")
def test_a_mounted_secret_that_is_written_is_found_in_the_layer_of_an_earlier_build_too(
    docked: Docked,
) -> None:
    steps = f"{MOUNT} cp /run/secrets/API_KEY /srv/key && echo {token_hex()}\n"
    for dock in (docked(steps), docked(steps)):  # the second one's layer comes from the builder's cache
        (problem,) = seen(dock)
        assert problem.startswith("a secret that the build was given is in /srv/key, put there by `RUN")


@pytest.mark.usefixtures("needs_buildkit")
def test_a_mounted_secret_that_is_only_used_is_not_there(docked: Docked) -> None:
    steps = f"{MOUNT} test -s /run/secrets/API_KEY && echo {token_hex()}\n"
    assert held(docked(steps)).outcome is Outcome.KEPT


def test_a_file_that_a_later_step_deletes_is_still_in_its_layer(docked: Docked) -> None:
    dock = docked("COPY settings.py .\nRUN rm settings.py\n", **{"settings.py": REAL["a GitHub token"]})
    (problem,) = seen(dock)
    assert problem.startswith("a GitHub token is in /srv/settings.py, put there by `COPY settings.py .")


def test_an_env_file_that_is_copied_is_found(docked: Docked) -> None:
    (problem,) = seen(docked("COPY .env .\n", **{".env": "API_KEY=hunter22\n"}))
    assert "an environment file with a value for API_KEY is in /srv/.env" in problem


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("ENV API_KEY=hunter22\n", "ENV API_KEY holds a value for a secret of the manifest"),
        (
            "ARG API_KEY=hunter22\n",
            "the image's history shows a value for API_KEY: `ARG API_KEY=***`",
        ),
        (f"LABEL token={REAL['a GitHub token']}\n", "LABEL token holds a GitHub token"),
        ("ARG API_KEY\nENV OTHER_API_KEY=hunter22\n", None),
    ],
)
def test_settings_and_history_are_read(docked: Docked, step: str, says: str | None) -> None:
    first, *_ = [*seen(docked(step)), None]
    assert first == says


def test_the_keys_of_packages_in_the_base_are_not_looked_at(docked: Docked) -> None:
    steps = f"RUN mkdir -p /srv/site-packages && echo '{REAL['a private key'][:27]}' >/srv/site-packages/x\n"
    assert held(docked(steps)).outcome is Outcome.KEPT


class TestFailedBuilds:
    def test_the_cause_is_told_and_not_the_steps_that_came_to_nothing(self, docked: Docked) -> None:
        with pytest.raises(BuildError) as caught:
            docked("RUN echo out of luck && exit 3\nCOPY app.py /later\n")
        assert "out of luck" in caught.value.log
        assert "cache miss" not in caught.value.log

    @pytest.mark.usefixtures("needs_buildkit")
    def test_a_source_that_is_not_pushed_is_told(self, docked: Docked) -> None:
        with pytest.raises(BuildError) as caught:
            docked("COPY data.json .\n")
        assert caught.value.remedy == "add data.json, or take it out of COPY: nothing of that name is pushed"

    @pytest.mark.usefixtures("needs_buildkit")
    def test_a_shell_in_copy_is_told(self, docked: Docked) -> None:
        with pytest.raises(BuildError) as caught:
            docked("COPY app.py . 2>/dev/null || true\n")
        assert "COPY is no shell" in caught.value.remedy

    @pytest.mark.usefixtures("needs_buildkit")
    def test_a_secret_that_the_manifest_does_not_name_is_told(self, docked: Docked) -> None:
        with pytest.raises(BuildError) as caught:
            docked(f"RUN --mount=type=secret,id=HF_TOKEN,required=true echo {token_hex()}\n")
        assert caught.value.remedy.startswith("name HF_TOKEN in the manifest's [secrets]")


def test_a_program_for_another_architecture_is_told_in_the_kernels_words(docked: Docked) -> None:
    foreign = (
        r"printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000\001\000\000\000'"
    )
    steps = f"RUN {foreign} >/srv/server && head -c 64 /dev/zero >>/srv/server && chmod +x /srv/server\n"
    dock = docked(f'{steps}ENTRYPOINT ["/srv/server"]\n')
    with closing(dock.boot(AS_DEPLOYED)) as instance:
        assert not instance.boot.ready
        assert "exec format error" in instance.logs()
