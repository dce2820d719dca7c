"""What ends an ingestion. One class, one exit code; the text names the thing, the place and the remedy."""

from __future__ import annotations


class IngestionError(Exception):
    """The base of all that is expected to go wrong here."""

    exit_code = 1


class BookError(IngestionError):
    """The chapters cannot be used; nothing in the collection was touched."""

    exit_code = 2


class CollectionError(IngestionError):
    """The collection cannot take the chunks."""


class StoppedError(IngestionError):
    """A signal said stop."""

    def __init__(self, signal: int) -> None:
        super().__init__("Stopped")
        self.exit_code = 128 + signal
