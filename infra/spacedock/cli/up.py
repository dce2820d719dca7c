"""`spacedock up`: boot a Space with all its services and look around."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from spacedock.cli.app import app
from spacedock.cli.options import DockOption, EgressOption, Place, ScaleOption, TrustOption, Verbose
from spacedock.console import ConsoleProgress
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import Execution
from spacedock.edge.base import Edge, Manner
from spacedock.errors import BootError, SpacedockError, UsageError
from spacedock.options import DOCK, EGRESS, TIME_SCALE, TRUST
from spacedock.screen import screen

if TYPE_CHECKING:
    from spacedock.docks.life import PlatformState

RunFirst = Annotated[
    str,
    typer.Option(
        "--run", metavar="COMMAND", help="Run this where the Space runs, once it is up.", show_default=False
    ),
]

EdgeInFront = Annotated[
    bool, typer.Option("--edge", help="Put the platform's TLS proxy in front, and say how to come in by it.")
]


@app.command()
def up(
    path: Place = Path(),
    dock: DockOption = DOCK.default,
    trust: TrustOption = False,
    run_first: RunFirst = "",
    egress: EgressOption = EGRESS.default,
    time_scale: ScaleOption = TIME_SCALE.default,
    edge: EdgeInFront = False,
    verbose: Verbose = False,
) -> None:
    """Boot the Space with all its services and show its log until Ctrl-C."""
    from spacedock.contract.finding import redact
    from spacedock.docks.choose import choose
    from spacedock.docks.life import PlatformState, Stage, state_before, state_of
    from spacedock.runs import open_run
    from spacedock.space import read_space

    console = screen()
    with _stages(console) as tell:
        space = read_space(path)
        if state := state_before(space):
            tell(state)
    conditions = Conditions(egress, time_scale=time_scale)
    in_front: list[str] = []
    with suppress(KeyboardInterrupt), _stages(console) as tell, open_run() as run, ExitStack() as stack:
        with ConsoleProgress(screen(stderr=True), verbose=verbose) as progress:
            tell(PlatformState(Stage.BUILDING))
            chosen = choose(dock, space, run, progress, conditions, trusted=TRUST.given(trust))
            opened = stack.enter_context(chosen)
            if edge:
                _require_edge(opened)
            tell(PlatformState(Stage.APP_STARTING))
            with progress("booting the Space"):
                instance = stack.enter_context(closing(opened.boot(AS_DEPLOYED)))
            tell(state_of(instance))
            if run_first and instance.boot.ready:
                with progress(f"running {run_first}"):
                    ended = instance.execute(*shlex.split(run_first))
                console.print(redact(ended.output.rstrip(), opened.canaries), soft_wrap=True)
                _require_success(run_first, ended)
            if edge:
                with progress("starting its edge"):
                    in_front = list(_ways_in(instance.edge(), run.folder))
        for line in opened.header:
            console.print(line, style="dim")
        console.print(f"{space.manifest.space.id} {instance.boot}", style="bold")
        console.print(f"{instance.url}  (Ctrl-C ends it)")
        for line in in_front:
            console.print(line, soft_wrap=True)
        for line in instance.follow():
            console.print(redact(line, opened.canaries), soft_wrap=True)  # a line of its log is one here too
        tell(state_of(instance))
        raise BootError(f"the Space {instance.boot}", remedy="read its log above")
    console.print("ended")


def _require_edge(dock: OpenDock) -> None:
    if Capability.EDGE not in dock.capabilities:
        raise UsageError(
            f"the {dock.name} dock has no edge", remedy="use `--dock=image`, or leave `--edge` out"
        )


def _ways_in(edge: Edge, folder: Path) -> Iterator[str]:
    """Say how a browser and curl come in; the authority's certificate is written into `folder`."""
    authority = folder / "edge-authority.pem"
    authority.write_text(edge.certificate, encoding="ascii")
    host = edge.url.removeprefix("https://")
    connect_host, port = edge.address(Manner.OBSERVED)
    curl = ["curl", "--cacert", str(authority), "--connect-to", f"::{connect_host}:{port}", f"{edge.url}/"]
    chromium = [
        "chromium",
        f"--user-data-dir={folder / 'chromium'}",
        f"--host-resolver-rules=MAP {host} {connect_host}:{port}",
        f"--ignore-certificate-errors-spki-list={edge.pin}",
        f"{edge.url}/",
    ]
    yield f"edge      {edge.browser_url(Manner.OBSERVED)}  (observed: it answers CORS preflights itself)"
    yield f"          {edge.browser_url(Manner.TRANSPARENT)}  (transparent: the Space is asked)"
    yield f"trust     {authority}"
    yield f"by name   {shlex.join(curl)}"
    yield f"          {shlex.join(chromium)}"


@contextmanager
def _stages(console: Console) -> Iterator[Callable[[PlatformState], None]]:
    """Print each stage of the Space's life as it begins, also the one that an error is to the platform."""
    from spacedock.docks.life import state_after

    def tell(state: PlatformState) -> None:
        console.print(f"stage {state}", style="dim", soft_wrap=True)

    try:
        yield tell
    except SpacedockError as error:
        if state := state_after(error):
            tell(state)
        raise


def _require_success(command: str, ended: Execution) -> None:
    if ended.exit_code:
        raise BootError(
            f"`{command}` ended with code {ended.exit_code}", remedy="mend what it says above, and try again"
        )
