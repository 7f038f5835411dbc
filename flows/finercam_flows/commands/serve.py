"""`finercam serve`: the deployments of a prefect.yaml, on their schedules."""

import asyncio
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_core.errors import ServeError
from finercam_flows.options.serve import MetricsOptions, ServeOptions
from finercam_flows.places import inputs
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command

if TYPE_CHECKING:
    from finercam_flows.serving.config import Deployment
    from finercam_flows.serving.server import Server


@command(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Run flows on their schedules, unattended, with Prefect's pages to watch and to start them.

    Example: finercam serve --init, then: finercam serve
    """
    console, config = Screen(), Path(options.config)
    if options.init:
        _write_example(config, console)
        return
    inputs.config(options.config)
    from finercam_flows.serving.config import read_config
    from finercam_flows.serving.permissions import allow
    from finercam_flows.serving.rules import read_rules, set_up
    from finercam_flows.serving.server import check_versions
    from finercam_flows.serving.service import serve as run

    check_versions()
    folder = Path(options.data or config.parent / "prefect-server").resolve()
    entered = _enter(config)
    deployments, rules = read_config(entered), read_rules(entered)
    allow(entered, deployments, options.allow_factory)
    if options.set_up:
        for sentence in asyncio.run(set_up(rules, deployments)):
            console.print(sentence, soft_wrap=True, markup=False, highlight=False)
        return
    table = asyncio.run(_table(deployments))
    if options.check:
        _show(table, deployments, console)
        return

    def ready(server: "Server") -> None:
        _show(table, deployments, console)
        console.print(f"Watch and start them at {server.pages}/deployments, end with Ctrl-C.", soft_wrap=True)

    try:
        signal = run(
            deployments,
            folder,
            rules=rules,
            limit=options.limit,
            ready=ready,
            say=lambda text: console.print(text, soft_wrap=True, markup=False),
        )
    except KeyboardInterrupt:
        console.print("Ended before anything was served.")
        raise typer.Exit(130) from None
    console.print(f"Ended by {signal}; the next `finercam serve` goes on from here.")


@command(MetricsOptions)
def metrics(options: MetricsOptions) -> None:
    """Answer Prometheus about stores: specimens, failures by cause, images per second, last success. Until Ctrl-C.

    Example: finercam metrics maps.zarr s3://museum/fishes.zarr --port 9464
    """
    from finercam_flows.serving.metrics import serve_metrics

    end = serve_metrics(options.store, options.port, options.host)
    Screen().print(f"http://{options.host}:{options.port}/metrics, end with Ctrl-C.", soft_wrap=True, highlight=False)
    try:
        Event().wait()
    finally:
        end()


def _write_example(config: Path, console: Console) -> None:
    if config.exists():
        raise ServeError(f"{config} is there already", "change it, or give another name with --config")
    try:
        config.write_text((files("finercam_flows") / "prefect.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise ServeError(f"{config} cannot be written: {error.strerror}", "choose another with --config") from error
    console.print(f"{escape(str(config))} is written. Enter your catalog, classifier and times, then: finercam serve")


def _enter(config: Path) -> Path:
    """Change to the folder of the file, from which its paths are seen; the file's name there."""
    if config.is_file():
        os.chdir(config.parent)
        return Path(config.name)
    return config


async def _table(deployments: "Sequence[Deployment]") -> Table:
    from finercam_flows.serving.schedule import describe, next_start

    table = Table("deployment", "when", "next", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for deployment in deployments:
        start = await next_start(deployment.schedules) if not deployment.paused else None
        when = "\n".join(map(describe, deployment.schedules)) or "on demand"
        table.add_row(escape(deployment.title), escape(when), f"{start:%a %d %b %H:%M}" if start else "")
    return table


def _show(table: Table, deployments: "Sequence[Deployment]", console: Console) -> None:
    from finercam_flows.serving.config import missing_inputs

    console.print(table)
    for note in missing_inputs(deployments):
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True, highlight=False)
