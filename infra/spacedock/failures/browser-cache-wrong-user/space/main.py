"""The page and the API, and a picture of the page, which a browser takes."""

from __future__ import annotations

import asyncio

from app import PAGE, app
from fastapi import Response
from playwright.async_api import async_playwright

ONE_AT_A_TIME = asyncio.Semaphore(1)


@app.get("/api/picture")
async def picture() -> Response:
    async with ONE_AT_A_TIME, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell")
        page = await browser.new_page()
        await page.set_content(PAGE)
        return Response(await page.screenshot(), media_type="image/png")
