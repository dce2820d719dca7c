"""Staying with a Space that runs, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from spacedock.contract.examine import redact
from spacedock.docks.base import Berth


def stay(console: Console, berth: Berth, canaries: Mapping[str, tuple[str, ...]]) -> None:
    """Say how to look into it, and show what it goes on to say. Returns when it ends, or at Ctrl-C."""
    console.print(f"{berth.url}  (Ctrl-C ends it)", style="bold")
    if berth.shell:
        console.print(berth.shell, style="bold", soft_wrap=True)
    with suppress(KeyboardInterrupt):
        for line in berth.follow():
            console.print(Text(redact(line, canaries)), soft_wrap=True)
