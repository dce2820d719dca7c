"""Where images come from: this engine, a registry, or a stand-in built from packages."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

import yaml
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from spacedock.engine import STAND_IN_LABEL, Engine
from spacedock.errors import EngineError, NoSuchImageError
from spacedock.images.reference import Reference
from spacedock.images.workshop import Workshop
from spacedock.progress import Progress

_PINS = Path(__file__).parent / "compose.yaml"
_REGISTRY_TIMEOUT = 5  # seconds
_STAND_INS = {  # the names that each stand-in can stand in for
    "python": re.compile(r"python:3\.11(\.\d+)?(-slim)?(-bookworm|-trixie)?"),
    "postgres": re.compile(r"postgres:(latest|\d+(\.\d+)?)(-bookworm|-trixie)?"),
    "qdrant": re.compile(r"qdrant/qdrant:\S+"),
    "edge": re.compile(r"nginx:(latest|stable|\d+(\.\d+)*)(-bookworm|-trixie)?"),
}
_NOWHERE = re.compile(r"\.invalid(:\d+)?$")  # a host that no network has (RFC 6761)
_NO_SUCH = re.compile(r"(?i)manifest unknown|name unknown|not found|does not exist")  # what registries say


@dataclass(frozen=True)
class Image:
    """An image that this engine has."""

    name: str  # the official name: "postgres:18.6"
    tag: str  # what to run on this engine
    stand_in: bool


class Supply:
    """Gives the images of one run. May be asked from several threads at once."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self._engine = engine
        self._progress = progress
        self._workshop = Workshop(engine, progress)
        self._found: dict[str, Image] = {}
        self._answers: dict[str, bool] = {}
        self._locks: dict[str, threading.Lock] = {}

    @property
    def used(self) -> tuple[Image, ...]:
        """The official images that were asked for, or what stands in for them."""
        return tuple(self._found.values())

    def pinned(self, key: str) -> Image:
        """The image that compose.yaml pins for `key`. Raises EngineError as `image` does."""
        return self.image(pins()[key])

    def image(self, name: str) -> Image:
        """The official image `name`: local, or pulled, or a stand-in.

        Raises EngineError where none of them can be had: NoSuchImageError where the name is to blame for
        that, which can only be said where a registry answers, or the name can be none.
        """
        reference = Reference.parse(name)
        with self._one_at_a_time(str(reference)):
            if str(reference) not in self._found:
                self._found[str(reference)] = self._find(reference)
        return self._found[str(reference)]

    def double(self, key: str) -> Image:
        """The double of a service that has no image of its own, built on the pinned Python."""
        return self._built(key, f"building the {key} double")

    def program(self, key: str) -> Image:
        """A program that has no official image: Debian's package on the pinned Python."""
        return self._built(key, f"building an image of {key}")

    def _built(self, key: str, title: str) -> Image:
        base = self.pinned("python").tag
        with self._one_at_a_time(key):
            tag = self._workshop.build(key, base, title=title, labels={})
        return Image(key, tag, stand_in=False)

    def _one_at_a_time(self, what: str) -> threading.Lock:
        return self._locks.setdefault(what, threading.Lock())

    def _find(self, reference: Reference) -> Image:
        name = str(reference)
        if self._is_local(name):
            return Image(name, name, stand_in=False)
        if self._registry_answers(reference):
            self._pull(reference)
            return Image(name, name, stand_in=False)
        return Image(name, self._stand_in(reference), stand_in=True)

    def _is_local(self, name: str) -> bool:
        try:
            self._engine.client.images.get(name)
        except ImageNotFound:
            return False
        return True

    def _registry_answers(self, reference: Reference) -> bool:
        """Asked once a run and registry, of the engine: it may see others than this machine does."""
        registry = reference.registry
        with self._one_at_a_time(f"registry {registry}"):
            if registry not in self._answers:
                with self._progress(f"asking {registry} for {reference}"):
                    self._answers[registry] = self._ask(reference)
        return self._answers[registry]

    def _ask(self, reference: Reference) -> bool:
        client = self._engine.another_client(timeout=_REGISTRY_TIMEOUT)
        try:
            client.api.inspect_distribution(str(reference))  # type: ignore[no-untyped-call]
        except APIError as error:
            return not error.is_server_error()  # "no" is a registry's word, 500 the engine's own
        except (DockerException, RequestException):
            return False
        finally:
            client.close()
        return True

    def _pull(self, reference: Reference) -> None:
        with self._progress(f"pulling {reference}") as say:
            try:
                for event in self._engine.client.api.pull(str(reference), stream=True, decode=True):
                    if "error" in event:
                        raise _not_pulled(reference, event["error"])
                    if "progress" not in event:
                        say(" ".join(filter(None, (event.get("id"), event.get("status")))))
            except DockerException as error:
                raise _not_pulled(reference, str(error)) from error

    def _stand_in(self, reference: Reference) -> str:
        for key, served in _STAND_INS.items():
            if served.fullmatch(reference.tagged):
                return self._stand_in_from(key, str(reference))
        kind = NoSuchImageError if self._is_silent_alone(reference) else EngineError
        raise kind(
            f"the engine has no {reference}, no registry answers at {reference.registry}, "
            "and there is no stand-in for it",
            remedy=f"let the engine reach {reference.registry} or a mirror of it, or `docker load` the image",
        )

    def _is_silent_alone(self, reference: Reference) -> bool:
        """Whether a registry that does not answer can be nowhere, or is silent while Docker Hub answers.

        Where no registry answers the network may be to blame, and nothing is known of the name.
        """
        if _NOWHERE.search(reference.registry):
            return True
        hub = Reference.parse(pins()["python"])
        return reference.registry != hub.registry and self._registry_answers(hub)

    def _stand_in_from(self, key: str, name: str) -> str:
        if key == "python":
            return self._workshop.python(name)
        base = self.pinned("python").tag
        title = f"building a stand-in for {name}"
        return self._workshop.build(key, base, title=title, labels={STAND_IN_LABEL: name})


def pins() -> dict[str, str]:
    """The official images by key, as compose.yaml pins them."""
    services = yaml.safe_load(_PINS.read_text())["services"]
    return {key: service["image"] for key, service in services.items()}


def _not_pulled(reference: Reference, why: str) -> EngineError:
    kind = NoSuchImageError if _NO_SUCH.search(why) else EngineError
    return kind(
        f"a registry answers at {reference.registry}, but {reference} cannot be pulled: {why}",
        remedy="check the name, `docker login`, or put the image into the mirror that the engine uses",
    )
