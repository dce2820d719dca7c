"""Services are broken under the Space: it lives, says what is missing, and needs no restart afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from spacedock.docks.boots import BootSpec
from spacedock.docks.dock import OpenDock
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.faults.network import NetworkFaults
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from tests.integration.app.matrix import CELLS, PATIENCE, QUICK, Answered, Cell, Refused, Stage, missing
from tests.integration.app.readers import Reader
from tests.questions import QUESTIONS

pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")

QUESTION = QUESTIONS[0].text
SERVICES = ("postgres", "qdrant", "openai")
RECOVERY = 20.0  # seconds
# Where something else than the end of its time shall end a request.
PATIENT = dict.fromkeys(("SERVICE_TIMEOUT", "ANSWER_TIMEOUT", "REQUEST_BUDGET"), "60")


@pytest.fixture(scope="package")
def faults(dock: OpenDock, book: str) -> Iterator[NetworkFaults]:
    with dock.faults() as opened:
        yield opened


@pytest.fixture
def stage(dock: OpenDock, faults: NetworkFaults) -> Iterator[Stage]:
    """Everything works; the test breaks what it wants to."""
    stage = Stage(dock, faults, OpenAIFaults.of(dock.services["openai"]))
    stage.model_faults.forget()
    yield stage
    faults.mend_all()
    stage.model_faults.take_back()


@contextmanager
def booted(stage: Stage, changes: Mapping[str, str]) -> Iterator[None]:
    """Boot the Space behind the faults; nothing that it writes or answers has a secret in it."""
    environment = tuple({**dict(stage.faults.environment), **QUICK, **changes}.items())
    stage.instance = stage.dock.boot(BootSpec("faults", environment=environment))
    try:
        assert stage.instance.boot.ready, stage.instance.logs()
        with Reader(stage.instance, patience=PATIENCE) as stage.reader:
            await_first_round(stage.reader)
            yield
        written = "\n".join((stage.instance.logs(), *stage.reader.seen))
        told = [
            name for name, secret in stage.dock.canaries.items() if any(part in written for part in secret)
        ]
        assert told == []
    finally:
        stage.instance.close()


def await_first_round(reader: Reader) -> None:
    """Wait until it has its clients and has asked each once: their imports are no fault of a service."""
    over = time.monotonic() + RECOVERY
    while "unknown" in {status["state"] for status in reader.http.get("/health").json()["services"].values()}:
        assert time.monotonic() < over, "its services are unknown"


def introduce(stage: Stage, cell: Cell) -> None:
    """Get a token; where the database is away, show one that was given earlier."""
    if isinstance(cell.expect, Answered) and cell.expect.missing == "postgres":
        response = stage.reader.http.post("/api/sessions")
        Refused("postgres", cell.expect.says).holds(response)
        stage.reader.http.headers["Authorization"] = "Bearer of-an-earlier-day"
    else:
        stage.reader.introduce()


def settle(reader: Reader) -> None:
    """Wait until the Space has all that it needs, and get a token."""
    over = time.monotonic() + RECOVERY
    while (answer := reader.http.get("/ready")).status_code != 200:
        assert time.monotonic() < over, answer.text
    reader.introduce()


def assert_lives(stage: Stage) -> None:
    """The process does, and `/health` asks nobody: the quickest is well below what any service would add."""
    assert stage.instance.alive()
    answers = [stage.reader.http.get("/health", timeout=1.0) for _ in range(5)]
    assert all(answer.status_code == 200 for answer in answers)
    assert min(answer.elapsed.total_seconds() for answer in answers) < 0.1


def assert_stream_ends_alike(reader: Reader, expect: Answered | Refused) -> None:
    """A stream that cannot begin is a problem too; one that began ends with an event that says so."""
    with reader.stream(QUESTION) as response:
        if response.status_code != 200:
            response.read()
            expect.holds(response)
            return
        final = list(reader.events(response))[-1]
    assert isinstance(expect, Answered)
    assert final.name == "done"
    assert {notice["service"] for notice in final.data["notices"]} == ({expect.missing} - {""})


def assert_recovers(reader: Reader) -> None:
    """Without a restart a reader is answered again, and the conversation is kept."""
    over = time.monotonic() + RECOVERY
    while True:
        session = reader.http.post("/api/sessions")
        if session.status_code == 201:
            reader.http.headers["Authorization"] = f"Bearer {session.json()['token']}"
            answer = reader.ask(QUESTION)
            if answer.status_code == 200 and not answer.json()["notices"]:
                assert answer.json()["conversation_id"]
                return
        else:
            answer = session
        assert time.monotonic() < over, answer.text


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_fault_is_survived(cell: Cell, stage: Stage, dock_name: str) -> None:
    if cell.image_only and dock_name != "image":
        pytest.skip(f"{cell.image_only}: tox -e integration -- --dock=image")
    if cell.at_start:
        cell.bring(stage)
    with booted(stage, cell.environment(stage)):
        if not cell.at_start:
            if cell.mend and not cell.environment(stage):
                settle(stage.reader)
                Answered().holds(stage.reader.ask(QUESTION))
            cell.bring(stage)
        if "Authorization" not in stage.reader.http.headers:
            introduce(stage, cell)
        cell.expect.holds(stage.reader.ask(QUESTION))
        assert_lives(stage)
        if not isinstance(cell.expect, Answered) or cell.expect.missing:
            assert_stream_ends_alike(stage.reader, cell.expect)
        if cell.mend:
            cell.mend(stage)
            assert_recovers(stage.reader)
        assert stage.instance.alive()


@pytest.mark.parametrize("service", SERVICES)
def test_killed_in_the_middle_of_a_request(service: str, stage: Stage) -> None:
    with booted(stage, {}), ThreadPoolExecutor(1) as pool:
        settle(stage.reader)
        asking = held(stage, service, pool)
        stage.faults.break_(service, NetworkFault("refuse"))
        missing(service, "is away").holds(asking.result())
        assert_lives(stage)
        stage.faults.mend_all()
        assert_recovers(stage.reader)


@pytest.mark.parametrize("service", SERVICES)
def test_restarted_in_the_middle_of_a_request(service: str, stage: Stage) -> None:
    with booted(stage, {}), ThreadPoolExecutor(1) as pool:
        settle(stage.reader)
        asking = held(stage, service, pool)
        stage.faults.break_(service, NetworkFault("cut"))
        Answered().holds(asking.result())
        assert_lives(stage)


def held(stage: Stage, service: str, pool: ThreadPoolExecutor) -> Future[httpx.Response]:
    """Begin a question, and return once the service has it and is silent."""
    stage.faults.break_(service, NetworkFault("hang"))
    asking = pool.submit(stage.reader.ask, QUESTION)
    stage.faults.wait(service, lambda traffic: traffic.bytes_in > 0, timeout=10)
    return asking


def test_a_sleeping_database_is_waited_for(stage: Stage) -> None:
    """As a Neon that scaled to zero: the first connection is late."""
    with booted(stage, {"SERVICE_TIMEOUT": "8", "REQUEST_BUDGET": "20"}):
        stage.reader.http.timeout = httpx.Timeout(20)
        settle(stage.reader)
        stage.faults.break_("postgres", NetworkFault("close"))
        stage.faults.break_("postgres", NetworkFault("cold", seconds=5))
        answer = stage.reader.ask(QUESTION)
        Answered().holds(answer)
        assert answer.json()["conversation_id"]
        assert_lives(stage)


def test_a_pooler_in_transaction_mode_is_no_obstacle(stage: Stage) -> None:
    url = stage.dock.start("pgbouncer").values["url"]
    with booted(stage, {"DATABASE_URL": url}), ThreadPoolExecutor(8) as pool:
        settle(stage.reader)
        answers = list(pool.map(stage.reader.ask, [QUESTION] * 24))
        for answer in answers:
            Answered().holds(answer)
        kept = stage.reader.http.get("/api/conversations?limit=100").json()["conversations"]
        assert len(kept) == len(answers)
        assert_lives(stage)


def test_a_quota_is_not_asked_for_again(stage: Stage) -> None:
    with booted(stage, {}):
        stage.model_faults.order(RequestFault(error="insufficient_quota", times=9))
        stage.reader.ask(QUESTION)
        assert len(stage.model_faults.requests()) == 1


def test_a_stream_that_is_cut_ends_with_an_error_that_names_the_service(stage: Stage) -> None:
    with booted(stage, {}):
        stage.model_faults.order(RequestFault(path="/v1/chat", cut_after=5))
        with stage.reader.stream(QUESTION) as response:
            *events, final = stage.reader.events(response)
        assert "token" in {event.name for event in events}
        assert (final.name, final.data["service"], final.data["status"]) == ("error", "openai", 503)
        stage.model_faults.order(RequestFault(path="/v1/chat", cut_after=5))
        Refused("openai", "its answer broke off").holds(stage.reader.ask(QUESTION))
        assert_lives(stage)
        assert_recovers(stage.reader)


def test_who_hangs_up_ends_the_call_to_the_model(stage: Stage) -> None:
    with booted(stage, PATIENT):
        stage.model_faults.order(RequestFault(path="/v1/chat", pace=2))
        with stage.reader.stream(QUESTION) as response:
            next(event for event in stage.reader.events(response) if event.name == "token")
        stage.model_faults.wait(lambda requests: requests[-1].outcome == "hung up", timeout=10)


def test_who_hangs_up_on_a_whole_answer_ends_the_call_too(stage: Stage) -> None:
    with booted(stage, PATIENT):
        settle(stage.reader)
        stage.model_faults.order(RequestFault(path="/v1/embeddings", delay=30))
        with pytest.raises(httpx.ReadTimeout):
            stage.reader.http.post("/api/chat", json={"question": QUESTION}, timeout=0.5)
        stage.model_faults.wait(lambda requests: requests[-1].outcome == "hung up", timeout=10)


def test_a_silent_stream_has_heartbeats(stage: Stage) -> None:
    with booted(stage, {"HEARTBEAT": "0.2"}):
        stage.model_faults.order(RequestFault(path="/v1/chat", pace=0.9))
        with stage.reader.stream(QUESTION) as response:
            assert ": heartbeat" in response.iter_lines()


def test_a_stop_lets_an_answer_end(stage: Stage) -> None:
    """SIGTERM comes in the middle of a stream that goes on for a while: it ends as if nothing had been."""
    with booted(stage, {}), ThreadPoolExecutor(1) as pool:
        stage.model_faults.order(RequestFault(path="/v1/chat", pace=0.02))
        with stage.reader.stream(QUESTION) as response:
            events = stage.reader.events(response)
            next(event for event in events if event.name == "token")
            stopping = pool.submit(stage.instance.stop, 10.0)
            final = list(events)[-1]
        assert final.name == "done"
        stop = stopping.result()
        assert (stop.killed, stop.exit_code) == (False, 0)


def test_a_stop_ends_a_stream_that_would_take_too_long(stage: Stage) -> None:
    with booted(stage, PATIENT), ThreadPoolExecutor(1) as pool:
        stage.model_faults.order(RequestFault(path="/v1/chat", pace=3))
        with stage.reader.stream(QUESTION) as response:
            events = stage.reader.events(response)
            next(event for event in events if event.name == "token")
            stopping = pool.submit(stage.instance.stop, 10.0)
            final = list(events)[-1]
        assert (final.name, final.data["status"]) == ("error", 503)
        assert "being restarted" in final.data["detail"]
        stop = stopping.result()
        assert (stop.killed, stop.exit_code) == (False, 0)
