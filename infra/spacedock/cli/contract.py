"""`spacedock list` and `spacedock explain`: what the contract asks, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacedock.cli.app import app

if TYPE_CHECKING:
    from spacedock.contract.promise import Promise


@app.command("list")
def list_promises() -> None:
    """List the promises of the contract."""
    from spacedock.contract.registry import all_promises

    for promise in all_promises():
        print(f"{promise.id:<28} {promise.level:<7} since {promise.since:<5} {promise.title}")


@app.command()
def explain(promise: Annotated[str, typer.Argument(help="The promise's id, as `list` shows it.")]) -> None:
    """Say what a promise asks, why, what mends it, and where that is written."""
    from spacedock.contract.registry import chosen

    (found,) = chosen([promise])
    print(_explanation(found))


def _explanation(promise: Promise) -> str:
    parts = {
        "promise": f"{promise.id} ({promise.level}, since {promise.since})",
        "asks": promise.title,
        "because": promise.reason,
        "there": promise.consequence,
        "remedy": promise.remedy,
        "source": promise.source,
        "needs": f"a dock that can show {', '.join(sorted(promise.needs))}" if promise.needs else "any dock",
    }
    return "\n".join(f"{name + ':':<9}{text}" for name, text in parts.items())
