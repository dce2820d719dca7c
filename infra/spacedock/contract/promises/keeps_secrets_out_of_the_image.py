"""A Space's image holds no secret, in no layer and no setting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from spacedock import canary
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.image_facts import FileInspector, ImageAdditions
from spacedock.evidence import keys
from spacedock.space import Space

_CANARY = "a secret that the build was given"
_ENV_FILE = "an environment file with a value for "
# Packages bring keys of their tests and their documentation; these are nobody's.
_PACKAGES = re.compile(
    r"^/(?:usr|lib|lib64|bin|sbin|opt/conda|root/\.cache|var/(?:lib|cache)|etc/ss[hl])/"
    r"|/(?:site-packages|dist-packages|node_modules|vendor|gems|\.cargo|\.m2|\.npm|go/pkg/mod|testdata)/"
)
_OWN_DESPITE = ("/usr/src/", "/usr/app/", "/usr/local/app/", "/usr/local/src/", "/usr/share/nginx/html/")
_SAMPLES = ("example", "sample", "template", "dist", "defaults")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:api_?key|key|token|secret|password|passwd|pwd|credentials?|dsn)(?:$|_)"
)
_ASSIGNMENT = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)\s*$")
_LARGEST_ENV_FILE = 1 << 16
_STEP_CHARACTERS = 120


class KeepsSecretsOutOfTheImage(Promise):
    """Reads the image, not an instance: settings, history, and each file of the layers above the base."""

    title = "no secret is in the image"
    reason = "What a build step was given or copied stays in its layer, also where a later step deletes it."
    consequence = (
        "Everybody who may pull the image (registry.hf.space; of a public Space every user) has the secret."
    )
    remedy = (
        "mount it for the one step that needs it, `RUN --mount=type=secret,id=NAME`, and write it nowhere; "
        "at run time read it from the environment; name .env in .dockerignore; revoke what was in an image"
    )
    source = "spaces-sdks-docker, Secrets/Buildtime; spaces-run-with-docker; incident secret-in-image-layer"
    since = "0.2"
    needs = frozenset({Capability.IMAGE})

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """The image is looked at, no instance."""
        return ()

    def ahead(self, space: Space, dock: OpenDock) -> None:
        """Begin to read the image while instances boot."""
        dock.search(_look(space), _rules(space))

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look at the settings and the history first, then at what the layers hold."""
        dock = instances.dock
        for seen in _in_settings(space, dock.made()):
            yield self.problem(seen, remedy=f"{_NO_ENV}; {self.remedy}")
        for sighting in dock.search(_look(space), _rules(space)).result():
            step = shown(sighting.step, space)
            where = f"{sighting.path}, put there by `{step}`" if step else sighting.path
            yield self.problem(f"{sighting.what} is in {where}")


_NO_ENV = "take it out of ENV, ARG and LABEL (BuildKit's own check is called SecretsUsedInArgOrEnv)"


def shown(step: str, space: Space) -> str:
    """Return an instruction as it may be shown: without the values of secrets, and not too long."""
    for name in space.manifest.secrets:
        step = _given(name).sub(rf"{name}=***", step)
    step = canary.PATTERN.sub(b"***", keys.without_keys(step).encode()).decode()
    step = " ".join(step.removesuffix("# buildkit").split())
    return step if len(step) <= _STEP_CHARACTERS else f"{step[:_STEP_CHARACTERS]}..."


def _in_settings(space: Space, made: ImageAdditions) -> Iterator[str]:
    """Yield what the image's settings and history say that they must not."""
    said: set[str] = set()
    for kind, values in (("ENV", made.environment), ("LABEL", made.labels)):
        for name, value in values.items():
            found = list(_kinds(value))
            if name in space.manifest.secrets and value.strip():
                found.insert(0, "a value for a secret of the manifest")
            if found:
                said |= {value}
                yield f"{kind} {name} holds {found[0]}"
    for step in made.steps:
        if any(value and value in step for value in said):
            continue
        named = [name for name in space.manifest.secrets if _has_value(name, step)]
        if found := [f"a value for {name}" for name in named] or list(_kinds(step)):
            yield f"the image's history shows {', '.join(found)}: `{shown(step, space)}`"


def _has_value(name: str, step: str) -> bool:
    """Whether an instruction gives a secret a value; one for a single command may be a filler."""
    for found in _given(name).finditer(step):
        value = found[1].strip("\"'")
        filler = value.startswith("$") or (_is_command(step, found.start()) and keys.is_filler(value))
        if value and not filler:
            return True
    return False


def _is_command(step: str, position: int) -> bool:
    """Whether that place in an instruction belongs to the command of a RUN, not to the ARGs before it."""
    command = re.search(r"/bin/(?:ba)?sh -c|\bRUN (?!\|)", step)
    return command is not None and command.start() < position and "#(nop)" not in step


def _given(name: str) -> re.Pattern[str]:
    return re.compile(rf"""(?<![\w-]){re.escape(name)}=("[^"]*"|'[^']*'|[^\s;&|]*)""")


def _look(space: Space) -> FileInspector:
    """Return what looks into one file."""
    names = frozenset(space.manifest.secrets)

    def look(path: str, chunks: Iterator[bytes]) -> Iterator[str]:
        packages = _is_of_a_package(path)
        if not packages and _is_env_file(path):
            content = b"".join(chunks)[:_LARGEST_ENV_FILE]
            if said := sorted(_assigned(content.decode(errors="replace"), names)):
                yield f"{_ENV_FILE}{', '.join(said)}"
            chunks = iter([content])
        yield from _seen(chunks, shapes=not packages)

    return look


def _seen(chunks: Iterable[bytes], *, shapes: bool) -> Iterator[str]:
    """Yield each kind of secret in a file once; only text is searched for shapes."""
    found: dict[str, None] = {}
    end = b""
    for number, chunk in enumerate(chunks):
        text = end + chunk
        shapes = shapes and not (number == 0 and b"\0" in chunk[:8192])
        found |= dict.fromkeys(_kinds_in(text, shapes=shapes))
        end = text[-keys.LONGEST :]
    yield from found


def _kinds(text: str) -> Iterator[str]:
    return _kinds_in(text.encode(), shapes=True)


def _kinds_in(text: bytes, *, shapes: bool) -> Iterator[str]:
    if canary.is_in(text):
        yield _CANARY
    elif shapes:  # the canary of some services has the shape of a key
        yield from keys.shapes_in(text)


def _is_of_a_package(path: str) -> bool:
    return _PACKAGES.search(path) is not None and not path.startswith(_OWN_DESPITE)


def _is_env_file(path: str) -> bool:
    name = PurePosixPath(path).name
    return (name == ".env" or name.startswith(".env.")) and name.rpartition(".")[2] not in _SAMPLES


def _assigned(text: str, secrets: Iterable[str]) -> Iterator[str]:
    """Yield the names in an environment file that are a secret's, or sound like one, and have a value."""
    for name, value in _ASSIGNMENT.findall(text):
        if (name in secrets or _SECRET_NAME.search(name)) and not keys.is_filler(value):
            yield name


def _rules(space: Space) -> str:
    """Return what the answer depends on beside the files: this code, and the names of the secrets."""
    code = [Path(module).read_text(encoding="utf-8") for module in (__file__, keys.__file__, canary.__file__)]
    return "\n".join((*code, *sorted(space.manifest.secrets)))
