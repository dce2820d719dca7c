"""Where an image comes from, decided on a fake engine; the workshop that builds stand-ins is a fake too."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import yaml
from docker.errors import APIError, ImageNotFound
from packaging.version import Version

from spacedock.engine import STAND_IN_LABEL
from spacedock.errors import EngineError, NoSuchImageError
from spacedock.images import supply as module
from spacedock.images.supply import Image, Supply, pins
from spacedock.progress import Say

pytestmark = pytest.mark.usefixtures("workshop")

PYTHON = "python:3.11-slim"


def refusal(status: int, why: str = "") -> APIError:
    """What docker-py raises where the engine answers with this status."""
    response = requests.Response()
    response.status_code = status
    return APIError(why, response=response)


class FakeEngine:
    """An engine with some images, and perhaps a registry."""

    def __init__(
        self, *local: str, registry: Exception | None, pull: tuple[dict[str, str], ...] = ()
    ) -> None:
        self.local = set(local)
        self.registry = registry
        self.asked: list[str] = []
        self.pulled: list[str] = []
        self.events = pull
        self.client = SimpleNamespace(
            images=SimpleNamespace(get=self.get), api=SimpleNamespace(pull=self.pull)
        )

    def get(self, name: str) -> Any:
        if name not in self.local:
            raise ImageNotFound(name)
        return SimpleNamespace(id=name)

    def pull(self, name: str, **_: object) -> Iterator[dict[str, str]]:
        self.pulled.append(name)
        return iter(self.events)

    def another_client(self, *, timeout: int) -> Any:
        assert timeout <= 10
        api = SimpleNamespace(inspect_distribution=self.inspect)
        return SimpleNamespace(api=api, close=lambda: None)

    def inspect(self, name: str) -> None:
        self.asked.append(name)
        if self.registry:
            raise self.registry


class FakeWorkshop:
    def __init__(self) -> None:
        self.labels: dict[str, Mapping[str, str]] = {}

    def python(self, stands_in_for: str) -> str:
        return "hf-spacedock/python:1"

    def build(self, key: str, base: str, *, title: str, labels: Mapping[str, str]) -> str:
        self.labels[key] = labels
        return f"hf-spacedock/{key}:on-{base}"


class Steps:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.lines: list[str] = []

    @contextmanager
    def __call__(self, step: str, /) -> Iterator[Say]:
        self.steps.append(step)
        yield self.lines.append


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> FakeWorkshop:
    workshop = FakeWorkshop()
    monkeypatch.setattr(module, "Workshop", lambda engine, progress: workshop)
    return workshop


NO_REGISTRY = refusal(500, "dial tcp: lookup registry-1.docker.io: no such host")


def supply(engine: FakeEngine, steps: Steps) -> Supply:
    return Supply(engine, steps)  # type: ignore[arg-type]


class TestWhatIsThere:
    def test_a_local_image_is_taken_without_a_question(self, steps: Steps) -> None:
        engine = FakeEngine(PYTHON, registry=None)
        assert supply(engine, steps).image(PYTHON) == Image(PYTHON, PYTHON, stand_in=False)
        assert engine.asked == engine.pulled == []

    def test_a_name_in_full_is_the_same_image(self, steps: Steps) -> None:
        engine = FakeEngine(PYTHON, registry=None)
        found = supply(engine, steps).image(f"docker.io/library/{PYTHON}")
        assert found == Image(PYTHON, PYTHON, stand_in=False)


class TestRegistry:
    def test_an_image_that_is_missing_is_pulled(self, steps: Steps) -> None:
        engine = FakeEngine(registry=None)
        assert supply(engine, steps).image(PYTHON) == Image(PYTHON, PYTHON, stand_in=False)
        assert engine.pulled == [PYTHON]

    def test_an_old_stand_in_does_not_shadow_the_official_image(self, steps: Steps) -> None:
        engine = FakeEngine("hf-spacedock/python:1", registry=None)
        assert not supply(engine, steps).image(PYTHON).stand_in

    def test_a_pull_is_seen(self, steps: Steps) -> None:
        events = (
            {"status": "Pulling from library/python", "id": "3.11-slim"},
            {"status": "Downloading", "id": "a1", "progress": "[=>   ]"},
            {"status": "Pull complete", "id": "a1"},
        )
        supply(FakeEngine(registry=None, pull=events), steps).image(PYTHON)
        assert steps.steps == [f"asking docker.io for {PYTHON}", f"pulling {PYTHON}"]
        assert steps.lines == ["3.11-slim Pulling from library/python", "a1 Pull complete"]

    @pytest.mark.parametrize("status", [401, 403, 404, 429])
    def test_a_refusal_is_an_answer(self, steps: Steps, status: int) -> None:
        engine = FakeEngine(registry=refusal(status))
        supply(engine, steps).image(PYTHON)
        assert engine.pulled == [PYTHON]

    def test_what_an_answering_registry_does_not_give_is_an_error_and_no_stand_in(self, steps: Steps) -> None:
        engine = FakeEngine(registry=None, pull=({"error": "toomanyrequests: rate limit"},))
        with pytest.raises(EngineError, match="toomanyrequests") as error:
            supply(engine, steps).image(PYTHON)
        assert PYTHON in error.value.what

    @pytest.mark.parametrize(
        "why",
        [
            "manifest for python:3.99-slim not found: manifest unknown: manifest unknown",
            "pull access denied for o/none, repository does not exist or may require 'docker login': denied",
        ],
    )
    def test_what_an_answering_registry_does_not_have_is_the_names_fault(
        self, steps: Steps, why: str
    ) -> None:
        with pytest.raises(NoSuchImageError):
            supply(FakeEngine(registry=None, pull=({"error": why},)), steps).image("python:3.99-slim")

    @pytest.mark.parametrize("why", ["toomanyrequests: rate limit", "denied: requested access is denied"])
    def test_what_it_keeps_from_this_engine_is_not(self, steps: Steps, why: str) -> None:
        with pytest.raises(EngineError) as error:
            supply(FakeEngine(registry=None, pull=({"error": why},)), steps).image("ghcr.io/o/base:1")
        assert not isinstance(error.value, NoSuchImageError)

    def test_a_digest_is_pulled_as_it_is(self, steps: Steps) -> None:
        engine = FakeEngine(registry=None)
        digest = "sha256:" + "0" * 64
        assert supply(engine, steps).image(f"{PYTHON}@{digest}").tag == f"python@{digest}"


@pytest.mark.parametrize(
    "silence",
    [NO_REGISTRY, requests.exceptions.ReadTimeout("read timed out")],
    ids=["unreachable", "black hole"],
)
class TestNoRegistry:
    @pytest.mark.parametrize(
        "name", [PYTHON, "python:3.11", "python:3.11.14-slim-bookworm", f"{PYTHON}@sha256:" + "0" * 64]
    )
    def test_a_stand_in_takes_its_place(self, steps: Steps, silence: Exception, name: str) -> None:
        engine = FakeEngine(registry=silence)
        found = supply(engine, steps).image(name)
        assert (found.tag, found.stand_in) == ("hf-spacedock/python:1", True)
        assert engine.pulled == []

    @pytest.mark.parametrize("key", ["postgres", "qdrant"])
    def test_services_stand_on_the_python_base(
        self, steps: Steps, silence: Exception, key: str, workshop: FakeWorkshop
    ) -> None:
        found = supply(FakeEngine(registry=silence), steps).pinned(key)
        assert found == Image(pins()[key], f"hf-spacedock/{key}:on-hf-spacedock/python:1", stand_in=True)
        assert workshop.labels[key] == {STAND_IN_LABEL: pins()[key]}

    def test_it_is_asked_once_a_run(self, steps: Steps, silence: Exception) -> None:
        engine = FakeEngine(registry=silence)
        asked = supply(engine, steps)
        threads = [
            threading.Thread(target=asked.pinned, args=(key,)) for key in ("postgres", "qdrant", "python")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(engine.asked) == 1

    @pytest.mark.parametrize(
        "name", ["python:3.12-slim", "python:3.11-alpine", "node:24", "ghcr.io/o/python:3.11"]
    )
    def test_what_has_no_stand_in_is_named_with_the_remedy(
        self, steps: Steps, silence: Exception, name: str
    ) -> None:
        with pytest.raises(EngineError, match=name) as error:
            supply(FakeEngine(registry=silence), steps).image(name)
        assert "no registry answers" in error.value.what
        assert "docker load" in error.value.remedy

    @pytest.mark.parametrize("name", ["node:24", "ghcr.io/o/python:3.11"])
    def test_where_none_answers_a_name_is_not_to_blame(
        self, steps: Steps, silence: Exception, name: str
    ) -> None:
        with pytest.raises(EngineError) as error:
            supply(FakeEngine(registry=silence), steps).image(name)
        assert not isinstance(error.value, NoSuchImageError)

    @pytest.mark.parametrize("host", ["registry.invalid", "registry.invalid:5000"])
    def test_a_host_that_can_be_nowhere_is_to_blame_all_the_same(
        self, steps: Steps, silence: Exception, host: str
    ) -> None:
        with pytest.raises(NoSuchImageError, match=f"no registry answers at {host}"):
            supply(FakeEngine(registry=silence), steps).image(f"{host}/python:3.11")

    def test_a_registry_that_is_silent_while_docker_hub_answers_is_to_blame(
        self, steps: Steps, silence: Exception
    ) -> None:
        class OnlyHub(FakeEngine):
            def inspect(self, name: str) -> None:
                if "quay.io" in name:
                    raise silence

        with pytest.raises(NoSuchImageError, match=r"no registry answers at quay\.io"):
            supply(OnlyHub(registry=None), steps).image("quay.io/o/python:3.11")

    def test_what_was_used_is_told(self, steps: Steps, silence: Exception) -> None:
        asked = supply(FakeEngine("postgres:18.6", registry=silence), steps)
        asked.pinned("python")
        asked.pinned("postgres")
        assert [(image.name, image.stand_in) for image in asked.used] == [
            (PYTHON, True),
            ("postgres:18.6", False),
        ]


def test_a_double_is_built_on_the_python_at_hand(steps: Steps) -> None:
    double = supply(FakeEngine(PYTHON, registry=None), steps).double("openai")
    assert double == Image("openai", f"hf-spacedock/openai:on-{PYTHON}", stand_in=False)


class TestPins:
    def test_every_pin_is_exact(self) -> None:
        exact = {name: tag.partition(":")[2].removeprefix("v").split("-")[0] for name, tag in pins().items()}
        assert exact.pop("python") == "3.11"  # its patch version floats, as it does for Hugging Face
        assert all(len(Version(tag).release) >= 2 for tag in exact.values())

    def test_every_pin_shows_where_its_tag_is_seen(self) -> None:
        text = (Path(module.__file__).parent / "compose.yaml").read_text()
        for key, image in yaml.safe_load(text)["services"].items():
            before = text.partition(f"image: {image['image']}")[0]
            assert "#" in before.rpartition(f"{key}:")[2], key

    def test_the_qdrant_server_is_within_one_minor_of_the_client(self) -> None:
        requirements = (Path(module.__file__).parent / "qdrant" / "requirements.txt").read_text()
        client = Version(requirements.partition("qdrant-client==")[2].split()[0])
        server = Version(pins()["qdrant"].partition(":v")[2])
        assert abs(client.minor - server.minor) <= 1
