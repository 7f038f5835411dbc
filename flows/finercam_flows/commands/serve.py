"""`finercam serve`: the deployments of a prefect.yaml, on their schedules."""

import asyncio
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from finercam_core.errors import ServeError

if TYPE_CHECKING:
    from finercam_flows.serving.config import Deployment
    from finercam_flows.serving.server import Server

_DATA = "Folder for the records of a Prefect server that is started here; default: prefect-server beside the file."


def serve(
    config: Annotated[Path, typer.Option(help="File with the deployments.")] = Path("prefect.yaml"),
    init: Annotated[bool, typer.Option("--init", help="Write an example of the file, and end.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the file and show what it says, and end.")] = False,
    data: Annotated[Path | None, typer.Option(help=_DATA)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Runs at the same time; others wait.")] = 4,
) -> None:
    """Run flows on their schedules, unattended, with Prefect's pages to watch and to start them.

    Example: finercam serve --init, then: finercam serve
    """
    console = Console()
    if init:
        _write_example(config, console)
        return
    from finercam_flows.serving.config import read_config
    from finercam_flows.serving.server import check_versions
    from finercam_flows.serving.service import serve as run

    check_versions()
    folder = (data or config.parent / "prefect-server").resolve()
    deployments = read_config(_enter(config))
    table = asyncio.run(_table(deployments))
    if check:
        _show(table, deployments, console)
        return

    def ready(server: "Server") -> None:
        _show(table, deployments, console)
        console.print(f"Watch and start them at {server.pages}/deployments, end with Ctrl-C.", soft_wrap=True)

    try:
        signal = run(
            deployments, folder, limit=limit, ready=ready, say=lambda text: console.print(text, soft_wrap=True)
        )
    except KeyboardInterrupt:
        console.print("Ended before anything was served.")
        raise typer.Exit(130) from None
    console.print(f"Ended by {signal}; the next `finercam serve` goes on from here.")


def _write_example(config: Path, console: Console) -> None:
    if config.exists():
        raise ServeError(f"{config} is there already", "change it, or give another name with --config")
    try:
        config.write_text((files("finercam_flows") / "prefect.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise ServeError(f"{config} cannot be written: {error.strerror}", "choose another with --config") from error
    console.print(f"{config} is written. Put in your catalog, classifier and times, then: finercam serve")


def _enter(config: Path) -> Path:
    """Make the folder of the file the current one, as paths in it are seen from there; gives the file's name in it."""
    if config.is_file():
        os.chdir(config.parent)
        return Path(config.name)
    return config


async def _table(deployments: "Sequence[Deployment]") -> Table:
    from finercam_flows.serving.schedule import describe, next_start

    table = Table("deployment", "when", "next", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for one in deployments:
        start = await next_start(one.schedules) if not one.paused else None
        when = "\n".join(map(describe, one.schedules)) or "on demand"
        table.add_row(one.title, when, f"{start:%a %d %b %H:%M}" if start else "")
    return table


def _show(table: Table, deployments: "Sequence[Deployment]", console: Console) -> None:
    from finercam_flows.serving.config import missing_inputs

    console.print(table)
    for note in missing_inputs(deployments):
        console.print(f"[yellow]{note}[/]", soft_wrap=True, highlight=False)
