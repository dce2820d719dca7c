"""The Space's own page in a frame of huggingface.co: the browser and the contract say the same of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Playwright, expect

from spacedock.browser.sites import Sites, framing
from spacedock.browser.window import BrowserWindow, surroundings
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import HostForm, Manner
from tests.integration.chromium import launch
from tests.integration.edge.browser.conftest import EDGE, FRAME, HTTPS, Adopt, Broken, Visit, observed
from tests.integration.edge.browser.sites import HUB

WORKS, FORGETS = "knows its visitor", "does not know its visitor"
FAILS, NEVER_RAN = "not answered: Failed to fetch", "the script has not run"

SPACE = "owner-name.hf.space"
DISPLAY = f"Refused to display 'https://{SPACE}/' in a frame because it set 'X-Frame-Options' to "
FRAMES = f"Framing 'https://{SPACE}/' violates the following Content Security Policy directive: "
MIXED = f"Mixed Content: The page at '{HUB}/' was loaded over HTTPS, but requested an insecure "
MIXED_FRAME = MIXED.replace(f"{HUB}/", f"{HUB}/?of=https://{SPACE}")


@dataclass(frozen=True)
class Habit:
    """A habit of the Space: the promise it breaks, what page (None: it is blank) and console tell."""

    name: str
    breaks: str | None = None
    tells: str | None = WORKS
    console: str = ""


HABITS = (
    Habit(""),
    Habit("X-Frame-Options: DENY", FRAME, None, f"{DISPLAY}'deny'."),
    Habit("X-Frame-Options: SAMEORIGIN", FRAME, None, f"{DISPLAY}'sameorigin'."),
    Habit("X-Frame-Options: ALLOW-FROM"),
    Habit("frame-ancestors 'none'", FRAME, None, f"{FRAMES}\"frame-ancestors 'none'\"."),
    Habit("frame-ancestors 'self'", FRAME, None, f"{FRAMES}\"frame-ancestors 'self'\"."),
    Habit("frame-ancestors https://*.huggingface.co", FRAME, None, FRAMES),
    Habit("frame-ancestors https://huggingface.co"),
    Habit("frame-ancestors over X-Frame-Options"),
    Habit("no cookie", tells=FORGETS),
    Habit("cookie without SameSite", FRAME, FORGETS),
    Habit("cookie with SameSite=Lax", FRAME, FORGETS),
    Habit("cookie with SameSite=None, without Secure", FRAME, FORGETS),
    Habit("cookie without Partitioned"),
    Habit("script by http", HTTPS, NEVER_RAN, f"{MIXED}script 'http://{SPACE}/app.js'."),
    Habit("script by http, upgraded"),
    Habit("call by http", HTTPS, FAILS, f"{MIXED}resource 'http://{SPACE}/api/visit/'."),
    Habit("call by http, upgraded"),
    Habit("slash mended to http", HTTPS, FAILS, f"{MIXED}resource 'http://{SPACE}/api/visit/'."),
    Habit("redirect to http", HTTPS, None, f"{MIXED_FRAME}frame 'http://{SPACE}/home'."),
)


@observed
@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name or "sound")
def test_browser_and_contract_say_the_same(
    habit: Habit, adopt: Adopt, broken: Broken, instance: FullInstance, visit: Visit
) -> None:
    adopt(habit.name)
    window = visit(HUB + framing(instance.edge().url))
    if habit.console:
        window.wait_for_console(habit.console)
    told = window.frame.locator("#told")
    if habit.tells:
        expect(told).to_have_text(habit.tells)
    else:
        expect(told).to_have_count(0)
    assert broken() == ([habit.breaks] if habit.breaks else [])


@observed
def test_a_private_window_keeps_only_the_partitioned_cookies_of_a_frame(
    adopt: Adopt, instance: FullInstance, playwright: Playwright, switches: tuple[str, str]
) -> None:
    with launch(playwright, *switches) as browser:
        for habit, tells in (("", WORKS), ("cookie without Partitioned", FORGETS)):
            adopt(habit)
            window = BrowserWindow(browser.new_context())
            window.page.goto(HUB + framing(instance.edge().url))
            expect(window.frame.locator("#told")).to_have_text(tells)


def test_a_space_that_knows_one_host_shows_nothing_where_the_edge_uses_the_other(
    adopt: Adopt, broken: Broken, instance: FullInstance, sites: Sites, playwright: Playwright
) -> None:
    adopt("knows one host")
    arguments = surroundings(instance.edge(), sites, Manner.OBSERVED, HostForm.INTERNAL)
    with launch(playwright, *arguments) as browser:
        window = BrowserWindow(browser.new_context())
        window.page.goto(HUB + framing(instance.edge().url))
        expect(window.frame.locator("body")).to_have_text("Invalid host header")
    assert broken() == [EDGE]
