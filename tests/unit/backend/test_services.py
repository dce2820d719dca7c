"""What each service is asked, and how its errors read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx
import psycopg
import pytest
import respx

from backend.config import Settings
from backend.services.base import AwayError, Service
from backend.services.openai import OpenAI
from backend.services.postgres import Postgres
from backend.services.qdrant import Qdrant
from backend.services.roster import NAMES, open_services
from tests.unit.backend.conftest import Configure

pytestmark = pytest.mark.anyio


async def reason(service: Service) -> str:
    with pytest.raises(AwayError) as away:
        await service.ask()
    return str(away.value)


def test_there_is_a_service_for_each_name(configure: Configure) -> None:
    assert tuple(service.name for service in open_services(configure())) == NAMES


class TestPostgres:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (
                'FATAL:  password authentication failed for user "owner"',
                "refused the user name or the password",
            ),
            ("failed to resolve host 'db.example': Name or service not known", "does not resolve"),
            ("Connection refused\n\tIs the server running?", "refuses connections"),
            ("Network is unreachable", "has no IPv6"),
            ('FATAL:  database "textbook" does not exist', "does not exist"),
            ("connection is insecure (try using `sslmode=require`)", "it wants TLS"),
            ("no pg_hba.conf entry for host, no encryption", "it wants TLS"),
            ("server does not support SSL, but SSL was required", "does not offer the TLS"),
            ("channel binding required, but SSL not in use", "channel binding"),
            ("SSL error: certificate verify failed", "not trusted"),
            ("FATAL:  sorry, too many clients already", "no connection to spare"),
            ("something new about owner:postgres-canary", "it failed with OperationalError"),
        ],
    )
    async def test_a_failure_is_told_in_our_own_words(
        self, configure: Configure, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
    ) -> None:
        async def fail(*_: object, **__: object) -> None:
            raise psycopg.OperationalError(f'connection to server at "db.example" failed: {text}')

        monkeypatch.setattr(psycopg.AsyncConnection, "connect", fail)
        seen = await reason(Postgres(configure()))
        assert expected in seen
        assert not [part for part in ("db.example", "owner", "canary") if part in seen]

    async def test_a_malformed_option_is_told_apart(self, configure: Configure) -> None:
        settings = configure(DATABASE_URL="postgresql://owner:pw@127.0.0.1:1/db?sslmode=sometimes")
        assert (
            await reason(Postgres(settings))
            == "the connection string has an option that is unknown or malformed"
        )

    async def test_nobody_listening_is_a_refusal(self, configure: Configure) -> None:
        assert await reason(Postgres(configure(DATABASE_URL="postgresql://owner@127.0.0.1:1/db"))) == (
            "it refuses connections"
        )


class TestQdrant:
    @pytest.fixture
    def settings(self, configure: Configure) -> Settings:
        return configure(QDRANT_URL="https://cluster.example")

    @pytest.fixture
    def server(self) -> Iterator[respx.MockRouter]:
        """A cluster that answers on 443, as Qdrant Cloud does."""
        with respx.mock(base_url="https://cluster.example:443", assert_all_called=False) as router:
            router.get("/", name="info").respond(json={"title": "qdrant", "version": "1.20.3"})
            exists = {"result": {"exists": True}, "status": "ok", "time": 0.0}
            router.get("/collections/textbook/exists", name="exists").respond(json=exists)
            yield router

    async def test_it_tells_version_and_collection(
        self, settings: Settings, server: respx.MockRouter
    ) -> None:
        assert await Qdrant(settings).ask() == "version 1.20.3, collection textbook"

    async def test_it_shows_its_key(self, settings: Settings, server: respx.MockRouter) -> None:
        await Qdrant(settings).ask()
        assert server["exists"].calls.last.request.headers["api-key"] == "qdrant-key-canary"

    @pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
    @pytest.mark.parametrize(
        ("url", "asked"),
        [
            ("https://cluster.example", "https://cluster.example:443/"),
            ("https://cluster.example:6333", "https://cluster.example:6333/"),
            ("https://proxy.example/qdrant/", "https://proxy.example:443/qdrant/"),
            ("http://qdrant", "http://qdrant:6333/"),
        ],
    )
    async def test_https_without_a_port_means_443(self, configure: Configure, url: str, asked: str) -> None:
        with respx.mock() as server:
            route = server.route().respond(401)
            await reason(Qdrant(configure(QDRANT_URL=url)))
        assert route.calls.last.request.url == httpx.URL(asked)

    async def test_a_missing_collection_is_named(self, settings: Settings, server: respx.MockRouter) -> None:
        server["exists"].respond(json={"result": {"exists": False}, "status": "ok", "time": 0.0})
        assert await reason(Qdrant(settings)) == (
            "collection textbook does not exist; fill it with `python -m backend.ingest`"
        )

    async def test_a_server_too_old_for_the_client_is_told(
        self, settings: Settings, server: respx.MockRouter
    ) -> None:
        server["info"].respond(json={"title": "qdrant", "version": "1.8.3"})
        assert "1.8.3 (too far from the client's 1.20" in await Qdrant(settings).ask()

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_key_that_is_refused_is_told(
        self, settings: Settings, server: respx.MockRouter, status: int
    ) -> None:
        server["exists"].respond(status, text="qdrant-key-canary")
        assert await reason(Qdrant(settings)) == "it refused the key"

    async def test_another_status_is_told(self, settings: Settings, server: respx.MockRouter) -> None:
        server["info"].respond(502)
        assert await reason(Qdrant(settings)) == "it answered 502"

    @pytest.mark.parametrize("body", ["<p>hello</p>", '{"title": "other"}', "[]"])
    async def test_an_answer_that_is_not_qdrants_is_told(
        self, settings: Settings, server: respx.MockRouter, body: str
    ) -> None:
        server["info"].respond(text=body)
        assert await reason(Qdrant(settings)) == "it answers, but not as Qdrant does"

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (httpx.ConnectTimeout(""), "it did not answer in time"),
            (httpx.ReadTimeout(""), "it did not answer in time"),
            (httpx.ConnectError("All connection attempts failed"), "it refuses connections"),
            (httpx.ConnectError("[Errno -2] Name or service not known"), "its host name does not resolve"),
            (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "its TLS certificate is not trusted"),
            (httpx.RemoteProtocolError("Server disconnected without a response"), "it closed the connection"),
            (httpx.ReadError("qdrant-key-canary"), "it closed the connection"),
            (httpx.NetworkError("qdrant-key-canary"), "it failed with NetworkError"),
        ],
    )
    async def test_a_failure_is_told_in_our_own_words(
        self, settings: Settings, server: respx.MockRouter, error: Exception, expected: str
    ) -> None:
        server["info"].mock(side_effect=error)
        assert await reason(Qdrant(settings)) == expected

    async def test_it_can_be_closed(self, settings: Settings) -> None:
        qdrant = Qdrant(settings)
        await qdrant.close()
        with contextlib.suppress(AwayError):
            await qdrant.ask()


class TestOpenAI:
    async def test_a_key_of_the_right_shape_is_enough(self, configure: Configure) -> None:
        assert await OpenAI(configure()).ask() == "the key has the right shape"

    @pytest.mark.parametrize("key", ["changeme", "sk-short", "canary-0123456789-0123456789"])
    async def test_a_key_of_another_shape_is_told_and_not_shown(self, configure: Configure, key: str) -> None:
        seen = await reason(OpenAI(configure(OPENAI_API_KEY=key)))
        assert "does not look like a key of OpenAI" in seen
        assert key not in seen

    async def test_the_keys_of_other_providers_have_other_shapes(self, configure: Configure) -> None:
        settings = configure(OPENAI_API_KEY="any", OPENAI_BASE_URL="https://llm.example/v1/")
        assert await OpenAI(settings).ask()
