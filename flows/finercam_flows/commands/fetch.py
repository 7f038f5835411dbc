"""`finercam catalog fetch`: the images of a collection, verified, resumable, each stored once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from finercam_flows.screen.fetch_bar import fetch_bar

if TYPE_CHECKING:
    from finercam_core.fetch import FetchReport


def fetch(
    catalog: Annotated[str, typer.Argument(help="Manifest (TOML), table, Darwin Core Archive or folder of images.")],
    to: Annotated[Path, typer.Option(help="Folder for the images, their catalog and the logs.")],
    root: Annotated[
        str | None, typer.Option(help="Folder or URL of the images, if the catalog's own is not right.")
    ] = None,
    per_host: Annotated[int, typer.Option(min=1, help="Requests to one server at the same time.")] = 8,
    attempts: Annotated[int, typer.Option(min=1, help="Attempts an image, when the cause may pass.")] = 5,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds without a byte after which a server hangs.")] = 30.0,
    image_timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one image, all attempts together.")
    ] = 600.0,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Largest file, in MB.")] = 512.0,
    max_megapixels: Annotated[float, typer.Option(min=0.001, help="Largest picture.")] = 100.0,
    min_free_gb: Annotated[float, typer.Option(min=0.0, help="Room that stays free on the disk, in GB.")] = 1.0,
    contact: Annotated[str, typer.Option(help="Your mail or web address, which servers are told.")] = "",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also ask servers on this machine and in private networks.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed for good (missing, no image …).")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file that is there; fetch damaged ones again.")
    ] = False,
    keep_bad: Annotated[bool, typer.Option("--keep-bad", help="Keep what was refused, in TO/quarantine.")] = False,
) -> None:
    """Bring the images of a catalog into a folder; run the same command again to go on after a stop.

    Afterwards TO/catalog.toml is a catalog that every other command opens; TO/fetched.parquet and TO/failures.parquet
    say what became of each file.

    Example: finercam catalog fetch catalogs/fish-vista.toml --to fish-vista --contact you@museum.org
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.fetch import FetchSettings
    from finercam_core.fetch import fetch as fetch_images
    from finercam_core.images.decoder import Limits

    settings = FetchSettings(
        per_host=per_host, attempts=attempts, read_timeout=timeout, connect_timeout=min(timeout, 10.0),
        total_timeout=image_timeout, max_bytes=int(max_mb * 1e6), limits=Limits(int(max_megapixels * 1e6)),
        min_free=int(min_free_gb * 1e9), allow_private=allow_private, contact=contact, keep_bad=keep_bad,
    )  # fmt: skip
    found = open_catalog(catalog, root=root)
    try:
        with fetch_bar() as watcher:
            report = fetch_images(found, to, settings, retry_failed=retry_failed, verify=verify, watcher=watcher)
    except KeyboardInterrupt:
        Console(stderr=True, soft_wrap=True).print("Stopped; what came is kept. Run the same command again to go on.")
        raise typer.Exit(130) from None
    tell(report, to)


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
