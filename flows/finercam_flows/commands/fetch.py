"""`finercam catalog fetch`: the images of a collection, verified, resumable, each stored once."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from finercam_flows.calls import fetch_images
from finercam_flows.options.command import command
from finercam_flows.options.fetch import FetchOptions
from finercam_flows.screen.fetch_bar import fetch_bar

if TYPE_CHECKING:
    from finercam_core.fetch import FetchReport


@command(FetchOptions)
def fetch(options: FetchOptions) -> None:
    """Bring the images of a catalog into a folder; run the same command again to go on after a stop.

    Afterwards TO/catalog.toml is a catalog that every other command opens; TO/fetched.parquet and TO/failures.parquet
    say what became of each file.

    Example: finercam catalog fetch catalogs/fish-vista.toml --to fish-vista --contact you@museum.org
    """
    try:
        with fetch_bar() as watcher:
            report = fetch_images(options, watcher)
    except KeyboardInterrupt:
        Console(stderr=True, soft_wrap=True).print(
            "Stopped; what was fetched is kept. Run the same command again to go on."
        )
        raise typer.Exit(130) from None
    tell(report, Path(options.to))


def tell(report: "FetchReport", folder: Path) -> None:
    """Say what a fetch did."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{report.fetched} files fetched in this run, {report.there} were there: {report.specimens} specimens."
    )
    for cause, count in report.causes.items():
        console.print(f"  [yellow]{count} x {cause}[/]")
    if report.causes:
        console.print(f"  each with its reason in {folder / 'failures.parquet'}")
    if report.unchecked:
        console.print(f"  [yellow]{report.unchecked} checksums are of a kind that cannot be checked[/]")
    if report.again:
        console.print(f"  {report.again} of them may work later: run the same command again")
    console.print(f"Next: finercam catalog check {folder / 'catalog.toml'}")
