"""The manifest, `space.toml`: a Space's desired state as code. Secrets by name only, never by value."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from spacedock import platform
from spacedock.errors import UsageError
from spacedock.space.defects import shown
from spacedock.space.files import lines_of, read_text

T = TypeVar("T", str, Path)


def _require_one_line(path: T) -> T:
    if re.search(r"[\x00-\x1f\x7f]", str(path)):
        raise ValueError("a path has no control characters")
    return path


def _require_origin(text: str) -> str:
    """Raise ValueError for what no browser sends as an Origin: whoever compares with it finds nothing."""
    if text == "null" or re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#\s]+", text):
        return text
    if not re.match(r"[a-z][a-z0-9+.-]*://", text):
        raise ValueError(f"`{text}` has no scheme; write `https://{text.lstrip('/')}`")
    host = "/".join(text.split("/")[:3])
    raise ValueError(f"`{text}` is more than an origin, which ends after host and port; write `{host}`")


def _require_json(body: JsonValue) -> JsonValue:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError:  # nan, or a number of thousands of digits
        raise ValueError("it holds a number that JSON has not") from None
    return body


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Source = Annotated[
    str, Field(pattern=r"^[a-z]+\.[a-z_]+$")
]  # "postgres.url": a service and one of its values
SpaceId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=200)
]
OneLine = Annotated[T, AfterValidator(_require_one_line)]
# A host, `*.` and a domain for every host below it, or an IPv4 address; a port where only that one is meant.
Reachable = Annotated[str, Field(pattern=r"^(\*\.)?([A-Za-z0-9][\w-]*\.)+[A-Za-z0-9][\w-]*(:[1-9]\d{0,4})?$")]
Origin = Annotated[str, Field(pattern=r"^(null|https?://[!-.0-~]+)$")]
# What can be sent, in one line and as it stands there (RFC 9110, 5.1 and 5.5; RFC 9112, 3.2).
UrlPath = Annotated[str, Field(pattern=r"^/[^\x00-\x1f\x7f]*$")]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^([!-~]([\t -~]*[!-~])?)?$")]
Headers = dict[HeaderName, HeaderValue]
Body = Annotated[str | dict[str, JsonValue] | list[JsonValue], AfterValidator(_require_json)]
# What a process can be given: neither its environment nor a path holds NUL.
Value = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_LEAST_MEMORY = 0.006  # GiB: the engine refuses less than 6 MiB
_LARGEST = 256 * 1024  # bytes
_DEEPEST = 50  # tables and lists within each other
# A key of so many parts, of which tomllib keeps every beginning: memory that grows with their square.
_LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_DEEPEST}}}""")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SpaceTable(_Table):
    """Where the Space's parts lie, relative to the manifest, and how it shows that it serves."""

    id: SpaceId = "owner/name"
    folder: OneLine[Path] = Path()
    readme: OneLine[Path] | None = None
    dockerfile: OneLine[Path] | None = None
    ships: tuple[OneLine[str], ...] = ()  # the files and folders that are pushed; empty means all
    ready: UrlPath = "/"
    hardware: str = "cpu-basic"
    honours_port: bool = False  # whether PORT, when it is set, moves the server
    visibility: Literal["public", "protected", "private"] = "public"


class Secret(_Table):
    """A secret by name: in a run a service supplies its value, or it is a random text."""

    source: Source | None = Field(default=None, alias="from")
    required: bool = True


class Variable(_Table):
    """A variable: a public value, or in a run what a service supplies."""

    value: Value | None = None
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

    allowed: tuple[Annotated[HeaderValue, AfterValidator(_require_origin)], ...] = ()
    refused: tuple[Origin, ...] = ()
    path: UrlPath = "/"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: tuple[HeaderName, ...] = ("authorization", "content-type")
    credentials: bool = False  # nobody said that callers send any: nothing is asked of it
    patience: Seconds | None = None  # seconds that callers try again while it is away


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

    path: UrlPath
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    headers: Headers = Field(default_factory=dict)
    body: Body | None = None


class Request(_Table):
    """A request that the Space serves. A `body` that is no text is sent as JSON.

    One that is `private` is answered with its `headers`, and refused without.
    """

    path: UrlPath
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: Headers = Field(default_factory=dict)
    body: Body | None = None
    private: bool = False


class StateTable(_Table):
    """What the Space must remember from boot to boot: after `write`, `read` is answered as it was before."""

    write: Request
    read: Request


class WebSocket(_Table):
    """Where a WebSocket can be opened; `headers` are sent with the request that asks for it."""

    path: UrlPath
    headers: Headers = Field(default_factory=dict)


class DockTable(_Table):
    """What only a dock does: variables, so that the Space talks to doubles; less than its flavour has."""

    variables: dict[Name, Variable] = Field(default_factory=dict)
    memory_gb: Annotated[float, Field(ge=_LEAST_MEMORY, allow_inf_nan=False)] | None = None
    disk_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


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
    text = read_text(path, _LARGEST)
    data = _tables(path, text)
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


def _tables(path: Path, text: str) -> dict[str, Any]:
    """Return what the file says. Raises UsageError where it is not TOML, or too deep."""
    if found := _LONG_KEY.search(text):
        raise UsageError(
            f"a key has more than {_DEEPEST} parts",
            path=path,
            line=text.count("\n", 0, found.start()) + 1,
            remedy="shorten it",
        )
    try:
        data = tomllib.loads(text)
        deep = _is_deep(data)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        line = int(match[1]) if match else None
        raise UsageError(
            f"it is not TOML: {error}", path=path, line=line, remedy="correct the line"
        ) from None
    except ValueError:
        raise UsageError(
            "it holds a number of thousands of digits", path=path, remedy="write shorter numbers"
        ) from None
    except RecursionError:
        deep = True
    if deep:
        raise UsageError(
            f"more than {_DEEPEST} tables and lists lie within each other", path=path, remedy="take some away"
        )
    return data


def _is_deep(data: dict[str, Any]) -> bool:
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        tables = [each.values() if isinstance(each, dict) else each for each in level]
        level = [value for table in tables for value in table if isinstance(value, dict | list)]
    return bool(level)


def _check(manifest: Manifest, text: str) -> None:
    """Refuse what each part allows and the whole does not."""

    def defect(what: str, remedy: str, *keys: str) -> UsageError:
        return UsageError(what, path=manifest.path, line=_line_of(text, keys), remedy=remedy)

    hardware, flavors = manifest.space.hardware, platform.FLAVORS
    if hardware not in flavors.value and not flavors.is_aged(datetime.now(UTC).date()):
        raise defect(
            f"`space.hardware` is {shown(hardware)}, which is no flavour",
            f"use one of {', '.join(flavors.value)}",
            "space", "hardware",
        )  # fmt: skip
    flavor = platform.flavor(hardware)
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
    for number, line in enumerate(lines_of(text), start=1):
        if header := re.match(r"\s*\[{1,2}([^\[\]]+)\]", line):
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            here = table
        elif pair := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            here = (*table, *(part.strip("\"'") for part in pair[1].split(".")))
        else:
            continue
        if here == keys[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1]
