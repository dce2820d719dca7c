"""The OpenAI double, asked by OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import psutil
import pytest
from openai import OpenAI

from spacedock.runs import OpenRun
from spacedock.services import openai as service_module
from spacedock.services.base import Service
from tests.integration.services.conftest import Pier, Start


@pytest.fixture(params=["in_container", "in_process"])
def service(request: pytest.FixtureRequest) -> Service:
    start: Start = request.getfixturevalue(request.param)
    return start(service_module)


@pytest.fixture
def client(service: Service) -> Iterator[OpenAI]:
    values = service.local
    with OpenAI(api_key=values["api_key"], base_url=values["base_url"], max_retries=0) as client:
        yield client


def test_it_answers_chats_and_embeds(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "What is a robot?"}]
    )
    assert "What is a robot?" in (answer.choices[0].message.content or "")
    assert client.embeddings.create(model="text-embedding-3-small", input="robot").data


def test_a_wrong_key_is_refused(service: Service) -> None:
    with (
        OpenAI(api_key="wrong", base_url=service.local["base_url"], max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_faults_are_ordered_from_the_harness(service: Service, client: OpenAI) -> None:
    model_faults = service.local["base_url"].removesuffix("/v1") + "/_double/faults"
    fault, shown = [{"error": "insufficient_quota"}], {"X-Spacedock-Control": service.control}
    assert httpx.put(model_faults, json=fault).status_code == 403
    assert httpx.put(model_faults, json=fault, headers=shown).status_code == 204
    with pytest.raises(openai.RateLimitError):
        client.models.list()
    assert client.models.list().data


def test_its_log_has_no_secret(service: Service) -> None:
    (key,) = service.canaries["api_key"]
    assert "/v1/models" in service.logs()
    assert key not in service.logs()


def test_a_space_reaches_it_by_its_name(in_container: Start, pier: Pier) -> None:
    values = in_container(service_module).values
    seen = pier.within(
        pier.supply.double("openai").tag,
        "python",
        "-P",
        "-c",
        "from openai import OpenAI; print(OpenAI().models.retrieve('gpt-4o-mini').id)",
        environment={"OPENAI_API_KEY": values["api_key"], "OPENAI_BASE_URL": values["base_url"]},
    )
    assert values["base_url"] == "http://openai:80/v1"
    assert seen.strip() == "gpt-4o-mini"


def test_nothing_runs_once_it_is_left(run: OpenRun) -> None:
    def running() -> int:
        return sum("spacedock.doubles.openai" in " ".join(p.cmdline()) for p in psutil.Process().children())

    before = running()
    with service_module.in_process(run):
        assert running() == before + 1
    assert running() == before
