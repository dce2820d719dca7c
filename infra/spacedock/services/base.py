"""What stands outside the Space: one small Protocol, one module a service.

A service module offers two factories, so that adding a service is adding a module:

    def in_container(network: Network, supply: Supply, run: OpenRun) -> Service: ...
    def in_process(run: OpenRun) -> Service: ...

and says in `PORT` where the real one usually listens; in `PORTS` for values that lead elsewhere. Who reads
files alone asks for those: what a factory needs (docker, drivers) is imported there, and not by the module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self


class Service(Protocol):
    """A running service. A context manager: entering starts it and returns once it answers."""

    @property
    def name(self) -> str: ...

    @property
    def values(self) -> Mapping[str, str]:
        """What a manifest may ask for (`from = "postgres.url"`), as the Space must be given it."""
        ...

    @property
    def address(self) -> str:
        """`host:port`, as the Space reaches it."""
        ...

    def values_at(self, address: str) -> Mapping[str, str]:
        """The same as `values` for somebody who reaches it by another way, such as a proxy."""
        ...

    @property
    def local(self) -> Mapping[str, str]:
        """The same values as the harness itself must use them (addresses differ, secrets do not)."""
        ...

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """For each key of `values` the strings in it that are secret; random, new each run."""
        ...

    @property
    def control(self) -> str:
        """The token that whoever orders faults of it must show; empty where it takes no orders."""
        ...

    @property
    def header(self) -> tuple[str, ...]:
        """Lines for the verdict: what runs, whether it is a stand-in, what it cannot show."""
        ...

    def logs(self) -> str: ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
