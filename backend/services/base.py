"""What a service offers to the roster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class AwayError(Exception):
    """The service cannot be used now. The text is ours: a library's may repeat a secret.

    `passing` says whether another try may help. `retry_after` is in seconds, when the service named a time.
    `busy` says that the service is there and asks us to slow down.
    """

    service = ""  # filled in by the roster, which knows whom it asked

    def __init__(
        self, reason: str, *, passing: bool = True, retry_after: float | None = None, busy: bool = False
    ) -> None:
        super().__init__(reason)
        self.passing = passing
        self.retry_after = retry_after
        self.busy = busy


class Service(Protocol):
    """Something that the backend stands on."""

    @property
    def name(self) -> str: ...

    async def ask(self) -> str:
        """Say what answered, its version for example. Raises AwayError. Deadlines are the caller's."""
        ...

    async def close(self) -> None: ...


def known_reason(error: BaseException, reasons: Mapping[str, str]) -> str:
    """Put an error into our own words; of one that is not known only the type is told.

    Phrases are in lower case and are looked for in the error's type and text; the first that occurs decides.
    """
    text = f"{type(error).__name__} {error}".lower()
    found = (reason for phrase, reason in reasons.items() if phrase in text)
    return next(found, f"it failed with {type(error).__name__}")
