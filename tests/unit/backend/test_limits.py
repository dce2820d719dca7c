"""How much one request may carry, and how many one client may send."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from backend.api.limits import MAX_BODY, SITES, clients_of
from backend.main import create_app
from tests.unit.backend.asgi import Call
from tests.unit.backend.conftest import Configure, Services


def clients_with(*forwarded: str, peer: str = "192.0.2.1") -> tuple[str, ...]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return clients_of(Request({"type": "http", "client": (peer, 40000), "headers": headers}))


def client_with(*forwarded: str, peer: str = "192.0.2.1") -> str:
    return clients_with(*forwarded, peer=peer)[0]


class TestTheClient:
    @pytest.mark.parametrize(
        "forwarded",
        [
            ("203.0.113.9",),
            ("198.51.100.1, 203.0.113.9",),
            ("198.51.100.1", "203.0.113.9"),
            (" 203.0.113.9 ",),
        ],
        ids=["alone", "in a list", "in a second header", "with spaces"],
    )
    def test_is_who_the_platforms_proxy_saw(self, forwarded: tuple[str, ...]) -> None:
        assert client_with(*forwarded) == "203.0.113.9"

    def test_is_the_peer_without_a_proxy(self) -> None:
        assert client_with() == "192.0.2.1"
        assert client_with(peer="2001:db8:1:2::9") == "2001:db8:1:2::/64"

    @pytest.mark.parametrize(
        "forwarded",
        ["unknown", "", ",", "198.51.100.1, unknown", "198.51.100.1,", "203.0.113.9:443", "::1::"],
    )
    def test_is_the_peer_when_the_right_most_word_is_no_address(self, forwarded: str) -> None:
        assert client_with(forwarded) == "192.0.2.1"
        assert client_with(forwarded, peer="not an address") == "not an address"

    def test_is_known_by_its_network_with_ipv6(self) -> None:
        assert client_with("2001:db8:1:2:3:4:5:6") == client_with("2001:db8:1:2::9") == "2001:db8:1:2::/64"
        assert client_with("2001:db8:1:3::9") != client_with("2001:db8:1:2::9")

    def test_counts_with_its_providers_customer_with_ipv6_alone(self) -> None:
        assert (
            clients_with("2001:db8:1:2::9")[1:] == clients_with("2001:db8:1:3::9")[1:] == ("2001:db8:1::/48",)
        )
        assert clients_with("203.0.113.9") == ("203.0.113.9",)

    def test_is_the_same_whatever_zone_an_address_is_said_to_be_of(self) -> None:
        assert clients_with("2001:db8:1:2::9%a") == clients_with("2001:db8:1:2::9%b")

    def test_is_the_same_with_an_address_of_ipv4_written_as_one_of_ipv6(self) -> None:
        assert client_with("::ffff:203.0.113.9") == "203.0.113.9"

    def test_may_have_none(self) -> None:
        assert clients_of(Request({"type": "http", "client": None, "headers": []})) == ("",)


class TestTheRate:
    @pytest.fixture
    def browser(self, configure: Configure, services: Services) -> Iterator[TestClient]:
        # A day, so that no test runs across the end of the window.
        with TestClient(create_app(configure(RATE_LIMIT="2/day"), roster=services.roster())) as browser:
            yield browser

    def ask(self, browser: TestClient, forwarded: str) -> httpx2.Response:
        return browser.get("/api/conversations", headers={"X-Forwarded-For": forwarded})

    def exhaust(self, browser: TestClient, forwarded: str) -> None:
        assert [self.ask(browser, forwarded).status_code for _ in range(3)] == [401, 401, 429]

    def test_one_too_many_is_told_when_to_come_back(self, browser: TestClient) -> None:
        self.exhaust(browser, "203.0.113.9")
        answer = self.ask(browser, "203.0.113.9")
        wait = int(answer.headers["retry-after"])
        assert 0 < wait <= 2 * 24 * 3600
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["title"] == "Too Many Requests"
        assert problem["detail"] == f"More than 2 requests a day; try again in {wait} s."

    def test_others_are_not_held_back(self, browser: TestClient) -> None:
        self.exhaust(browser, "203.0.113.9")
        assert self.ask(browser, "203.0.113.10").status_code == 401

    def test_what_a_client_puts_in_front_changes_nothing(self, browser: TestClient) -> None:
        self.exhaust(browser, "203.0.113.9")
        assert self.ask(browser, "198.51.100.1, 203.0.113.9").status_code == 429
        assert self.ask(browser, "203.0.113.9, 198.51.100.1").status_code == 401

    def test_another_address_in_the_same_network_changes_nothing(self, browser: TestClient) -> None:
        self.exhaust(browser, "2001:db8:1:2::1")
        assert self.ask(browser, "2001:db8:1:2:ffff::2").status_code == 429
        assert self.ask(browser, "2001:db8:1:3::1").status_code == 401

    def test_all_addresses_that_one_customer_is_given_have_a_budget_too(self, browser: TestClient) -> None:
        asked = [self.ask(browser, f"2001:db8:1:{n}::1").status_code for n in range(2 * SITES + 1)]
        assert asked == [*[401] * 2 * SITES, 429]
        assert self.ask(browser, "2001:db8:2::1").status_code == 401

    def test_all_routes_below_api_count_together(self, browser: TestClient) -> None:
        for method, path in (("POST", "/api/chat"), ("DELETE", "/api/sessions/current")):
            browser.request(method, path)
        assert browser.get("/api/conversations").status_code == 429

    def test_the_state_and_the_page_are_not_counted(self, browser: TestClient) -> None:
        for path in ("/health", "/ready", "/", "/openapi.json") * 2:
            assert browser.get(path).status_code == 200

    def test_every_application_counts_for_itself(self, configure: Configure, services: Services) -> None:
        for _ in range(3):
            with TestClient(create_app(configure(RATE_LIMIT="1/day"), roster=services.roster())) as browser:
                assert browser.get("/api/conversations").status_code == 401


class TestTheBody:
    def body(self, size: int) -> bytes:
        frame = b'{"question": ""}'
        return frame[:-2] + b"x" * (size - len(frame)) + frame[-2:]

    @pytest.mark.parametrize("announced", [True, False])
    def test_one_that_is_too_large_is_refused(self, client: TestClient, announced: bool) -> None:
        body = self.body(MAX_BODY + 1)
        content = body if announced else iter([body[:MAX_BODY], body[MAX_BODY:]])
        answer = client.post("/api/chat", content=content, headers={"Content-Type": "application/json"})
        assert ("content-length" in answer.request.headers) == announced
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == f"The body is larger than {MAX_BODY} bytes."

    def test_one_that_just_fits_is_read(self, client: TestClient) -> None:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/api/chat", content=self.body(MAX_BODY), headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/question"

    @pytest.mark.anyio
    async def test_no_more_of_one_is_read_than_may_be(self, configure: Configure, services: Services) -> None:
        app = create_app(configure(), roster=services.roster())
        headers = {"Content-Type": "application/json", "Content-Length": str(10 * MAX_BODY)}
        async with Call(app, "/api/chat", body=b"x" * (MAX_BODY + 1), more=True, headers=headers) as call:
            await call.end()
        assert call.status == 413
