"""A service is an account and a host: the credentials of one run, and the place where the service runs."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, Self

from spacedock.errors import BootError, SpacedockError

_PATIENCE = 60.0  # seconds that a service gets to answer
_PAUSE = 0.03  # seconds between two tries
_TAIL = 20  # lines of its log in an error


class ServiceAccount(Protocol):
    """This run's credentials at a service, wherever that runs."""

    @property
    def name(self) -> str: ...
    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]: ...

    def values(self, address: str) -> Mapping[str, str]:
        """What somebody needs who reaches the service at `address`, a `host:port`."""
        ...

    def refusal(self, address: str) -> str | None:
        """Use the service with these credentials and say why it did not answer; None when it did."""
        ...


class Host(Protocol):
    """Where one service runs: a container or a child process."""

    def start(self) -> None: ...

    def address(self) -> str | None:
        """`host:port` for the harness, None as long as it is not known."""
        ...

    def exit_code(self) -> int | None:
        """None as long as the service lives."""
        ...

    def logs(self) -> str: ...

    def end(self) -> None:
        """Remove it, however it stands and however often this is called."""
        ...


class HostedService:
    """A `Service` made of the two. `inside` is its address for the Space; None when that is the harness's.

    `ended` is raised where its host ends before it answers.
    """

    def __init__(
        self,
        account: ServiceAccount,
        host: Host,
        header: str,
        *,
        inside: str | None = None,
        ended: type[SpacedockError] = BootError,
    ) -> None:
        self.name = account.name
        self.canaries = account.canaries
        self.control = str(getattr(account, "control", ""))  # only doubles take orders
        self.header: tuple[str, ...] = (header,)
        self._account = account
        self._host = host
        self._inside = inside
        self._address = ""
        self._ended = ended

    @property
    def address(self) -> str:
        """`host:port`, as the Space reaches it."""
        return self._inside or self._address

    @property
    def values(self) -> Mapping[str, str]:
        """What a manifest may ask for, as the Space must be given it."""
        return self.values_at(self.address)

    def values_at(self, address: str) -> Mapping[str, str]:
        """The same for somebody who reaches the service at `address`."""
        return self._account.values(address)

    @property
    def local(self) -> Mapping[str, str]:
        """The same as the harness itself must use it."""
        return self._account.values(self._address)

    def logs(self) -> str:
        """Everything that it wrote so far."""
        return self._host.logs()

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Its header says from then on what the server calls itself: an image's name is no proof of that. Raises
        BootError, or what it is given for its end, with its last lines, and leaves nothing.
        """
        try:
            self._host.start()
            self._address = _wait(self._account, self._host, self._ended)
            if version := _version(self._account, self._address):
                self.header = tuple(versioned(line, version) for line in self.header)
        except BaseException:
            self._host.end()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._host.end()


def _version(account: ServiceAccount, address: str) -> str:
    """Return what the server calls itself; empty where the account cannot ask, or is not told."""
    ask = getattr(account, "version", None)
    with suppress(Exception):  # it has answered already: a line of the header is no reason to fail
        return str(ask(address)) if ask else ""
    return ""


def versioned(line: str, version: str) -> str:
    """Return a line of a header with the name and number of what truly runs, unless it has that number."""
    return line if version.rsplit(maxsplit=1)[-1].rpartition("/")[2] in line else f"{line}; it is {version}"


def _wait(account: ServiceAccount, host: Host, ended: type[SpacedockError]) -> str:
    """The address at which the service answered."""
    patience_ends = time.monotonic() + _PATIENCE
    while True:
        address = host.address()
        refusal = account.refusal(address) if address else "its address is not known"
        if address and refusal is None:
            return address
        if (code := host.exit_code()) is not None:
            what = f"{account.name} exited with code {code} before it answered"
            raise ended(what, remedy="mend what its last lines say", log=tail(host.logs()))
        if time.monotonic() > patience_ends:
            what = f"{account.name} did not answer within {_PATIENCE:.0f} s: {refusal}"
            raise BootError(what, remedy="give the machine more time or memory", log=tail(host.logs()))
        time.sleep(_PAUSE)


def tail(log: str) -> str:
    """Return the end of a log, as much as an error shows."""
    return "\n".join(log.splitlines()[-_TAIL:])


def http_refusal(address: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Why a GET did not give 200, None when it did."""
    connection = http.client.HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", path, headers=dict(headers))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"GET {path}: {error!r}"
    finally:
        connection.close()
    return None if status == 200 else f"GET {path} gave {status}"
