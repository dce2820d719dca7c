"""The Space behind its edge, the sites around it, and a browser that sees nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright

from spacedock.browser.sites import Sites, serving
from spacedock.browser.window import WITHIN, BrowserWindow, surroundings
from spacedock.contract.finding import Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.choose import choose
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import Manifest, Space, read_space
from tests.integration.chromium import launch_profile
from tests.integration.edge.browser.sites import FOREIGN, FRONT, HUB
from tests.integration.opened import held

Visit = Callable[[str], BrowserWindow]
Adopt = Callable[[str], None]
Broken = Callable[..., list[str]]

FRAME, HTTPS, EDGE = "fits-in-a-frame", "speaks-https-behind-the-edge", "survives-the-observed-edge"
PROMISES = (FRAME, HTTPS, EDGE)

observed = pytest.mark.parametrize("manner", [Manner.OBSERVED], indirect=True)
transparent = pytest.mark.parametrize("manner", [Manner.TRANSPARENT], indirect=True)


@pytest.fixture(scope="package")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    """The Space for browsers, in a folder of its own: what git tracks does not count there."""
    folder = tmp_path_factory.mktemp("browser") / "space"
    return read_space(Path(shutil.copytree(Path(__file__).with_name("space"), folder)))


@pytest.fixture(scope="package")
def dock(dock_name: str, space: Space) -> Iterator[OpenDock]:
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    with open_run() as run, choose(dock_name, space, run, silent) as opened:
        yield opened


@pytest.fixture(scope="package")
def instance(dock: OpenDock) -> Iterator[FullInstance]:
    """The Space that the browser and the promises look at."""
    with closing(dock.boot(AS_DEPLOYED)) as booted:
        assert booted.boot.ready, booted.logs()
        yield booted


@pytest.fixture(scope="package")
def sites() -> Iterator[Sites]:
    with serving(FRONT, FOREIGN, HUB) as served:
        yield served


# Of the package, since while it is open an event loop runs in this thread, where other tests want their own.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as opened:
        expect.set_options(timeout=WITHIN)
        yield opened


@pytest.fixture(scope="package", params=list(Manner))
def manner(request: pytest.FixtureRequest) -> Manner:
    """Who answers preflights: each test that asks for it is run in both manners."""
    found: Manner = request.param
    return found


@pytest.fixture(scope="package")
def switches(instance: FullInstance, manner: Manner, sites: Sites) -> tuple[str, str]:
    """What makes a browser find the Space behind its edge, and the sites."""
    return surroundings(instance.edge(), sites, manner)


@pytest.fixture(scope="package")
def profile(
    playwright: Playwright, switches: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser in front of the Space."""
    with launch_profile(playwright, tmp_path_factory.mktemp("profile"), *switches) as opened:
        yield opened


@pytest.fixture
def visit(profile: BrowserContext) -> Iterator[Visit]:
    """Opens a page in a profile that knows nothing yet."""
    with ExitStack() as stack:

        def visit(url: str) -> BrowserWindow:
            window = BrowserWindow(profile)
            stack.callback(window.close)
            window.page.goto(url)
            return window

        yield visit


@pytest.fixture
def adopt(instance: FullInstance) -> Iterator[Adopt]:
    """Gives the Space a habit until the test ends."""

    def adopt(habit: str) -> None:
        httpx.post(f"{instance.url}/habit?{quote(habit)}").raise_for_status()

    yield adopt
    adopt("")


@pytest.fixture
def broken(dock: OpenDock, instance: FullInstance, space: Space) -> Broken:
    """Tells which of the promises about the edge the Space breaks, by its own manifest or by another."""

    def broken(manifest: Manifest = space.manifest) -> list[str]:
        findings = held(replace(space, manifest=manifest), dock, PROMISES, instance)
        return [finding.promise.id for finding in findings if finding.outcome is Outcome.BROKEN]

    return broken
