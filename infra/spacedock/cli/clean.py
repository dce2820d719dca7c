"""`spacedock clean`: leave nothing of any run on this machine."""

from __future__ import annotations

from spacedock.cli.app import app
from spacedock.screen import screen


@app.command()
def clean() -> None:
    """Remove every container, network, image, process and folder that any run on this machine left."""
    from spacedock.engine import Engine
    from spacedock.runs import open_run

    with open_run(least=0):  # opening a run ends what dead ones left
        removed = Engine.connect().sweep(everything=True) if Engine.answers() else ()
    console = screen()
    for what in removed:
        console.print(f"removed {what}", soft_wrap=True)
    console.print("nothing is left")
