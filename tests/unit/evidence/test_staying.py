from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.instance import Denial, Usage
from spacedock.evidence import quiet, staying
from spacedock.evidence.boots import TO_BE_STOPPED, Booted
from spacedock.evidence.denials import Denials
from spacedock.evidence.hardware import UsedByAll
from spacedock.evidence.staying import SeenLast
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import READY, FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

MAIL = Denial("smtp.gmail.com", 587, "tcp", platform=True)
REQUESTS = '[[requests]]\npath = "/api/send"\nmethod = "POST"\n'


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[respx.MockRouter]:
    monkeypatch.setattr(quiet, "_QUIET", 0.0)
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.route(path__regex=".*", name="any").respond(200)
        yield router


@dataclass
class Waited(FakeInstance):
    """Remembers how long somebody was ready to wait for its end."""

    waits: list[float] = field(default_factory=list)

    def ended(self, within: float) -> bool:
        self.waits.append(within)
        return super().ended(within)


def asked(server: respx.MockRouter) -> list[str]:
    return [f"{call.request.method} {call.request.url.path}" for call in server.calls]


def test_it_is_asked_what_visitors_and_the_manifest_ask_and_then_once_more(
    tmp_path: Path, server: respx.MockRouter
) -> None:
    with Run(sound_space(tmp_path, manifest=REQUESTS), FakeDock()) as run:
        assert run.look(SeenLast()).ready
    assert asked(server)[:3] == ["GET /", "GET /spacedock-no-such-page", "POST /api/send"]
    assert asked(server)[-1] == "GET /"


def test_requests_that_fail_are_another_promises(tmp_path: Path, server: respx.MockRouter) -> None:
    server["any"].mock(side_effect=httpx.ReadError("reset"))
    with Run(sound_space(tmp_path, manifest=REQUESTS), FakeDock()) as run:
        assert run.look(SeenLast()).ready


def test_what_has_not_come_up_is_not_asked(space: Space, server: respx.MockRouter) -> None:
    with Run(space, FakeDock(otherwise=FakeInstance(boot=exited(1)))) as run:
        assert run.look(SeenLast()).exit_code == 1
    assert not server.calls


def test_it_is_watched_for_what_is_left_of_its_first_seconds(space: Space) -> None:
    instance = Waited()
    with Run(space, FakeDock(otherwise=instance)) as run:
        run.look(Booted())
        run.look(SeenLast())
    (left,) = instance.waits
    assert 0 < left < staying._WATCHED


def test_one_that_has_been_up_for_longer_is_not_waited_for(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staying, "_WATCHED", 0.0)
    instance = Waited()
    with Run(space, FakeDock(otherwise=instance)) as run:
        run.look(SeenLast())
    assert instance.waits == [0.0]


class BootedAnew(FakeDock):
    """Each boot takes a little longer than the one before; instances are kept for the test."""

    def __init__(self, *instances: FakeInstance) -> None:
        super().__init__(shares_ports=True)
        self.given = list(instances)

    def boot(self, spec: BootSpec) -> FakeInstance:
        instance = self.given[len(self.booted)]
        self.booted.append(spec)
        instance.spec, instance.boot = spec, replace(READY, seconds=0.5 + len(self.booted))
        return instance


def test_one_that_was_booted_anew_is_not_watched(space: Space) -> None:
    last = Waited()
    with Run(space, BootedAnew(FakeInstance(), FakeInstance(), last)) as run:
        run.look(Booted())
        run.look(Booted(TO_BE_STOPPED))
        run.look(SeenLast())
    assert last.waits == [0.0]


def test_denials_are_those_of_all_that_it_was_asked(tmp_path: Path, server: respx.MockRouter) -> None:
    @dataclass
    class Mails(FakeInstance):
        def denials(self) -> tuple[Denial, ...]:
            return (MAIL,) if "POST /api/send" in asked(server) else ()

    with Run(sound_space(tmp_path, manifest=REQUESTS), FakeDock(otherwise=Mails(log="no mail"))) as run:
        denied = run.look(Denials())
    assert denied.tries == (MAIL,)
    assert denied.log == "no mail"


def test_denials_of_a_closed_instance_are_told_and_each_once(space: Space) -> None:
    other = replace(MAIL, port=25)
    given = [FakeInstance(denied=tries) for tries in ((MAIL,), (replace(MAIL, port=465),), (MAIL, other))]
    with Run(space, BootedAnew(*given)) as run:
        run.look(Booted())
        run.look(Booted(TO_BE_STOPPED))
        assert run.look(Denials()).tries == (MAIL, other)


def test_what_each_instance_used_is_told_with_what_it_was_for(space: Space) -> None:
    dock = FakeDock(otherwise=FakeInstance(log="loading", used=Usage(peak_memory=7)))
    with Run(space, dock) as run:
        run.look(Booted(TO_BE_STOPPED))
        used = run.look(UsedByAll())
    assert [each.purpose for each in used] == [TO_BE_STOPPED.purpose, AS_DEPLOYED.purpose]
    assert {(each.usage.peak_memory, each.log) for each in used} == {(7, "loading")}
