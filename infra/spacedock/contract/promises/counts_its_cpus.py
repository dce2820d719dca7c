"""A Space starts as many workers as its hardware has processors for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from spacedock import platform
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.instance import Process
from spacedock.evidence.cores import CORES, fixed_workers, sizings
from spacedock.space import Space


class CountsItsCpus(Promise):
    """Looked for in the files that would be pushed, then among the processes that run."""

    title = "its workers are as many as its hardware has processors for"
    reason = (
        "`os.cpu_count()` and `nproc` tell the processors of the host, of which a Space has a share only."
    )
    consequence = (
        "On a host of 64 processors a Space with two of them starts 64 workers, each with its own copy of "
        "what it loads: slow, and out of memory."
    )
    remedy = (
        f'read the number from {CORES}, which Hugging Face sets: `int(os.environ.get("{CORES}", 2))`, '
        f"`${{{CORES}:-2}}`; one worker where each loads a model"
    )
    source = f"spaces-overview, {CORES}; incident cpu-count-mismatch (inferred from how control groups work)"
    since = "0.2"
    level = Level.SHOULD

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Twice the processors and one more is what servers recommend at most."""
        cpus = platform.HARDWARE.value[space.manifest.space.hardware].cpus
        most = 2 * cpus + 1
        if counted := sizings(space, most):
            yield self.problem(
                f"it sizes itself by the processors of the host: {', '.join(map(str, counted))}; "
                f"{CORES} is read nowhere"
            )
        fixed = fixed_workers(space, most)
        for sizing in fixed:
            yield self.problem(f"{sizing}: more than {most} workers for {cpus} vCPU")
        instance = instances.boot(AS_DEPLOYED)
        if instance.boot.ready and not fixed:
            for command, number in _crowds(instance.processes(), most):
                yield self.problem(f"{number} processes of `{command}` run on {cpus} vCPU", instance=instance)


def _crowds(processes: Iterable[Process], most: int) -> Iterator[tuple[str, int]]:
    """Yield the commands of which one parent has more than `most` children, numbers in them aside."""
    alike = Counter((process.parent, re.sub(r"\d+", "N", process.command)) for process in processes)
    yield from ((command, number) for (_, command), number in alike.items() if number > most)
