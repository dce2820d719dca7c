"""What is seen of a Space's life: one instance is stopped, and one is booted after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance, Process, Stop
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, NotReady, NotSeen, Surroundings, Unavailable
from spacedock.evidence.boots import RESTARTED, TO_BE_STOPPED, BootFacts, asking, facts_of
from spacedock.evidence.front import RootFails
from spacedock.evidence.inflight import hold
from spacedock.evidence.quiet import quiet
from spacedock.evidence.requests import fails, require_answers, sent
from spacedock.services.hosts.stock import Stock, stock_of
from spacedock.space import Space

_NOTHING = "gives no answer"
_ERROR = "answers with a server error"
BAD_ANSWERS = frozenset({_NOTHING, _ERROR})


@dataclass(frozen=True)
class InFlight:
    """A request that was half sent when the stop came; `cut` says how it was cut off, empty where not."""

    line: str
    cut: str


@dataclass(frozen=True)
class Ending:
    """How an instance ended that was told to."""

    stop: Stop
    request: InFlight | None  # None where the Space lets none be in flight
    state: tuple[Reply, ...]  # to the `write` and the `read` of the manifest's [state], if it has one
    log: str
    main: str = ""  # the command of the main process; empty where nobody can tell

    def __str__(self) -> str:
        after = f"{self.stop.seconds:.2f} s after SIGTERM, exit code {self.stop.exit_code}"
        how = f"SIGKILL ended it {after}" if self.stop.killed else f"it stops {after}"
        if self.request is None:
            return how
        return f"{how}; a request in flight ({self.request.line}) {self.request.cut or 'was answered'}"


@dataclass(frozen=True)
class Stopped(Evidence[Ending]):
    """An instance is given something to keep, and stopped with a request in flight."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.SIGNALS})
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is there for it."""
        return (TO_BE_STOPPED,)

    def gather(self, around: Surroundings) -> Ending:
        """Write, hold a request, stop. Raises NotReady where it did not come up."""
        space, instance = around.space, around.ready(TO_BE_STOPPED)
        grace = space.stop_grace_seconds
        state = _written(space, instance)
        held = hold(space, instance.url, within=grace)
        main = _main_of(instance.processes())
        stop = instance.stop(grace, meanwhile=held.finish if held else None)
        return Ending(stop, InFlight(held.line, held.cut) if held else None, state, instance.logs(), main)


def _main_of(processes: tuple[Process, ...]) -> str:
    """Return the command of the process that none of the others is the parent of."""
    numbers = {process.pid for process in processes}
    return next((process.command for process in processes if process.parent not in numbers), "")


def _written(space: Space, instance: FullInstance) -> tuple[Reply, ...]:
    state = space.manifest.state
    if state is None:
        return ()
    with asking(instance) as asker:
        return tuple(sent(asker, (state.write, state.read), instance.environment))


@dataclass(frozen=True)
class Deposit:
    """What lay in one service, and the marks of what a request had just added."""

    service: str
    stock: Stock
    added: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class LeftInServices(Evidence[tuple[Deposit, ...]]):
    """What lies in each service once an instance was stopped, beside one that serves and writes."""

    needs: ClassVar = Stopped.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that serves."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Deposit, ...]:
        """Have something written that was not there before, where another instance may serve meanwhile."""
        around.look(Stopped())
        if Capability.OVERLAP not in around.dock.capabilities or around.dock.shares_ports:
            return ()
        services = around.dock.services
        before = {name: stock for name, each in services.items() if (stock := stock_of(each)) is not None}
        if before:
            _write_something(around)
        after = {name: stock_of(services[name]) for name in before}
        return tuple(
            Deposit(name, stock, stock.added_since(before[name]))
            for name, stock in after.items()
            if stock is not None
        )


def _write_something(around: Surroundings) -> None:
    """Send the first request that changes something: what it is answered others look at."""
    requests = [each for each in around.space.manifest.requests if each.method != "GET"][:1]
    with suppress(Unavailable):
        instance = around.ready(AS_DEPLOYED)
        with asking(instance) as asker:
            tuple(sent(asker, requests, instance.environment))


@dataclass(frozen=True)
class Restarted(Evidence[BootFacts]):
    """A second boot, on the services as one that was stopped has left them."""

    needs: ClassVar = Stopped.needs
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The second one."""
        return (RESTARTED,)

    def gather(self, around: Surroundings) -> BootFacts:
        """Boot it once the first has ended, and it is known what that one leaves."""
        around.look(LeftInServices())
        return facts_of(around.instance(RESTARTED))


@dataclass(frozen=True)
class Aftermath:
    """What a second boot that came up does with what it is asked, and with what was there before it."""

    failed: tuple[str, ...]
    emptied: tuple[str, ...]  # what is gone of a service, in words
    log: str


@dataclass(frozen=True)
class AnsweredAgain(Evidence[Aftermath]):
    """A second boot is asked for `/` and the manifest's requests, and its services for what lay in them."""

    needs: ClassVar = Stopped.needs
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The second one."""
        return (RESTARTED,)

    def gather(self, around: Surroundings) -> Aftermath:
        """Ask first: many a start goes on until then. Raises Unanswered for what fails as deployed too."""
        require_answers(around)
        root_fails = around.look(RootFails()) is not None
        around.look(Restarted())
        second = around.ready(RESTARTED)
        with asking(second) as asker:
            replies = [*sent(asker, around.space.manifest.requests, second.environment)]
            replies += [] if root_fails else [asker.follow()[-1]]
        failed, emptied = tuple(str(reply) for reply in replies if fails(reply)), tuple(_emptied(around))
        return Aftermath(failed, emptied, quiet(second).logs() if failed or emptied else "")


def _emptied(around: Surroundings) -> Iterator[str]:
    """Yield what of each service is gone that lay in it before the second boot."""
    for left in around.look(LeftInServices()):
        now = stock_of(around.dock.services[left.service])
        if now is not None and (tables := left.stock.gone_from(now, left.added)):
            yield f"{left.service} ({', '.join(tables)})"


@dataclass(frozen=True)
class Remembered:
    """What was read before a restart and after it, with the logs of both instances."""

    refused: str  # why nothing could be kept; empty where it could
    before: Reply | None
    after: Reply | None
    log: str


@dataclass(frozen=True)
class KeptState(Evidence[Remembered]):
    """What is written to one instance is read from the next one, which has a disk of its own."""

    needs: ClassVar = Stopped.needs | {Capability.DISK}
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is asked what it remembers."""
        return (RESTARTED,)

    def gather(self, around: Surroundings) -> Remembered:
        """Compare. Raises Unanswered where the requests fail anyway."""
        require_answers(around)
        first = around.look(Stopped())
        for reply in first.state:
            if reply.status is None or reply.status >= 400:
                return Remembered(str(reply), None, None, first.log)
        around.look(Restarted())
        second, read = around.ready(RESTARTED), around.space.manifest.state
        with asking(second) as asker:
            (after,) = sent(asker, (read.read,) if read else (), second.environment)
        return Remembered("", first.state[-1], after, quiet(second).logs())


@dataclass(frozen=True)
class Overlap:
    """What the instance that serves, and a new one beside it, did when they were asked."""

    failing: str  # who fails and how; empty where none does
    log: str  # of that one


@dataclass(frozen=True)
class SideBySide(Evidence[Overlap]):
    """Old and new at once on the same services, and the end of another one beside them."""

    needs: ClassVar = Stopped.needs | {Capability.OVERLAP}
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """Those that are beside each other."""
        return (AS_DEPLOYED, RESTARTED)

    def gather(self, around: Surroundings) -> Overlap:
        """Let one end beside the one that serves, boot a new one, and ask both."""
        serves = around.ready(AS_DEPLOYED)
        at_first = _answer(around.space, serves)
        if at_first in BAD_ANSWERS:
            raise NotSeen(f"the one that serves {at_first} when it is alone, too")
        around.look(Stopped())
        after_an_end = _answer(around.space, serves)
        if not around.look(Restarted()).ready:
            raise NotReady(around.look(Restarted()))
        new = around.ready(RESTARTED)
        seen = (
            ("once another one was stopped, the one that serves", serves, after_an_end),
            ("once a new one has booted, the one that serves", serves, _answer(around.space, serves)),
            ("beside the one that serves, the new one", new, _answer(around.space, new)),
        )
        for which, instance, answer in seen:
            if answer != at_first and answer in BAD_ANSWERS:
                return Overlap(f"{which} {answer}", instance.logs())
        return Overlap("", "")


def _answer(space: Space, instance: FullInstance) -> str:
    """Return what an instance does when it is asked whether it is ready."""
    with asking(instance) as asker:
        reply = asker.head_only("GET", space.manifest.space.ready)
    if reply.status is None:
        return _NOTHING
    return _ERROR if reply.status >= 500 else "answers"


@dataclass(frozen=True)
class Disturbances:
    """Boots that failed beside others only, or after them on the same services."""

    crowded: BootFacts | None
    spent: BootFacts | None


@dataclass(frozen=True)
class Interference(Evidence[Disturbances]):
    """What boots of the run did to each other, once an instance has ended and another one was booted."""

    needs: ClassVar = Stopped.needs
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> Disturbances:
        """Boot what shows it; that it fails is what is looked for."""
        known = around.interference()
        if known.crowded is None:
            try:
                around.look(Restarted())
            except NotReady:
                if known.spent is None and known.crowded is None:
                    raise
        return Disturbances(known.crowded, known.spent)
