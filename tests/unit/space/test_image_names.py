from __future__ import annotations

import pytest

from spacedock.space.image_names import is_image_name

DIGEST = f"sha256:{'0' * 64}"


# Of distribution/reference, reference_test.go and normalize_test.go.
@pytest.mark.parametrize(
    "name",
    [
        "python", "python:3.11-slim", "test_com", "test.com:tag", "test.com:5000", "test.com/repo:tag",
        "test:5000/repo", f"test:5000/repo@{DIGEST}", f"test:5000/repo:tag@{DIGEST}", "lowercase:Uppercase",
        "foo/foo_bar.com:8080", "foo_bar.com:8080", "docker/docker", "a/b/c/d",
        "a__b", "a--b", "b.gcr.io/x/y_z",
        "localhost/up:x", "Docker/docker", "Uppercase/lowercase:tag", "[2001:db8::1]:5000/repo",
        "ghcr.io/owner/name:v1", "0", f"a/{'b' * 100}",
    ],
)  # fmt: skip
def test_what_the_builder_takes_for_an_image(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "-v", ":tag", "@sha256:00", f"a@{DIGEST[:-40]}", "Uppercase:tag",
        "test:5000/Uppercase/lowercase:tag",
        "docker///docker", "docker.io/docker/Docker", "a//b", "a/", "/a", "a b", "a:b:c",
        "aa/asdf$$^/aa", "a___b",
        "a..b", f"a:{'b' * 129}", "a" * 256, "ä", "a\n", "-foo/bar", "foo-/bar.", "_a",
    ],
)  # fmt: skip
def test_what_the_builder_does_not(name: str) -> None:
    assert not is_image_name(name)
