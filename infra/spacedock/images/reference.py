"""Image names: one spelling for each image, whatever prefix it is written with."""

from __future__ import annotations

from dataclasses import dataclass

_HUB = "docker.io"


@dataclass(frozen=True)
class Reference:
    """An image's name in parts; `docker.io/library/python:3.11` and `python:3.11` are equal."""

    registry: str
    repository: str
    tag: str
    digest: str = ""

    @classmethod
    def parse(cls, name: str) -> Reference:
        """Read a name as Docker does: no registry is Docker Hub, no tag and no digest is `latest`."""
        rest, _, digest = name.partition("@")
        head, slash, tail = rest.partition("/")
        if slash and ("." in head or ":" in head or head == "localhost"):
            registry, rest = head, tail
        else:
            registry = _HUB
        repository, _, tag = rest.partition(":")
        if registry in (_HUB, "index.docker.io"):
            registry, repository = _HUB, repository.removeprefix("library/")
        return cls(registry, repository, tag or ("" if digest else "latest"), digest)

    @property
    def tagged(self) -> str:
        """The name with its tag, whatever the digest says: `python:3.11`."""
        return f"{self._name}:{self.tag or 'latest'}"

    @property
    def _name(self) -> str:
        return self.repository if self.registry == _HUB else f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        """As Docker shows it and looks it up: by digest where there is one."""
        return f"{self._name}@{self.digest}" if self.digest else self.tagged
