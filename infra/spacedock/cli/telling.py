"""What a run tells a person while it goes on."""

from __future__ import annotations

from spacedock.contract.finding import Outcome
from spacedock.progress import Say
from spacedock.run.events import BootEnded, Booting, Event, Found, Repeated


class Telling:
    """Hears a run and says a line of each boot and each finding; how many promises are judged comes along."""

    def __init__(self, say: Say, promises: int) -> None:
        self._say = say
        self._promises = promises
        self._judged: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Say what happened, where it is worth a line."""
        match event:
            case Booting(spec):
                self._say(f"booting {spec.purpose}")
            case BootEnded(spec, result):
                self._say(f"booted {spec.purpose}: {result}")
            case Found(finding, preliminary=False):
                self._judged.add(finding.promise.id)
                if finding.outcome is not Outcome.NOT_ASKED:
                    number = f"{len(self._judged)} of {self._promises}"
                    self._say(f"{number}: {finding.promise.id} {finding.outcome}")
            case Repeated(why):
                self._judged.clear()
                self._say(why)
            case _:
                pass
