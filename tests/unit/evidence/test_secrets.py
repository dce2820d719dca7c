from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.boots import AS_DEPLOYED
from spacedock.evidence import quiet
from spacedock.evidence.secrets import Leak, LeakedSecrets, Leaks, specs_without_secrets
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.evidence.servers import OK, Server, Serves, Visit
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

KEY, URL = "c4n4ry-7f3a", "c4n4ry-90bb"
CANARIES = {"API_KEY": (KEY, KEY.upper()), "DATABASE_URL": (URL,)}


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_QUIET", 0.0)


def serve_nothing(visit: Visit) -> None:
    while visit.request():
        visit.say(OK, b"Content-Length: 0\r\n\r\n")


def leaks(space: Space, serves: Serves = serve_nothing, **instance: object) -> Leaks:
    with Server(serves) as server:
        given = FakeInstance(url=server.url, **instance)  # type: ignore[arg-type]
        with Run(space, FakeDock(canaries=CANARIES, otherwise=given)) as run:
            return run.look(LeakedSecrets())


def test_each_is_withheld_alone_then_all_then_all_are_blank(space: Space) -> None:
    assert [(sorted(spec.withheld), sorted(spec.blank)) for spec in specs_without_secrets(space)] == [
        (["API_KEY"], []),
        (["DATABASE_URL"], []),
        (["API_KEY", "DATABASE_URL"], []),
        ([], ["API_KEY", "DATABASE_URL"]),
    ]


@pytest.mark.parametrize(("manifest", "number"), [("", 0), ("[secrets]\nAPI_KEY = {}\n", 2)])
def test_one_secret_alone_is_all_of_them(tmp_path: Path, manifest: str, number: int) -> None:
    assert len(specs_without_secrets(sound_space(tmp_path, manifest=manifest))) == number


def test_what_tells_nothing_has_no_leak(space: Space) -> None:
    assert leaks(space, log="started").found == ()


def test_every_secret_in_the_log_is_named_and_none_is_shown(space: Space) -> None:
    found = leaks(space, boot=exited(1), log=f"{KEY.upper()} {URL}").found
    assert found == (Leak("the log", ("API_KEY", "DATABASE_URL")),)


def test_headers_and_bodies_are_searched_each_by_its_path(space: Space) -> None:
    def serve(visit: Visit) -> None:
        while head := visit.request():
            where = f"X-Key: {KEY}\r\n" if b"GET / " in head else ""
            body = "" if where else URL
            visit.say(OK, f"{where}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    assert leaks(space, serve).found == (
        Leak("the answer to GET /", ("API_KEY",)),
        Leak("the answer to GET /spacedock-no-such-page", ("DATABASE_URL",)),
    )


def test_what_came_before_an_answer_broke_off_is_searched(space: Space) -> None:
    def serve(visit: Visit) -> None:
        visit.request()
        visit.say(OK, b"Content-Length: 1000\r\n\r\n", KEY.encode())

    assert leaks(space, serve).found[0] == Leak("the answer to GET /", ("API_KEY",))


def test_it_is_visited_once_a_run(space: Space) -> None:
    dock = FakeDock(canaries=CANARIES, otherwise=FakeInstance(boot=exited(1)))
    with Run(space, dock) as run:
        assert run.look(LeakedSecrets()) is run.look(LeakedSecrets(AS_DEPLOYED))
    assert dock.booted == [AS_DEPLOYED]
