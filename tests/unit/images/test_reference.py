"""Image names, however they are written."""

from __future__ import annotations

import pytest

from spacedock.images.reference import Reference

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "name",
    [
        "python:3.11-slim",
        "library/python:3.11-slim",
        "docker.io/python:3.11-slim",
        "docker.io/library/python:3.11-slim",
        "index.docker.io/library/python:3.11-slim",
    ],
)
def test_one_image_has_one_name(name: str) -> None:
    assert str(Reference.parse(name)) == "python:3.11-slim"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("python", "python:latest"),
        ("qdrant/qdrant:v1.19.1", "qdrant/qdrant:v1.19.1"),
        ("ghcr.io/owner/image:1", "ghcr.io/owner/image:1"),
        ("localhost/image", "localhost/image:latest"),
        ("127.0.0.1:5000/library/python:3.11", "127.0.0.1:5000/library/python:3.11"),
        (f"python@{DIGEST}", f"python@{DIGEST}"),
        (f"docker.io/library/python:3.11-slim@{DIGEST}", f"python@{DIGEST}"),
    ],
)
def test_a_name_is_shown_as_docker_shows_it(name: str, shown: str) -> None:
    assert str(Reference.parse(name)) == shown


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("python:3.11", "docker.io"),
        ("qdrant/qdrant", "docker.io"),
        ("ghcr.io/owner/image", "ghcr.io"),
        ("127.0.0.1:5000/image", "127.0.0.1:5000"),
        ("localhost/image", "localhost"),
    ],
)
def test_the_registry_is_what_docker_would_ask(name: str, registry: str) -> None:
    assert Reference.parse(name).registry == registry


def test_a_digest_does_not_hide_the_tag() -> None:
    assert Reference.parse(f"docker.io/library/python:3.11-slim@{DIGEST}").tagged == "python:3.11-slim"
