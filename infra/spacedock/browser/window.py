"""A browser's window on the Space behind its edge, and what its console says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spacedock.browser.sites import Sites
from spacedock.browser.trust import presented, trusting
from spacedock.edge.base import Edge, HostForm, Manner

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Error, FrameLocator

WITHIN = 20_000  # milliseconds that are waited for what must happen
_RESOURCE = "Failed to load resource"
# Where localhost leads to, whatever port is asked for: to this machine, and there to a port that nobody has,
# since what else runs on it is no visitor's business.
_LOCALHOST = "MAP localhost 127.0.0.1:1"


class BrowserWindow:
    """A page in a profile, and every line that its console showed."""

    def __init__(self, profile: BrowserContext) -> None:
        self.page = profile.new_page()
        self.page.set_default_timeout(WITHIN)
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(_line(message)))
        self.page.on("pageerror", lambda error: self.console.append(_uncaught(error)))

    @property
    def frame(self) -> FrameLocator:
        """What the page shows in its frame."""
        return self.page.frame_locator("iframe")

    def wait_for_console(self, text: str) -> None:
        """Wait until the console shows a line with `text`."""
        if not any(text in line for line in self.console):
            self.page.wait_for_event("console", lambda message: text in message.text)

    def close(self) -> None:
        """Close the page and forget what it was given."""
        self.page.close()
        self.page.context.clear_cookies()


def surroundings(
    edge: Edge, sites: Sites, manner: Manner, host: HostForm = HostForm.PUBLIC
) -> tuple[str, str]:
    """Return the switches that make Chromium find the Space behind `edge`, the sites, and nothing else."""
    space = urlsplit(edge.url).netloc
    hosts = dict.fromkeys(sites.hosts, sites.address)
    hosts[space] = edge.address(manner, host)
    certificates = (
        presented(hosts[space], space, edge.certificate),
        presented(sites.address, sites.hosts[0], sites.certificate),
    )
    return resolving(hosts), trusting(*certificates)


def resolving(hosts: Mapping[str, tuple[str, int]]) -> str:
    """Return the switch that makes Chromium find these hosts, at the port of https, and no others.

    On localhost it finds nobody.
    """
    rules = [f"MAP {host}:443 {address}:{port}" for host, (address, port) in hosts.items()]
    return f"--host-resolver-rules={','.join([*rules, _LOCALHOST, 'MAP * ~NOTFOUND'])}"


def _line(message: ConsoleMessage) -> str:
    """Return a line as the console shows it, which puts the URL before what could not be loaded."""
    place = f"{message.location['url']}:1 " if message.text.startswith(_RESOURCE) else ""
    return f"{place}{message.text}"


def _uncaught(error: Error) -> str:
    return f"Uncaught {error.name}: {error.message}"
