"""The stand-ins do what is asked of the official images they stand in for."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from docker.models.containers import Container
from docker.models.networks import Network

from spacedock.engine import STAND_IN_LABEL, Engine
from spacedock.images.workshop import Workshop
from spacedock.progress import silent
from tests.integration.engine.conftest import Start, output, tried


@pytest.fixture(scope="module")
def workshop(engine: Engine) -> Workshop:
    if shutil.which("mmdebstrap") is None:
        pytest.skip("stand-ins need mmdebstrap: apt-get install mmdebstrap")
    return Workshop(engine, silent)


@pytest.fixture(scope="module")
def python(workshop: Workshop) -> str:
    return workshop.python("python:3.11-slim")


@pytest.fixture(scope="module")
def make(workshop: Workshop, python: str) -> Callable[[str], str]:
    """Build a stand-in or a double on the Python stand-in."""
    return lambda key: workshop.build(key, python, title=key, labels={})


class TestPython:
    @pytest.fixture
    def container(self, start: Start, python: str) -> Container:
        return start(python, ["sleep", "600"])

    @pytest.mark.parametrize("name", ["python", "python3", "pip", "pip3"])
    def test_programs_are_where_the_official_image_has_them(self, container: Container, name: str) -> None:
        assert output(container, "sh", "-c", f"command -v {name}") == f"/usr/local/bin/{name}"

    def test_it_is_the_version_that_the_name_says(self, container: Container) -> None:
        assert output(container, "python", "--version").startswith("Python 3.11.")

    def test_every_module_of_the_standard_library_finds_its_libraries(self, container: Container) -> None:
        modules = "bz2, ctypes, curses, dbm.ndbm, lzma, readline, sqlite3, ssl, uuid, zlib, zoneinfo, venv"
        output(container, "python", "-c", f"import {modules}")

    def test_root_installs_into_the_site_packages(self, container: Container) -> None:
        output(container, "pip", "install", "--quiet", "six==1.17.0")
        output(container, "test", "-f", "/usr/local/lib/python3.11/site-packages/six.py")
        output(container, "python", "-c", "import six")

    def test_another_user_installs_into_its_home(self, container: Container) -> None:
        options = {"user": "1000", "environment": {"HOME": "/tmp"}}
        output(container, "pip", "install", "--quiet", "six==1.17.0", **options)
        where = output(container, "python", "-c", "import six; print(six.__file__)", **options)
        assert where == "/tmp/.local/lib/python3.11/site-packages/six.py"

    def test_a_virtual_environment_sees_only_itself(self, container: Container) -> None:
        output(container, "python", "-m", "venv", "/tmp/v")
        listed = output(container, "/tmp/v/bin/pip", "list", "--format=freeze", "--disable-pip-version-check")
        assert {line.partition("==")[0] for line in listed.splitlines()} == {"pip", "setuptools"}

    def test_it_says_what_it_stands_in_for(self, engine: Engine, python: str) -> None:
        assert engine.client.images.get(python).labels[STAND_IN_LABEL] == "python:3.11-slim"

    def test_it_is_no_larger_than_what_it_stands_in_for(self, engine: Engine, python: str) -> None:
        assert engine.client.images.get(python).attrs["Size"] < 140e6


USER, PASSWORD, DATABASE = "ada", "p'w\"$ d", "my-db"
ENVIRONMENT = {"POSTGRES_USER": USER, "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": DATABASE}


def psql(statement: str, host: str = "127.0.0.1") -> tuple[str, ...]:
    """The command for one statement as the user that the environment asks for."""
    place = (f"--host={host}", f"--username={USER}", f"--dbname={DATABASE}")
    return ("psql", *place, "--no-align", "--tuples-only", f"--command={statement}")


class TestPostgres:
    @pytest.fixture
    def image(self, make: Callable[[str], str]) -> str:
        return make("postgres")

    def test_it_obeys_what_the_official_image_documents(self, start: Start, image: str) -> None:
        environment = {**ENVIRONMENT, "POSTGRES_INITDB_ARGS": "--data-checksums --no-sync"}
        container = start(image, ["postgres", "-c", "shared_buffers=16MB"], environment=environment)
        assert output(container, *psql("select current_user")) == USER
        assert output(container, *psql("show data_checksums")) == "on"
        assert output(container, *psql("show shared_buffers")) == "16MB"
        assert output(container, *psql("show server_encoding")) == "UTF8"
        assert output(container, *psql("select usesuper from pg_user where usename = current_user")) == "t"

    def test_other_containers_reach_it_with_the_password_and_not_without(
        self, start: Start, image: str, network: Network
    ) -> None:
        start(image, environment=ENVIRONMENT, network=network.name, name=f"server-{network.name}")
        client = start(image, ["sleep", "600"], network=network.name)
        ask = psql("select 1", host=f"server-{network.name}")
        assert output(client, *ask, environment={"PGPASSWORD": PASSWORD}) == "1"
        code, printed = tried(client, *ask, environment={"PGPASSWORD": "wrong"})
        assert code != 0
        assert "password authentication failed" in printed

    def test_it_runs_as_postgres_and_stops_when_asked(self, start: Start, image: str) -> None:
        container = start(image, environment=ENVIRONMENT)
        output(container, *psql("select 1"))
        assert output(container, "stat", "--format=%U", "/proc/1") == "postgres"
        container.stop(timeout=30)
        assert container.wait()["StatusCode"] == 0
        assert b"database system is shut down" in container.logs()

    def test_it_does_not_start_without_a_password(self, start: Start, image: str) -> None:
        container = start(image)
        assert container.wait()["StatusCode"] == 1
        assert b"POSTGRES_PASSWORD" in container.logs()


@pytest.mark.parametrize(
    ("key", "environment", "request_"),
    [
        ("qdrant", {"QDRANT__SERVICE__API_KEY": "key"}, ("6333/collections", "api-key", "key")),
        (
            "openai",
            {"DOUBLE_API_KEY": "key", "CONTROL_TOKEN": "token"},
            ("8000/v1/models", "Authorization", "Bearer key"),
        ),
    ],
)
def test_a_double_answers_who_has_its_key(
    start: Start, make: Callable[[str], str], key: str, environment: dict[str, str], request_: tuple[str, ...]
) -> None:
    container = start(make(key), environment=environment)
    place, header, value = request_
    ask = (
        "import sys, urllib.request as r; "
        f"r.urlopen(r.Request('http://127.0.0.1:{place}', headers={{{header!r}: {value!r}}}))"
    )
    output(container, "python", "-c", ask)
    assert output(container, "stat", "--format=%u", "/proc/1") == "1000"
