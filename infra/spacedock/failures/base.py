"""The words of the catalogue: a failure with its symptoms, and the specimen that truly fails that way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spacedock.browser.base import Visit
from spacedock.docks.conditions import Conditions, Egress
from spacedock.edge.base import HostForm, Manner
from spacedock.space.manifest import Request


class Group(StrEnum):
    """What a failure is about; the index is sorted by it."""

    REPOSITORY = "repository and push"
    BUILD = "build"
    START = "start, user and port"
    EDGE = "edge, browser and front end"
    DATABASE = "network and database"
    VECTORS = "Qdrant"
    LIBRARIES = "OpenAI, libraries and resources"


class Layer(StrEnum):
    """Where a test can catch it."""

    STATIC = "static"  # in the files, before anything is built
    BUILD = "build"
    RUN = "run"
    EDGE = "edge"
    EGRESS = "egress"


class Where(StrEnum):
    """Who says it."""

    PUSH = "push"  # git, or the Hub's answer to a push
    BUILD = "build log"
    LOG = "container log"
    PAGE = "page of the Space"  # the platform's own words
    BROWSER = "browser console"
    CALLER = "answer to a caller"


class Certainty(StrEnum):
    """How much a symptom says; `weight` ranks what `diagnose` found."""

    SURE = "sure"  # nothing else says so
    LIKELY = "likely"
    HINT = "hint"  # many sound Spaces say so too: never enough alone

    @property
    def weight(self) -> int:
        """Points towards a failure."""
        return {Certainty.SURE: 100, Certainty.LIKELY: 10, Certainty.HINT: 1}[self]


class Condition(StrEnum):
    """What can be brought to any Space, by `spacedock reproduce NAME --here`."""

    AS_DEPLOYED = "as-deployed"  # the promise itself looks for what is wrong
    SECRETS_WITHHELD = "secrets-withheld"
    SECRETS_PASTED = "secrets-pasted"
    SERVICES_REFUSE = "services-refuse"
    SERVICES_HANG = "services-hang"
    CONNECTIONS_CLOSED = "connections-closed"
    SERVICES_WAKE = "services-wake"
    ASLEEP = "asleep"
    LITTLE_MEMORY = "little-memory"
    LITTLE_DISK = "little-disk"

    @property
    def prose(self) -> str:
        """What is said of it to a reader."""
        return {
            Condition.AS_DEPLOYED: "as deployed",
            Condition.SECRETS_WITHHELD: "its secrets are withheld",
            Condition.SECRETS_PASTED: "its secrets end in a line break",
            Condition.SERVICES_REFUSE: "its services refuse connections",
            Condition.SERVICES_HANG: "its services hang",
            Condition.CONNECTIONS_CLOSED: "the connections to its services are closed",
            Condition.SERVICES_WAKE: "its services take 5 s to accept a connection",
            Condition.ASLEEP: "it sleeps",
            Condition.LITTLE_MEMORY: "it has half of the memory that it uses",
            Condition.LITTLE_DISK: "it has half of the disk that it uses",
        }[self]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Symptom(_Table):
    """A text that people saw. `pattern` is what it is known by; where there is none, the text itself."""

    text: str
    where: Where
    why: str  # what the text gives away
    certainty: Certainty = Certainty.SURE
    pattern: str = ""
    also: str = ""  # a pattern that must be there too, before or behind it
    times: Annotated[int, Field(ge=1)] = 1  # how often it must be there
    unless: str = ""  # a pattern that tells it from another failure
    reported: bool = False  # no specimen has produced it: only people's word for it

    @property
    def expression(self) -> re.Pattern[str]:
        """What finds it: within a line, and in any spacing where it is the text itself."""
        loosely = r"\s+".join(re.escape(word) for word in self.text.split())
        return re.compile(self.pattern or loosely, re.MULTILINE)

    @model_validator(mode="after")
    def _finds_its_own_text(self) -> Self:
        if not self.expression.search(self.text):
            raise ValueError(f"the pattern does not find the text {self.text!r}")
        if not re.search(self.also, self.text):
            raise ValueError(f"what must be there too is not in the text {self.text!r}")
        re.compile(self.unless)
        return self


class SpecimenChange(_Table):
    """What becomes of a file. Of one that is not there, `after` is the content."""

    file: str
    before: str | None = None
    after: str | None = None
    append: str | None = None  # what it ends in from then on
    remove: bool = False
    mode: Literal["644", "755"] | None = None
    line_ends: Literal["crlf"] | None = None
    size: int | None = None  # bytes that it is filled up to
    bytes_hex: str | None = None  # the content of a binary file

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        written = self.after is not None or self.append is not None
        done = (written, self.remove, self.mode, self.line_ends, self.size, self.bytes_hex)
        if not any(done) or (self.before is not None and self.after is None):
            raise ValueError(f"the change of {self.file} says not what to do")
        return self


class Ask(Request):
    """A request whose answer is part of what the failure looks like."""

    through: Literal["space", "edge"] = "edge"
    manner: Manner = Manner.OBSERVED
    host: HostForm = HostForm.PUBLIC
    asleep: bool = False  # asked while the Space sleeps


class SpecimenRecipe(_Table):
    """How the specimen is made: of a sound Space, in four steps.

    `space/` is laid over it and it is changed as `both` says: that is the mended twin. Then `broken/` is laid
    over it and it is changed as `changes` says. Specimen and twin meet the same conditions.
    """

    baseline: str = "web"
    says: str  # what the promise's problem says of it
    both: tuple[SpecimenChange, ...] = ()  # what the twin has of it, too
    changes: tuple[SpecimenChange, ...] = ()
    egress: Egress = Egress.OBSERVED
    edge: Manner = Manner.OBSERVED
    time_scale: Annotated[float, Field(gt=0, le=1)] = 1 / 30  # the specimen's only: its twin must boot
    pushes: bool = False  # the specimen is a push, made with git to a repository of this machine
    edited: bool = False  # which has a commit of its own, made in the browser
    asks: tuple[Ask, ...] = ()
    visits: tuple[Visit, ...] = ()

    def conditions(self, *, mended: bool) -> Conditions:
        """What the platform is taken to do to it, or to its twin."""
        usual = Conditions(self.egress, self.edge)
        return usual if mended else replace(usual, time_scale=self.time_scale)


class Failure(_Table):
    """One way in which Docker Spaces fail. Its name is its folder's."""

    name: str
    title: str
    group: Group
    layer: Layer
    since: str
    breaks: tuple[str, ...] = ()
    cause: str
    remedy: str
    sources: tuple[str, ...] = Field(min_length=1)
    symptoms: tuple[Symptom, ...] = ()
    inject: Condition | None = None  # what brings it about in a Space that is like it
    not_here: str = ""  # why no specimen can be had
    specimen: SpecimenRecipe | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.specimen is None) == (not self.not_here):
            raise ValueError("it has either a specimen or a reason in `not_here`")
        if self.specimen is not None and not self.breaks:
            raise ValueError("it has a specimen and breaks no promise")
        if self.specimen is None and not all(symptom.reported for symptom in self.symptoms):
            raise ValueError("without a specimen each of its symptoms is only reported")
        return self

    @property
    def reproduce(self) -> str:
        """The command that brings it about; empty where none can."""
        return f"spacedock reproduce {self.name}" if self.specimen else ""

    @property
    def tells(self) -> bool:
        """Whether what its specimen says is enough to know it by; some say nothing anywhere."""
        return sum(symptom.certainty.weight for symptom in self.shown()) >= Certainty.LIKELY.weight

    def shown(self) -> Iterator[Symptom]:
        """Yield the symptoms that its specimen has produced."""
        return (symptom for symptom in self.symptoms if not symptom.reported)


def failure_from(name: str, data: dict[str, Any]) -> Failure:
    """Return the failure that a `failure.toml` describes. Raises pydantic's ValidationError."""
    return Failure(name=name, **data)
