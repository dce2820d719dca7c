"""A specimen in its dock: what it says for itself, and what the contract says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from spacedock.contract.finding import Finding, Outcome, redact
from spacedock.contract.promise import Promise, tail
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.choose import choose
from spacedock.docks.instance import FullInstance
from spacedock.docks.life import state_after, state_before, state_of
from spacedock.errors import SpaceBuildError, UsageError
from spacedock.evidence.base import NotBuilt
from spacedock.evidence.boots import RESTARTED, TO_BE_STOPPED
from spacedock.evidence.waking import Woken
from spacedock.failures.base import Ask, Failure, SpecimenRecipe, Where
from spacedock.failures.callers import seen, told
from spacedock.failures.push import push
from spacedock.failures.specimen import write
from spacedock.progress import Progress
from spacedock.run.loop import Run
from spacedock.run.plan import is_at_hand
from spacedock.runs import open_run
from spacedock.space import read_space


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


class Refused:
    """A specimen that is no Space to boot: the push, or the platform's first look, is where it fails."""

    def __init__(self, error: UsageError, pushed: str) -> None:
        self._error = error
        self._pushed = pushed

    def worth_holding(self, promises: Iterable[Promise], _named: Iterable[str]) -> tuple[Promise, ...]:
        """Return all of them: none costs a boot."""
        return tuple(promises)

    def held_to(self, promises: Iterable[Promise], _progress: Progress) -> SpecimenAccount:
        """Return what git, the Hub and the platform said, and the findings where there is no Space."""
        said = ((Where.PUSH, self._pushed), (Where.PAGE, str(state_after(self._error) or "")))
        return SpecimenAccount(said, findings_of(self._error, promises))

    @property
    def canaries(self) -> dict[str, tuple[str, ...]]:
        """None: nothing was given any."""
        return {}

    def deployed(self) -> FullInstance | None:
        """None: nothing was booted."""
        return None


class Staged:
    """A specimen in its dock, which is entered when it is first asked for something."""

    def __init__(self, failure: Failure, run: Run, pushed: str) -> None:
        self._failure = failure
        self._run = run
        self._pushed = pushed  # what git and the Hub said of the push

    def worth_holding(self, promises: Iterable[Promise], named: Iterable[str]) -> tuple[Promise, ...]:
        """Return the promises that are `named`, and those that cost no more than the boot as deployed."""
        ids, space = set(named), self._run.space
        return tuple(each for each in promises if each.id in ids or is_at_hand(each, space))

    def held_to(self, promises: Iterable[Promise], progress: Progress) -> SpecimenAccount:
        """Ask and visit it as the failure wants, hold it to the promises, and return all that was said."""
        self._run.enter()
        shown = tuple(self._shown(progress))
        with progress("holding it to the contract"):
            findings = self._run.judge(promises)
        said = (*self._logs(findings), *shown)
        redacted = tuple((where, redact(text, self.canaries)) for where, text in said)
        return SpecimenAccount(redacted, findings)

    @property
    def canaries(self) -> dict[str, tuple[str, ...]]:
        """The secrets of the run, by name."""
        return dict(self._run.dock.canaries) if self._run.dock else {}

    def deployed(self) -> FullInstance | None:
        """Return the instance as deployed, ready or not; None where the Space does not build."""
        try:
            return self._run.gathering.attempt(AS_DEPLOYED)
        except NotBuilt:
            return None

    def _logs(self, findings: Iterable[Finding]) -> Iterator[tuple[Where, str]]:
        """Yield what git, the builder, the Space and the platform said."""
        yield Where.PUSH, self._pushed
        instance = self.deployed()
        if instance is None:
            error = self._build_error()
            yield Where.BUILD, error.log if error else ""
            yield Where.PAGE, str(state_after(error) or "") if error else ""
            return
        log = instance.logs()
        yield Where.LOG, log
        others = {problem.log for finding in findings for problem in finding.problems} - {"", tail(log)}
        for other in sorted(others):
            yield Where.LOG, other
        yield Where.PAGE, str(state_before(self._run.space) or state_of(instance))

    def _build_error(self) -> SpaceBuildError | None:
        try:
            self._run.gathering.dock  # noqa: B018 - it says why there is none
        except NotBuilt as error:
            return error.error
        return None

    def _shown(self, progress: Progress) -> Iterator[tuple[Where, str]]:
        """Yield what callers and browsers are told of the instance as deployed."""
        recipe, instance = self._failure.specimen, self.deployed()
        if recipe is None or instance is None or not instance.boot.ready:
            return
        if not self._has_an_edge and (recipe.visits or any(ask.through == "edge" for ask in recipe.asks)):
            yield Where.CALLER, "(nobody calls it: this dock has no edge)"
            return
        for ask in recipe.asks:
            with progress(f"asking {ask.method} {ask.path}"):
                yield Where.CALLER, self._told(instance, ask)
        if recipe.visits:
            credentials = self._run.space.manifest.origins.credentials
            with progress("visiting it with a browser"):
                for console in seen(instance, recipe.visits, credentials=credentials):
                    yield Where.BROWSER, console

    def _told(self, instance: FullInstance, ask: Ask) -> str:
        """Return what who asks is told: while it sleeps, by whoever answers in the end."""
        if not ask.asleep:
            return told(instance, ask)
        patience = self._run.space.manifest.origins.patience or 0.0
        self._run.gathering.keep(TO_BE_STOPPED, RESTARTED)
        answering = self._run.look(Woken()).answering(patience)
        return told(self._run.gathering.instance(answering), ask)

    @property
    def _has_an_edge(self) -> bool:
        return self._run.dock is not None and Capability.EDGE in self._run.dock.capabilities


@contextmanager
def staged(
    failure: Failure, dock_name: str, progress: Progress, *, mended: bool = False
) -> Iterator[Staged | Refused]:
    """Write the specimen of a failure, or its mended twin, and stage it; leaving removes all of it.

    Raises what reading, building or booting raises where that is not itself the failure.
    """
    recipe = failure.specimen or SpecimenRecipe(says="")
    with ExitStack() as stack:
        opened = stack.enter_context(open_run())
        folder = write(failure, opened.folder / "specimen", mended=mended)
        pushed = push(folder, edited=recipe.edited) if recipe.pushes else ""
        try:
            space = read_space(folder)
        except UsageError as error:
            if not broken_by(error):
                raise
            yield Refused(error, pushed)
            return
        conditions = recipe.conditions(mended=mended)
        dock = choose(dock_name, space, opened, progress, conditions, trusted=True)  # ours
        yield Staged(failure, stack.enter_context(Run(space, dock)), pushed)
