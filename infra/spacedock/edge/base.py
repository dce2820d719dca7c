"""The TLS reverse proxy that Hugging Face puts in front of a Space, as the harness meets it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


# Whom the edge takes every client for (RFC 5737, for documentation). What an engine shows of a client is a
# gateway of its own, and no client of the platform has a private address.
VISITOR = "198.51.100.1"
# By this header, which no Space sees, a test has itself taken for another visitor of that block.
COMES_AS = "X-Spacedock-Visitor"
# Where a member of a private Space shows a token of Hugging Face; `Authorization` may be the Space's own.
MEMBERS_TOKEN = "X-HF-Authorization"  # noqa: S105 - the name of a header


class Manner(StrEnum):
    """What the edge does with CORS; observations of different times disagree."""

    OBSERVED = "observed"  # it answers preflights itself and reflects the origin
    TRANSPARENT = "transparent"  # the Space is asked


class HostForm(StrEnum):
    """Which Host the Space is given; both were seen."""

    PUBLIC = "public"  # OWNER-NAME.hf.space
    INTERNAL = "internal"  # proxy.spaces.internal.huggingface.tech


class Edge(Protocol):
    """The proxy in front of one instance, in all its manners at once."""

    @property
    def url(self) -> str:
        """`https://OWNER-NAME.hf.space`, the Space's address as its visitors know it."""
        ...

    @property
    def certificate(self) -> str:
        """The certificate of the authority that a client must trust, PEM."""
        ...

    @property
    def pin(self) -> str:
        """What Chromium knows its certificate by (`--ignore-certificate-errors-spki-list`)."""
        ...

    def browser_url(self, manner: Manner) -> str:
        """Where a browser on this machine can open it; the Space is given its own host all the same."""
        ...

    def address(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> tuple[str, int]:
        """Host and port where the harness, or a browser that maps `url`'s host to it, reaches it."""
        ...

    def client(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> httpx.Client:
        """A client with `url` as its base that trusts the certificate. To be closed by the caller.

        Where the Space is private it comes as a member of it, by the header `MEMBERS_TOKEN`.
        """
        ...

    def logs(self) -> str: ...

    def close(self) -> None:
        """Remove the proxy, however it stands and however often this is called."""
        ...
