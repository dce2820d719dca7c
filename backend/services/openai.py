"""OpenAI. Asking it costs money, so only the key's shape is looked at."""

from __future__ import annotations

import re

from backend.config import Settings
from backend.services.base import AwayError

OFFICIAL = "https://api.openai.com/"


class OpenAI:
    """The OpenAI API, or one that speaks like it."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self._key = settings.openai_api_key
        self._official = settings.openai_base_url.startswith(OFFICIAL)

    async def ask(self) -> str:
        """Look at the key; other providers' keys have other shapes."""
        if self._official and not re.fullmatch(r"sk-[\w-]{20,}", self._key.get_secret_value()):
            raise AwayError("the key does not look like a key of OpenAI, which starts with sk-")
        return "the key has the right shape"

    async def close(self) -> None:
        """Nothing is open."""
