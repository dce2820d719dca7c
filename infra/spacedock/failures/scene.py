"""A specimen in its dock: what it says for itself, and what the contract says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from spacedock.contract.base import Finding, Outcome, Promise, tail
from spacedock.contract.evidence.waking import waking
from spacedock.contract.examine import examine, redact, start_ahead
from spacedock.contract.instances import Instances, NotReady
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.choose import choose
from spacedock.docks.instance import FullInstance
from spacedock.docks.life import state_after, state_before, state_of
from spacedock.docks.unbuilt import Unbuilt, entered
from spacedock.errors import UsageError
from spacedock.failures.base import Failure, SpecimenRecipe, Where
from spacedock.failures.callers import seen, told
from spacedock.failures.push import push
from spacedock.failures.specimen import write
from spacedock.progress import Progress
from spacedock.runs import open_run
from spacedock.space import Space, read_space


@dataclass(frozen=True)
class SpecimenAccount:
    """What a specimen said for itself, by who said it, and the findings of the contract."""

    said: tuple[tuple[Where, str], ...]
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The promises that it breaks."""
        return tuple(finding for finding in self.findings if finding.outcome is Outcome.BROKEN)

    @property
    def text(self) -> str:
        """All that was said, as somebody would paste it."""
        return "\n".join(text for _, text in self.said if text)


@dataclass
class Scene:
    """A specimen that has been booted, or what stood in the way."""

    failure: Failure
    space: Space | None = None
    instances: Instances | None = None
    refused: UsageError | None = None  # there is no Space to boot
    pushed: str = ""  # what git and the Hub said of the push

    def held_to(self, promises: Iterable[Promise], progress: Progress) -> SpecimenAccount:
        """Ask and visit it as the failure wants, hold it to the promises, and return all that was said."""
        promises = tuple(promises)
        if self.refused is not None:
            state = state_after(self.refused)
            heard = ((Where.PUSH, self.pushed), (Where.PAGE, str(state or "")))
            return SpecimenAccount(heard, findings_of(self.refused, promises))
        if self.space is None or self.instances is None:
            raise ValueError("it was neither booted nor refused")
        start_ahead(promises, self.space, self.instances)
        shown = tuple(self._shown(progress))
        findings = []
        for promise in promises:
            with progress(f"checking {promise.id}"):
                findings.append(examine(promise, self.space, self.instances))
        canaries = self.instances.dock.canaries
        said = (*self._logs(findings), *shown)
        return SpecimenAccount(
            tuple((where, redact(text, canaries)) for where, text in said), tuple(findings)
        )

    def deployed(self) -> FullInstance | None:
        """Return the instance as deployed, ready or not; None where the Space does not build."""
        if self.instances is None or isinstance(self.instances.dock, Unbuilt):
            return None
        try:
            return self.instances.boot(AS_DEPLOYED)
        except NotReady as error:  # it has booted on these services before, and does not again
            return error.instance

    def _logs(self, findings: Iterable[Finding]) -> Iterator[tuple[Where, str]]:
        """Yield what git, the builder, the Space and the platform said."""
        yield Where.PUSH, self.pushed
        if self.instances is not None and isinstance(self.instances.dock, Unbuilt):
            error = self.instances.dock.error
            yield Where.BUILD, error.log
            yield Where.PAGE, str(state_after(error) or "")
            return
        instance = self.deployed()
        if instance is None:
            return
        log = instance.logs()
        yield Where.LOG, log
        others = {problem.log for finding in findings for problem in finding.problems} - {"", tail(log)}
        for other in sorted(others):
            yield Where.LOG, other
        refused = state_before(self.space) if self.space is not None else None
        yield Where.PAGE, str(refused or state_of(instance))

    def _asked_asleep(self) -> FullInstance:
        """Return the instance that answers, in the end, a caller who calls while it sleeps."""
        if self.space is None or self.instances is None:
            raise ValueError("it was not booted")
        patience = self.space.manifest.origins.patience or 0.0
        return waking(self.space, self.instances).answering(patience)

    @property
    def _called_with_credentials(self) -> bool:
        """Whether the front end's calls carry them, as the manifest says."""
        return self.space is not None and self.space.manifest.origins.credentials

    @property
    def _has_an_edge(self) -> bool:
        return self.instances is not None and Capability.EDGE in self.instances.dock.capabilities

    def _shown(self, progress: Progress) -> Iterator[tuple[Where, str]]:
        """Yield what callers and browsers are told of the instance as deployed."""
        recipe = self.failure.specimen
        instance = self.deployed()
        if recipe is None or instance is None or not instance.boot.ready:
            return
        if not self._has_an_edge and (recipe.visits or any(ask.through == "edge" for ask in recipe.asks)):
            yield Where.CALLER, "(nobody calls it: this dock has no edge)"
            return
        for ask in recipe.asks:
            with progress(f"asking {ask.method} {ask.path}"):
                yield Where.CALLER, told(self._asked_asleep() if ask.asleep else instance, ask)
        if recipe.visits:
            with progress("visiting it with a browser"):
                for console in seen(instance, recipe.visits, credentials=self._called_with_credentials):
                    yield Where.BROWSER, console


@contextmanager
def booted(failure: Failure, dock_name: str, progress: Progress, *, mended: bool = False) -> Iterator[Scene]:
    """Write the specimen of a failure, or its mended twin, and boot it; leaving removes all of it.

    Raises what reading, building or booting raises where that is not itself the failure.
    """
    recipe = failure.specimen or SpecimenRecipe(says="")
    with ExitStack() as stack:
        run = stack.enter_context(open_run())
        folder = write(failure, run.folder / "specimen", mended=mended)
        pushed = push(folder, edited=recipe.edited) if recipe.pushes else ""
        try:
            space = read_space(folder)
        except UsageError as error:
            if not broken_by(error):
                raise
            yield Scene(failure, refused=error, pushed=pushed)
            return
        conditions = recipe.conditions(mended=mended)
        dock = stack.enter_context(entered(choose(dock_name, space, run, progress, conditions)))
        instances = stack.enter_context(Instances(dock))
        yield Scene(failure, space, instances, pushed=pushed)
