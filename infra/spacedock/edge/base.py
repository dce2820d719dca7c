"""The TLS reverse proxy that Hugging Face puts in front of a Space, as the harness meets it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


class Manner(StrEnum):
    """What the edge does with CORS; observations of different times disagree."""

    OBSERVED = "observed"  # it answers preflights itself and reflects the origin
    TRANSPARENT = "transparent"  # the Space is asked


class HostForm(StrEnum):
    """Which Host the Space is given; both were seen."""

    PUBLIC = "public"  # OWNER-NAME.hf.space
    INTERNAL = "internal"  # proxy.spaces.internal.huggingface.tech


class Edge(Protocol):
    """The proxy in front of one berth, in all its manners at once."""

    @property
    def url(self) -> str:
        """`https://OWNER-NAME.hf.space`, the Space's address as its visitors know it."""
        ...

    @property
    def certificate(self) -> str:
        """The certificate of the authority that a client must trust, PEM."""
        ...

    def address(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> tuple[str, int]:
        """Host and port where the harness, or a browser that maps `url`'s host to it, reaches it."""
        ...

    def client(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> httpx.Client:
        """A client with `url` as its base that trusts the certificate. To be closed by the caller."""
        ...

    def logs(self) -> str: ...

    def close(self) -> None:
        """Remove the proxy, however it stands and however often this is called."""
        ...
