"""The desk of a double that runs, and the words that both have for the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast, get_type_hints

import httpx
import pytest

from spacedock.doubles import openai as double
from spacedock.errors import UsageError
from spacedock.services.base import Service
from spacedock.services.faults.openai import OpenAIFaults, ReceivedRequest, RequestFault, model_bay
from tests.unit.doubles.conftest import served

KEY, TOKEN = "sk-accepted", "the run's"
HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(double.create_app(KEY, TOKEN)) as url:
        yield url


@pytest.fixture
def model_faults(url: str) -> Iterator[OpenAIFaults]:
    model_faults = OpenAIFaults.of(
        cast("Service", SimpleNamespace(local={"base_url": f"{url}/v1"}, control=TOKEN))
    )
    yield model_faults
    model_faults.take_back()
    model_faults.forget()


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:
        yield client


def test_faults_are_ordered_and_taken_back(model_faults: OpenAIFaults, client: httpx.Client) -> None:
    model_faults.order(
        RequestFault(error="overloaded"), RequestFault(error="rate_limit_exceeded", retry_after=3, times=9)
    )
    assert client.get("/v1/models").status_code == 503
    limited = client.get("/v1/models")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
    model_faults.take_back()
    assert client.get("/v1/models").status_code == 200


def test_an_order_that_makes_no_sense_is_refused_in_the_doubles_words(model_faults: OpenAIFaults) -> None:
    with pytest.raises(ValueError, match="there is no fault"):
        model_faults.order(RequestFault())


def test_requests_are_listed_and_forgotten(model_faults: OpenAIFaults, client: httpx.Client) -> None:
    client.get("/v1/models")
    assert model_faults.requests() == [
        ReceivedRequest("GET", "/v1/models", authorized=True, body=None, outcome="answered")
    ]
    model_faults.forget()
    assert model_faults.requests() == []


def test_an_outcome_can_be_waited_for(model_faults: OpenAIFaults, client: httpx.Client) -> None:
    model_faults.order(RequestFault(delay=600))

    def give_up() -> None:
        with pytest.raises(httpx.ReadTimeout):
            client.get("/v1/models", timeout=0.3)

    asking = threading.Thread(target=give_up)
    asking.start()
    model_faults.wait(lambda requests: requests[-1].outcome == "pending")
    (request,) = model_faults.wait(lambda requests: requests[-1].outcome == "hung up")
    asking.join()
    assert request.path == "/v1/models"


def test_a_wait_in_vain_ends_with_the_outcomes(model_faults: OpenAIFaults, client: httpx.Client) -> None:
    client.get("/v1/models")
    with pytest.raises(TimeoutError, match=r"\('/v1/models', 'answered'\)"):
        model_faults.wait(lambda requests: requests[-1].outcome == "cut", timeout=0.05)


def test_harness_and_double_have_the_same_words() -> None:
    for ours, theirs in ((RequestFault, double.Fault), (ReceivedRequest, double.Received)):
        hints: dict[str, Any] = get_type_hints(ours)
        assert [field.name for field in fields(ours)] == list(theirs.model_fields)
        assert {name: hints[name] for name in ("error", "outcome") if name in hints} == {
            name: field.annotation
            for name, field in theirs.model_fields.items()
            if name in ("error", "outcome")
        }
    defaults = {field.name: field.default for field in fields(RequestFault)}
    assert defaults == {name: field.default for name, field in double.Fault.model_fields.items()}


def test_bays_do_not_meet_each_others_faults(
    url: str, model_faults: OpenAIFaults, client: httpx.Client
) -> None:
    values = {"base_url": f"{url}/v1"}
    services = {"openai": cast("Service", SimpleNamespace(local=values, values=values, control=TOKEN))}
    sources = {"BASE": "openai.base_url", "KEY": "openai.api_key"}
    one, leads_there = model_bay(services, sources, "one")
    other, _ = model_bay(services, sources, "other")
    assert leads_there == (("BASE", f"{url}/bays/one/v1"),)
    one.order(RequestFault(path="/v1/models", error="overloaded", times=9))
    asked = [client.get(f"{place}/v1/models").status_code for place in ("/bays/one", "/bays/other", "")]
    assert asked == [503, 200, 200]
    assert [[request.path for request in faults.requests()] for faults in (one, other, model_faults)] == [
        ["/v1/models"]
    ] * 3


def test_a_bay_that_nobody_made_is_a_wrong_address(model_faults: OpenAIFaults, client: httpx.Client) -> None:
    answer = client.get("/bays/nobodys/v1/models")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Invalid URL")


def test_without_a_double_there_is_no_bay() -> None:
    with pytest.raises(UsageError, match="no double of OpenAI"):
        model_bay({}, {}, "one")
