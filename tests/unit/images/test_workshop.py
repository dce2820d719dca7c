"""What the workshop's images are made of, and when they are made anew. On a fake engine."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from spacedock.engine import IMAGE_LABEL, STAND_IN_LABEL
from spacedock.errors import BuildError, EngineError
from spacedock.images import rootfs, workshop
from spacedock.images.trust import Trust
from spacedock.images.workshop import Workshop
from spacedock.progress import Say, silent

TRUST = Trust("a certificate", "[global]\n")


class FakeEngine:
    """Builds by keeping the context's files."""

    def __init__(self) -> None:
        self.ids = {"python:3.11-slim": "sha256:1"}
        self.built: list[dict[str, str]] = []
        self.labels: Mapping[str, str] = {}
        self.secrets: Mapping[str, str] = {}
        self.client = SimpleNamespace(images=SimpleNamespace(get=self.get))

    def get(self, name: str) -> Any:
        if name not in self.ids:
            raise ImageNotFound(name)
        return SimpleNamespace(id=self.ids[name])

    def build(
        self, context: Path, *, tag: str, labels: Mapping[str, str], secrets: Mapping[str, str], **_: object
    ) -> None:
        self.ids[tag] = f"sha256:{tag}"
        self.secrets = secrets
        self.built.append({path.name: path.read_text() for path in context.iterdir()})


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Contexts of our own, the double of one of them, and a host that trusts one certificate."""
    for key in ("python", "qdrant"):
        (tmp_path / "images" / key).mkdir(parents=True)
    (tmp_path / "images" / "qdrant" / "Dockerfile").write_text("FROM python:3.11-slim")
    (tmp_path / "images" / "python" / "customize.sh").write_text("true")
    (tmp_path / "doubles").mkdir()
    (tmp_path / "doubles" / "qdrant.py").write_text("a double")
    monkeypatch.setattr(workshop, "CONTEXTS", tmp_path / "images")
    monkeypatch.setattr(workshop, "DOUBLES", tmp_path / "doubles")
    monkeypatch.setattr(Trust, "of_this_host", lambda: TRUST)
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def built(engine: FakeEngine) -> str:
    bench = Workshop(engine, silent)  # type: ignore[arg-type]
    return bench.build("qdrant", "python:3.11-slim", title="a stand-in", labels={})


def test_an_image_is_made_of_its_folder_and_its_double(engine: FakeEngine, contexts: Path) -> None:
    built(engine)
    assert engine.built == [{"Dockerfile": "FROM python:3.11-slim", "qdrant.py": "a double"}]


def test_it_never_has_an_official_name(engine: FakeEngine, contexts: Path) -> None:
    assert built(engine).startswith("hf-spacedock/qdrant:")


def test_the_same_content_is_built_once(engine: FakeEngine, contexts: Path) -> None:
    assert built(engine) == built(engine)
    assert len(engine.built) == 1


@pytest.mark.parametrize("changed", ["images/qdrant/Dockerfile", "doubles/qdrant.py", "images/qdrant/new"])
def test_other_content_is_another_image(engine: FakeEngine, contexts: Path, changed: str) -> None:
    before = built(engine)
    (contexts / changed).write_text("changed")
    assert built(engine) != before


def test_another_base_is_another_image(engine: FakeEngine, contexts: Path) -> None:
    before = built(engine)
    engine.ids["python:3.11-slim"] = "sha256:2"
    assert built(engine) != before


SECRET = Trust(
    "", "[global]\nindex-url = https://ada:t0k3n@mirror\n", apt_options=('P "http://a:p4ss@proxy";',)
)
STEPS = "FROM python:3.11-slim\nRUN pip install a; \\\n  pip install b\nRUN true\n"


class TestCredentials:
    def built(self, engine: FakeEngine, contexts: Path, base: str, trust: Trust) -> str:
        (contexts / "images" / "qdrant" / "Dockerfile").write_text(STEPS)
        bench = Workshop(engine, silent)  # type: ignore[arg-type]
        bench.__dict__["_trust"] = trust
        engine.ids[base] = "sha256:9"
        return bench.build("qdrant", base, title="a stand-in", labels={})

    def test_a_build_on_a_base_of_ours_is_lent_them_as_secrets(
        self, engine: FakeEngine, contexts: Path
    ) -> None:
        self.built(engine, contexts, "hf-spacedock/python:1", SECRET)
        (files,) = engine.built
        assert engine.secrets.keys() == {"pip_conf", "apt_conf"}
        assert files["Dockerfile"].count("RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,") == 2
        assert "t0k3n" not in str(files)
        assert "p4ss" not in str(files)

    def test_a_new_token_makes_no_new_image(self, engine: FakeEngine, contexts: Path) -> None:
        other = Trust("", SECRET.pip_conf.replace("t0k3n", "n3w"), apt_options=SECRET.apt_options)
        tags = {self.built(engine, contexts, "hf-spacedock/python:1", trust) for trust in (SECRET, other)}
        assert len(tags) == 1

    @pytest.mark.parametrize(
        ("base", "trust"), [("python:3.11-slim", SECRET), ("hf-spacedock/python:1", TRUST)]
    )
    def test_others_need_none_and_are_built_as_they_are(
        self, engine: FakeEngine, contexts: Path, base: str, trust: Trust
    ) -> None:
        self.built(engine, contexts, base, trust)
        assert (engine.secrets, engine.built[0]["Dockerfile"]) == ({}, STEPS)


class TestPython:
    @pytest.fixture
    def bootstrapped(self, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
        """The contexts that root file systems were made from."""
        made: list[dict[str, str]] = []

        def build(context: Path, archive: Path, trust: Trust, say: Say) -> None:
            made.append({path.name: path.read_text() for path in context.iterdir()})
            others = stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH
            assert context.parent.stat().st_mode & others == others  # mmdebstrap may run as another user

        def import_image(client: object, archive: Path, tag: str, labels: Mapping[str, str]) -> None:
            engine.ids[tag], engine.labels = "sha256:3", labels

        monkeypatch.setattr(rootfs, "build", build)
        monkeypatch.setattr(rootfs, "import_image", import_image)
        return made

    def python(self, engine: FakeEngine) -> str:
        return Workshop(engine, silent).python("python:3.11-slim")  # type: ignore[arg-type]

    def test_it_is_given_what_the_host_trusts(
        self, engine: FakeEngine, contexts: Path, bootstrapped: list[dict[str, str]]
    ) -> None:
        self.python(engine)
        assert bootstrapped == [{"customize.sh": "true", "ca.crt": "a certificate", "pip.conf": "[global]\n"}]

    def test_it_is_given_no_credentials(
        self,
        engine: FakeEngine,
        contexts: Path,
        bootstrapped: list[dict[str, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(Trust, "of_this_host", lambda: SECRET)
        self.python(engine)
        assert bootstrapped[0]["pip.conf"] == "[global]\nindex-url = https://mirror\n"

    def test_it_says_what_it_stands_in_for(
        self, engine: FakeEngine, contexts: Path, bootstrapped: list[dict[str, str]]
    ) -> None:
        tag = self.python(engine)
        assert engine.labels == {IMAGE_LABEL: tag, STAND_IN_LABEL: "python:3.11-slim"}

    @pytest.mark.parametrize(
        "trust",
        [
            Trust("another certificate", "[global]\n"),
            Trust("a certificate", "[global]\nindex-url = https://mirror\n"),
            Trust("a certificate", "[global]\n", apt_options=("a proxy",)),
            Trust("a certificate", "[global]\n", debian_sources=("a mirror",)),
        ],
    )
    def test_a_host_that_trusts_others_makes_another(
        self,
        engine: FakeEngine,
        contexts: Path,
        bootstrapped: list[dict[str, str]],
        trust: Trust,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        before = self.python(engine)
        monkeypatch.setattr(Trust, "of_this_host", lambda: trust)
        assert self.python(engine) != before

    def test_without_mmdebstrap_the_remedy_is_named(
        self, engine: FakeEngine, contexts: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(contexts))
        with pytest.raises(EngineError, match="mmdebstrap") as error:
            self.python(engine)
        assert "apt-get install mmdebstrap" in error.value.remedy

    def test_a_failure_ends_with_its_last_lines(
        self, engine: FakeEngine, contexts: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake = contexts / "mmdebstrap"
        fake.write_text("#!/bin/sh\necho E: no such mirror >&2\nexit 25\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(contexts))
        with pytest.raises(BuildError, match="exit code 25") as error:
            self.python(engine)
        assert error.value.log == "E: no such mirror"


def test_every_dockerfile_takes_its_base_as_an_argument() -> None:
    for path in workshop.CONTEXTS.glob("*/Dockerfile"):
        assert "ARG PYTHON_IMAGE=python:3.11-slim\nFROM ${PYTHON_IMAGE}\n" in path.read_text(), path
