"""The fault matrix: what is done to a service, and what a reader then gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, VectorParams

from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.faults.network import NetworkFaults
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from tests.integration.app.readers import Reader

# Short, so that a fault is over soon: every limit of the backend that a test would otherwise sit out.
QUICK = {
    "SERVICE_TIMEOUT": "2.5",
    "ANSWER_TIMEOUT": "3",
    "REQUEST_BUDGET": "8",
    "MIGRATION_TIMEOUT": "5",
    "RATE_LIMIT": "1000/second",
}
PATIENCE = 12.0  # seconds that a reader waits: the budget, and what a busy machine adds
OTHER = "other"  # a collection that the book is not in


@dataclass
class Stage:
    """A dock with faults to order; the Space and a reader of it once it is booted."""

    dock: OpenDock
    faults: NetworkFaults
    model_faults: OpenAIFaults
    instance: FullInstance = field(init=False)
    reader: Reader = field(init=False)


@dataclass(frozen=True)
class Answered:
    """The reader gets an answer. With `missing`, one that says what it had to do without."""

    missing: str = ""
    says: str = ""

    def holds(self, response: httpx.Response) -> None:
        """Assert it of an answer."""
        assert response.status_code == 200, response.text
        notices = response.json()["notices"]
        assert {notice["service"] for notice in notices} == ({self.missing} if self.missing else set())
        assert all(self.says in notice["detail"] for notice in notices)


@dataclass(frozen=True)
class Refused:
    """The reader gets a problem that names the service and says when to come back."""

    service: str
    says: str
    status: int = 503
    retry_after: int = 1  # seconds, at least

    def holds(self, response: httpx.Response) -> None:
        """Assert it of an answer."""
        assert response.status_code == self.status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["service"] == self.service
        assert self.says in problem["detail"]
        assert int(response.headers["retry-after"]) >= self.retry_after


@dataclass(frozen=True)
class Cell:
    """One fault of one service."""

    service: str
    fault: str
    expect: Answered | Refused
    bring: Callable[[Stage], object] = lambda _: None
    mend: Callable[[Stage], object] | None = lambda stage: stage.faults.mend_all()
    at_start: bool = False  # in force before the Space boots
    environment: Callable[[Stage], Mapping[str, str]] = lambda _: {}
    image_only: str = ""  # why the process dock cannot show it

    def __str__(self) -> str:
        return f"{self.service}-{self.fault}".replace(" ", "-")


def missing(service: str, says: str) -> Answered | Refused:
    """A reader without Postgres is answered, and nothing is kept; without the others there is no answer."""
    return Answered(service, says) if service == "postgres" else Refused(service, says)


def broken(service: str, fault: NetworkFault) -> Callable[[Stage], object]:
    """Bring a fault about on the way to a service."""
    return lambda stage: stage.faults.break_(service, fault)


def on_the_wire(service: str, fault: str, kind: NetworkFault, says: str, *, at_start: bool = False) -> Cell:
    """A fault on the way to a service."""
    return Cell(service, fault, missing(service, says), broken(service, kind), at_start=at_start)


def harmless(service: str, fault: str, bring: Callable[[Stage], object], **more: Any) -> Cell:
    """A fault that the reader must not notice."""
    return Cell(service, fault, Answered(), bring, **more)


def asked(fault: str, expect: Answered | Refused, *faults: RequestFault) -> Cell:
    """Faults that OpenAI itself answers with."""
    return Cell(
        "openai",
        fault,
        expect,
        lambda stage: stage.model_faults.order(*faults),
        mend=lambda stage: stage.model_faults.take_back(),
    )


def wrong_credential(stage: Stage) -> dict[str, str]:
    """Every credential, wrong."""
    given = dict(stage.faults.environment)
    url = given["DATABASE_URL"]
    password = stage.dock.canaries["DATABASE_URL"][0]
    return {
        "DATABASE_URL": url.replace(password, "wrong"),
        "QDRANT_API_KEY": "wrong",
        "OPENAI_API_KEY": "sk-wrong-0123456789-0123456789",
    }


def only(name: str) -> Callable[[Stage], Mapping[str, str]]:
    """That credential alone, wrong."""
    return lambda stage: {name: wrong_credential(stage)[name]}


def without_tls(stage: Stage) -> dict[str, str]:
    """A connection string that forbids TLS."""
    return {"DATABASE_URL": make_conninfo_url(stage, sslmode="disable", channel_binding="disable")}


def make_conninfo_url(stage: Stage, **changes: str) -> str:
    """The connection string by way of the proxy, with other parameters."""
    base, _, _ = stage.faults.values("postgres")["url"].partition("?")
    return f"{base}?{'&'.join(f'{name}={value}' for name, value in changes.items())}"


def vendor_spelling(stage: Stage) -> dict[str, str]:
    """`postgres://` and no parameters: the client asks for TLS by itself."""
    base, _, _ = stage.faults.values("postgres")["url"].partition("?")
    return {"DATABASE_URL": base.replace("postgresql://", "postgres://")}


def end_connections(stage: Stage) -> None:
    """Have Postgres end every connection of the Space, as Neon's scale to zero does."""
    url = make_conninfo(stage.dock.services["postgres"].local["url"], connect_timeout=5)
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        assert ended.fetchall()


def fill(stage: Stage) -> None:
    """Ingest the book where the Space runs, as its owner would."""
    drop(stage)
    ended = stage.instance.execute("python", "-m", "backend.ingest")
    assert ended.exit_code == 0, ended.output


def drop(stage: Stage) -> None:
    """Remove the other collection."""
    with_client(stage, lambda client: client.delete_collection(OTHER))


def create_small(stage: Stage) -> None:
    """Create the other collection for vectors of another model."""
    drop(stage)
    size = VectorParams(size=8, distance=Distance.COSINE)
    with_client(stage, lambda client: client.create_collection(OTHER, vectors_config=size))


def with_client(stage: Stage, work: Callable[[QdrantClient], object]) -> None:
    """Work in Qdrant from outside of the Space."""
    local = stage.dock.services["qdrant"].local
    client = QdrantClient(local["url"], api_key=local["api_key"], check_compatibility=False)
    try:
        work(client)
    finally:
        client.close()


def other_collection(_: Stage) -> dict[str, str]:
    """Look for the book in the other collection."""
    return {"QDRANT_COLLECTION_NAME": OTHER}


def no_port(_: Stage) -> dict[str, str]:
    """The address as the network knows it, without a port."""
    return {"QDRANT_URL": "http://qdrant"}


_ALL = ("postgres", "qdrant", "openai")
_KEYS = {"postgres": "DATABASE_URL", "qdrant": "QDRANT_API_KEY", "openai": "OPENAI_API_KEY"}
_CREDENTIAL = {
    "postgres": "refused the user name or the password",
    "qdrant": "refused the key",
    "openai": "refused the key",
}
_OWN_SERVER = "it needs the address that the container network gives"
_EVER = 1000

CELLS = (
    *(
        on_the_wire(s, "absent at start", NetworkFault("refuse"), "it refuses connections", at_start=True)
        for s in _ALL
    ),
    *(on_the_wire(s, "refuses", NetworkFault("refuse"), "it refuses connections") for s in _ALL),
    *(on_the_wire(s, "never answers", NetworkFault("hang"), "did not answer") for s in _ALL),
    *(
        Cell(s, "wrong credential", missing(s, _CREDENTIAL[s]), environment=only(_KEYS[s]), mend=None)
        for s in _ALL
    ),
    *(harmless(s, "restarted", broken(s, NetworkFault("cut"))) for s in _ALL),
    *(harmless(s, "slow", broken(s, NetworkFault("slow", seconds=0.05))) for s in _ALL),
    on_the_wire("postgres", "garbage", NetworkFault("garbage"), "is away"),
    on_the_wire("qdrant", "garbage", NetworkFault("garbage"), "it answers, but not as Qdrant does"),
    on_the_wire("openai", "garbage", NetworkFault("garbage"), "it answers, but not as OpenAI does"),
    harmless("postgres", "idle connection closed", broken("postgres", NetworkFault("close"))),
    harmless("postgres", "scaled to zero", end_connections),
    Cell(
        "postgres",
        "TLS required",
        Answered("postgres", "it wants TLS; sslmode=require is missing"),
        environment=without_tls,
        mend=None,
        image_only="the embedded Postgres has no TLS",
    ),
    harmless("postgres", "vendor spelling", lambda _: None, environment=vendor_spelling),
    Cell(
        "qdrant",
        "collection missing",
        Refused("qdrant", "does not exist; fill it with `python -m backend.ingest`"),
        environment=other_collection,
        mend=fill,
    ),
    Cell(
        "qdrant",
        "other dimension",
        Refused("qdrant", "holds vectors of another model"),
        create_small,
        environment=other_collection,
        mend=fill,
    ),
    harmless("qdrant", "URL without a port", lambda _: None, environment=no_port, image_only=_OWN_SERVER),
    asked("401", Refused("openai", "refused the key"), RequestFault(error="invalid_api_key", times=_EVER)),
    asked("429 once", Answered(), RequestFault(error="rate_limit_exceeded")),
    asked("429 with Retry-After 1", Answered(), RequestFault(error="rate_limit_exceeded", retry_after=1)),
    asked(
        "429 with Retry-After 30",
        Refused("openai", "slow down", status=429, retry_after=30),
        RequestFault(error="rate_limit_exceeded", retry_after=30, times=_EVER),
    ),
    asked(
        "429 for ever",
        Refused("openai", "slow down", status=429),
        RequestFault(error="rate_limit_exceeded", times=_EVER),
    ),
    asked(
        "insufficient quota",
        Refused("openai", "quota is used up"),
        RequestFault(error="insufficient_quota", times=_EVER),
    ),
    asked("500 then success", Answered(), RequestFault(error="server_error", times=2)),
    asked(
        "503 for ever", Refused("openai", "it answered 503"), RequestFault(error="overloaded", times=_EVER)
    ),
)
