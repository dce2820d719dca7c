"""Staying with a Space that runs, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from spacedock.contract.finding import redact
from spacedock.docks.instance import FullInstance


def attach(console: Console, instance: FullInstance, canaries: Mapping[str, tuple[str, ...]]) -> None:
    """Say how to look into it, and show what it goes on to say. Returns when it ends, or at Ctrl-C."""
    console.print(f"{instance.url}  (Ctrl-C ends it)", style="bold")
    if instance.shell:
        console.print(instance.shell, style="bold", soft_wrap=True)
    with suppress(KeyboardInterrupt):
        for line in instance.follow():
            console.print(Text(redact(line, canaries)), soft_wrap=True)
