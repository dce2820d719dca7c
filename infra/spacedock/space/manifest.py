"""The manifest, `space.toml`: a Space's desired state as code. Secrets by name only, never by value."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spacedock import platform
from spacedock.errors import UsageError

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Source = Annotated[
    str, Field(pattern=r"^[a-z]+\.[a-z_]+$")
]  # "postgres.url": a service and one of its values
SpaceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]
# A host, `*.` and a domain for every host below it, or an IPv4 address; a port where only that one is meant.
Reachable = Annotated[str, Field(pattern=r"^(\*\.)?([A-Za-z0-9][\w-]*\.)+[A-Za-z0-9][\w-]*(:[1-9]\d{0,4})?$")]
Origin = Annotated[str, Field(pattern=r"^(null|https?://[^/\s]+)$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SpaceTable(_Table):
    """Where the Space's parts lie, relative to the manifest, and how it shows that it serves."""

    id: SpaceId = "owner/name"
    folder: Path = Path()
    readme: Path | None = None
    dockerfile: Path | None = None
    ships: tuple[str, ...] = ()  # the files and folders that are pushed; empty means all
    ready: Annotated[str, Field(pattern="^/")] = "/"
    hardware: str = "cpu-basic"
    honours_port: bool = False  # whether PORT, when it is set, moves the server
    visibility: Literal["public", "protected", "private"] = "public"


class Secret(_Table):
    """A secret by name: in a run a service supplies its value, or it is a random text."""

    source: Source | None = Field(default=None, alias="from")
    required: bool = True


class Variable(_Table):
    """A variable: a public value, or in a run what a service supplies."""

    value: str | None = None
    source: Source | None = Field(default=None, alias="from")

    @model_validator(mode="before")
    @classmethod
    def _plain_text_is_the_value(cls, data: Any) -> Any:
        return {"value": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.value is None) == (self.source is None):
            raise ValueError("a variable is either a text or { from = 'service.value' }")
        return self


class Origins(_Table):
    """Who may call the Space from a browser. `$SPACE_HOST` stands for the Space's own host."""

    allowed: tuple[str, ...] = ()
    refused: tuple[Origin, ...] = ()
    path: Annotated[str, Field(pattern="^/")] = "/"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: tuple[str, ...] = ("authorization", "content-type")
    credentials: bool = True
    patience: Annotated[float, Field(ge=0)] | None = None  # seconds that callers try again while it is away


class EgressTable(_Table):
    """What outside of a dock a Space may reach there: else nothing real, so that no test does by accident."""

    allow: tuple[Reachable, ...] = ()

    @model_validator(mode="after")
    def _ports_exist(self) -> Self:
        for item in self.allow:
            if int(item.partition(":")[2] or 1) > 65535:
                raise ValueError(f"`{item}` names a port above 65535")
        return self


class Stream(_Table):
    """A request whose answer comes piece by piece. A `body` that is no text is sent as JSON."""

    path: Annotated[str, Field(pattern="^/")]
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | dict[str, Any] | list[Any] | None = None


class Request(_Table):
    """A request that the Space serves. A `body` that is no text is sent as JSON.

    One that is `private` is answered with its `headers`, and refused without.
    """

    path: Annotated[str, Field(pattern="^/")]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | dict[str, Any] | list[Any] | None = None
    private: bool = False


class StateTable(_Table):
    """What the Space must remember from boot to boot: after `write`, `read` is answered as it was before."""

    write: Request
    read: Request


class WebSocket(_Table):
    """Where a WebSocket can be opened; `headers` are sent with the request that asks for it."""

    path: Annotated[str, Field(pattern="^/")]
    headers: dict[str, str] = Field(default_factory=dict)


class DockTable(_Table):
    """What only a dock does: variables, so that the Space talks to doubles; less than its flavour has."""

    variables: dict[Name, Variable] = Field(default_factory=dict)
    memory_gb: Annotated[float, Field(gt=0)] | None = None
    disk_gb: Annotated[float, Field(gt=0)] | None = None


class Manifest(_Table):
    """A checked `space.toml`; `path` is where it was read, or where one would be looked for."""

    path: Path = Path("space.toml")
    space: SpaceTable = SpaceTable()
    secrets: dict[Name, Secret] = Field(default_factory=dict)
    variables: dict[Name, Variable] = Field(default_factory=dict)
    origins: Origins = Origins()
    stream: Stream | None = None
    websocket: WebSocket | None = None
    requests: tuple[Request, ...] = ()
    state: StateTable | None = None
    egress: EgressTable = EgressTable()
    dock: DockTable = DockTable()

    @property
    def required_secrets(self) -> tuple[str, ...]:
        """The secrets without which the Space must refuse to start."""
        return tuple(name for name, secret in self.secrets.items() if secret.required)

    @property
    def all_variables(self) -> dict[str, Variable]:
        """The Space's variables and what the dock adds to them."""
        return {**self.variables, **self.dock.variables}

    @property
    def sources(self) -> dict[str, str]:
        """For each secret and variable that a service supplies where it comes from: `postgres.url`."""
        items: dict[str, Secret | Variable] = {**self.all_variables, **self.secrets}
        return {name: item.source for name, item in items.items() if item.source}

    @property
    def services(self) -> tuple[str, ...]:
        """The services that supply a value, each once."""
        items: list[Secret | Variable] = [*self.secrets.values(), *self.all_variables.values()]
        return tuple(dict.fromkeys(item.source.partition(".")[0] for item in items if item.source))


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at `path`.

    Raises UsageError with file, line and remedy for what is not TOML or not in the schema, and for
    what contradicts itself.
    """
    text = path.read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        line = int(match[1]) if match else None
        raise UsageError(
            f"it is not TOML: {error}", path=path, line=line, remedy="correct the line"
        ) from None
    data.pop("path", None)
    try:
        manifest = Manifest(path=path, **data)
    except ValidationError as error:
        first = error.errors()[0]
        keys = tuple(str(part) for part in first["loc"])
        raise UsageError(
            f"`{'.'.join(keys)}`: {_lower(first['msg'])}",
            path=path,
            line=_line_of(text, keys),
            remedy=_remedy(first["type"]),
        ) from None
    _check(manifest, text)
    return manifest


def _check(manifest: Manifest, text: str) -> None:
    """Refuse what each part allows and the whole does not."""

    def defect(what: str, remedy: str, *keys: str) -> UsageError:
        return UsageError(what, path=manifest.path, line=_line_of(text, keys), remedy=remedy)

    if manifest.space.hardware not in platform.HARDWARE.value:
        raise defect(
            f"`space.hardware` is {manifest.space.hardware!r}, which is no flavour",
            f"use one of {', '.join(platform.HARDWARE.value)}",
            "space", "hardware",
        )  # fmt: skip
    flavor = platform.HARDWARE.value[manifest.space.hardware]
    for key in ("memory_gb", "disk_gb"):
        if (getattr(manifest.dock, key) or 0) > getattr(flavor, key):
            raise defect(
                f"`dock.{key}` is more than {manifest.space.hardware} has ({getattr(flavor, key)})",
                "ask for less, or leave it out",
                "dock", key,
            )  # fmt: skip
    for name in sorted(set(manifest.secrets) & set(manifest.dock.variables)):
        raise defect(
            f"`{name}` is both a secret and a variable of the dock",
            "keep it as one of the two",
            "dock", "variables", name,
        )  # fmt: skip
    for origin in sorted(set(manifest.origins.allowed) & set(manifest.origins.refused)):
        raise defect(f"`{origin}` is both allowed and refused", "keep it in one list", "origins", "refused")


def _lower(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _remedy(kind: str) -> str:
    if kind == "extra_forbidden":
        return "remove it or correct its spelling; docs/space-toml.md lists every key"
    return "correct the value; docs/space-toml.md shows each key"


def _line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """Return the line of the deepest of `keys` that can be found; tomllib itself keeps no positions."""
    table: tuple[str, ...] = ()
    best: tuple[int, int | None] = (0, None)
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            here = table
        elif pair := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            here = (*table, *(part.strip("\"'") for part in pair[1].split(".")))
        else:
            continue
        if here == keys[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1]
