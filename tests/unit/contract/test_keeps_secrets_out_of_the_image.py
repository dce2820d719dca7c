from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from threading import Event

import pytest

from spacedock import canary
from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promises.keeps_secrets_out_of_the_image import KeepsSecretsOutOfTheImage
from spacedock.contract.promises.runs_no_reloader import RunsNoReloader
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import FileInspector, ImageAdditions, Sighting
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.evidence.test_keys import REAL
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

PROMISE = "keeps-secrets-out-of-the-image"
KEY = REAL["an OpenAI key"]
COPY = "COPY . . # buildkit"


def made(*steps: str, labels: dict[str, str] | None = None, **environment: str) -> FakeDock:
    return FakeDock(made=ImageAdditions(environment, labels or {}, steps, (0,) * len(steps)))


def holding(path: str, content: str | bytes, step: str = COPY) -> FakeDock:
    data = content.encode() if isinstance(content, str) else content
    return FakeDock(layers={step: {path: data}})


def seen(finding: Finding) -> list[str]:
    assert finding.outcome in (Outcome.BROKEN, Outcome.KEPT)
    return [problem.seen for problem in finding.problems]


def test_an_image_without_secrets_keeps_it_and_boots_nothing(space: Space, hold: Hold) -> None:
    dock = made("RUN pip install .", "ENV MODE=fast", MODE="fast")
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert dock.booted == []


def test_a_dock_that_builds_no_image_proves_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.IMAGE})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


def test_the_image_is_read_while_instances_boot(space: Space) -> None:
    class Reading(FakeDock):
        began = Event()
        beside: bool = False

        def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
            self.began.set()
            return super().search(look, rules)

        def boot(self, spec: BootSpec) -> FakeInstance:
            self.beside = self.began.wait(10)
            return super().boot(spec)

    dock = Reading()
    with Run(space, dock) as run:
        findings = run.judge([RunsNoReloader(), KeepsSecretsOutOfTheImage()])
    assert [finding.outcome for finding in findings] == [Outcome.KEPT, Outcome.KEPT]
    assert dock.beside


class TestFiles:
    def test_a_secret_that_a_step_wrote_breaks_it(self, space: Space, hold: Hold) -> None:
        step = "RUN /bin/sh -c cat /run/secrets/K > .netrc"
        dock = holding("/app/.netrc", f"password {canary.fresh()}", step)
        assert seen(hold(PROMISE, space, dock)) == [
            f"a secret that the build was given is in /app/.netrc, put there by `{step}`"
        ]

    @pytest.mark.parametrize("path", ["/usr/lib/x.so", "/app/site-packages/a.py"])
    def test_a_secret_of_the_run_is_found_wherever_it_is(self, space: Space, hold: Hold, path: str) -> None:
        assert len(seen(hold(PROMISE, space, holding(path, b"\0\1" + canary.fresh().encode())))) == 1

    @pytest.mark.parametrize(("name", "key"), REAL.items(), ids=REAL)
    def test_a_key_in_a_file_of_the_space_breaks_it(
        self, space: Space, hold: Hold, name: str, key: str
    ) -> None:
        finding = hold(PROMISE, space, holding("/app/config.py", f"KEY = '{key}'"))
        assert seen(finding) == [f"{name} is in /app/config.py, put there by `COPY . .`"]
        assert key not in str(finding.problems)

    @pytest.mark.parametrize(
        "path",
        [
            "/usr/local/lib/python3.11/site-packages/cryptography/tests/key.pem",
            "/app/node_modules/jsonwebtoken/test/key.pem",
            "/etc/ssl/private/ssl-cert-snakeoil.key",
            "/usr/share/doc/openssl/example.key",
        ],
    )
    def test_the_keys_of_packages_are_left_alone(self, space: Space, hold: Hold, path: str) -> None:
        assert hold(PROMISE, space, holding(path, REAL["a private key"])).outcome is Outcome.KEPT

    def test_a_file_that_is_no_text_is_not_searched_for_shapes(self, space: Space, hold: Hold) -> None:
        dock = holding("/app/model.bin", b"\0" + KEY.encode())
        assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


class TestEnvironmentFiles:
    @pytest.mark.parametrize("name", [".env", ".env.local", ".env.production"])
    def test_one_with_a_secrets_value_breaks_it(self, space: Space, hold: Hold, name: str) -> None:
        text = "MODE=fast\nexport API_KEY = hunter22\nSMTP_PASSWORD='p4ss'\n"
        path = f"/app/{name}"
        finding = hold(PROMISE, space, holding(path, text))
        (said,) = seen(finding)
        assert said.startswith(f"an environment file with a value for API_KEY, SMTP_PASSWORD is in {path}, ")
        assert "hunter22" not in str(finding.problems)

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (".env", "MODE=fast\nNEXT_PUBLIC_URL=https://app.example\n"),
            (".env", "API_KEY=\nDATABASE_URL=changeme\n"),
            (".env.example", "API_KEY=hunter22\n"),
            ("settings.env.txt", "API_KEY=hunter22\n"),
        ],
    )
    def test_one_without_is_left_alone(self, space: Space, hold: Hold, name: str, text: str) -> None:
        assert hold(PROMISE, space, holding(f"/app/{name}", text)).outcome is Outcome.KEPT


class TestSettings:
    def test_a_secret_of_the_manifest_with_a_value_in_env_breaks_it_once(
        self, space: Space, hold: Hold
    ) -> None:
        finding = hold(PROMISE, space, made("ENV API_KEY=hunter22", API_KEY="hunter22"))
        assert seen(finding) == ["ENV API_KEY holds a value for a secret of the manifest"]
        assert "SecretsUsedInArgOrEnv" in finding.problems[0].remedy

    def test_a_key_under_any_name_breaks_it(self, space: Space, hold: Hold) -> None:
        finding = hold(PROMISE, space, made(f"ENV X={KEY}", X=KEY))
        assert seen(finding) == ["ENV X holds an OpenAI key"]

    def test_a_label_breaks_it_too(self, space: Space, hold: Hold) -> None:
        finding = hold(PROMISE, space, made(labels={"maintainer.token": KEY}))
        assert seen(finding) == ["LABEL maintainer.token holds an OpenAI key"]

    @pytest.mark.parametrize(
        ("step", "shown"),
        [
            ("ARG API_KEY=hunter22", "ARG API_KEY=***"),
            ("RUN |1 API_KEY=changeme /bin/sh -c make # buildkit", "RUN |1 API_KEY=*** /bin/sh -c make"),
            ("/bin/sh -c #(nop)  ENV API_KEY=changeme", "/bin/sh -c #(nop) ENV API_KEY=***"),
            ("RUN /bin/sh -c API_KEY='hunter 22' make", "RUN /bin/sh -c API_KEY=*** make"),
        ],
    )
    def test_a_value_in_the_history_breaks_it_and_is_not_shown(
        self, space: Space, hold: Hold, step: str, shown: str
    ) -> None:
        finding = hold(PROMISE, space, made(step))
        assert seen(finding) == [f"the image's history shows a value for API_KEY: `{shown}`"]

    def test_a_key_in_a_command_breaks_it_and_is_not_shown(self, space: Space, hold: Hold) -> None:
        finding = hold(PROMISE, space, made(f"RUN /bin/sh -c curl -H 'Authorization: Bearer {KEY}' x"))
        assert seen(finding) == [
            "the image's history shows an OpenAI key: `RUN /bin/sh -c curl -H 'Authorization: Bearer ***' x`"
        ]

    @pytest.mark.parametrize(
        "step",
        [
            "ARG API_KEY",
            "ENV API_KEY=",
            'ENV API_KEY=""',
            "ENV MY_API_KEY=hunter22",
            "RUN /bin/sh -c API_KEY=dummy python manage.py collectstatic",
            'RUN /bin/sh -c API_KEY="$(cat /run/secrets/API_KEY)" make',
            "RUN /bin/sh -c grep -q API_KEY= settings.py",
        ],
    )
    def test_a_name_without_a_value_is_left_alone(self, space: Space, hold: Hold, step: str) -> None:
        assert hold(PROMISE, space, made(step)).outcome is Outcome.KEPT


def test_a_space_without_a_manifest_is_read_too(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest="")
    assert hold(PROMISE, space, made(X=KEY)).outcome is Outcome.BROKEN
