"""The browser of these tests reaches the Space and the sites around it only, and checks certificates."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Playwright

from spacedock.browser.sites import Sites, serving
from spacedock.browser.trust import presented, trusting
from spacedock.browser.window import BrowserWindow, resolving
from spacedock.docks.instance import FullInstance
from tests.integration.chromium import launch
from tests.integration.edge.browser.conftest import Visit
from tests.integration.edge.browser.sites import HUB


def test_any_other_host_is_unknown(visit: Visit) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        visit("https://api.openai.com")


def test_the_space_has_no_port_but_that_of_https(visit: Visit, instance: FullInstance) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        visit(instance.edge().url.replace("https", "http"))


def test_another_certificate_for_the_same_host_is_refused(playwright: Playwright, sites: Sites) -> None:
    known = presented(sites.address, sites.hosts[0], sites.certificate)
    with (
        serving(HUB) as others,
        launch(playwright, resolving({others.hosts[0]: others.address}), trusting(known)) as browser,
        pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"),
    ):
        BrowserWindow(browser.new_context()).page.goto(HUB)
