"""`finercam catalog`: look at a collection, fetch its images and split it, before anything is computed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from finercam_core.errors import CatalogError, counted
from finercam_flows.calls import fetch_images
from finercam_flows.options.catalog import CheckOptions, FetchOptions, SplitOptions
from finercam_flows.process.signals import Unwinding
from finercam_flows.screen.bars import progress_bar
from finercam_flows.screen.console import Screen
from finercam_flows.screen.fetch_bar import fetch_bar
from finercam_flows.signatures.command import command

if TYPE_CHECKING:
    import pandas as pd

    from finercam_core.catalog import Catalog
    from finercam_core.catalog.check import CatalogCheck
    from finercam_core.fetch import FetchReport

app = typer.Typer(help="Look at a collection's catalog, fetch its images, split it.", no_args_is_help=True)


@app.command()
@command(CheckOptions)
def check(options: CheckOptions) -> None:
    """Say what is in a catalog and what is wrong with it; exit code 1 if none of its images can be used.

    Example: finercam catalog check catalogs/fish-vista.toml --json fish-vista.json
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.catalog.check import check_catalog
    from finercam_flows.screen.check_table import show

    catalog = open_catalog(options.catalog, root=options.root, synonyms=options.synonyms)
    images = _look(catalog, opened=options.images, near_identical=options.near_identical)
    result = check_catalog(catalog, images)
    show(result, Screen(), details=options.details)
    if options.json_file is not None:
        _write(result, Path(options.json_file))
    if options.fix_paths and _fix_paths(catalog, result):
        return
    if not result.usable:
        Screen(stderr=True, soft_wrap=True, highlight=False).print(
            "[bold red]finercam:[/]", escape(result.why_unusable)
        )
        raise typer.Exit(1)


def _fix_paths(catalog: "Catalog", result: "CatalogCheck") -> bool:
    """Write what the check found into a manifest, and say how to go on; False if there is nothing to write."""
    from finercam_core.catalog.repairs import Repairs, write_repairs

    found = result.finding("paths_repairable")
    console = Screen(highlight=False, soft_wrap=True)
    if found is None:
        console.print("No missing image has a file under another name: nothing is written.")
        return False
    manifest = write_repairs(catalog.source, catalog.name, Repairs(found.base, found.cases))
    place = escape(str(manifest))
    console.print(f"{found.count:,} paths are written for {place}. Next: finercam catalog check {place}")
    return True


def _look(catalog: "Catalog", *, opened: bool, near_identical: bool) -> "pd.DataFrame":
    from finercam_core.catalog.check import look_at_images

    if not opened or not (catalog.specimens["path"] != "").any():
        return look_at_images(catalog, opened=opened)
    with progress_bar() as bar:
        task = bar.add_task("Looking at images", total=None, note="")
        return look_at_images(
            catalog,
            opened=opened,
            near_identical=near_identical,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _write(result: "CatalogCheck", path: Path) -> None:
    try:
        path.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror}", "correct the path after --json") from error


@app.command()
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
    except (KeyboardInterrupt, Unwinding):
        Screen(stderr=True, soft_wrap=True).print(
            "Stopped; what was fetched is kept. Run the same command again to go on."
        )
        raise typer.Exit(130) from None
    _print_report(report, Path(options.to))


def _print_report(report: "FetchReport", folder: Path) -> None:
    """Print what a fetch did."""
    console = Screen(soft_wrap=True, highlight=False)
    there = counted(report.there, "was there", "were there")
    fetched, specimens = counted(report.fetched, "file"), counted(report.specimens, "specimen")
    console.print(f"{fetched} fetched in this run, {there}: {specimens}.")
    for cause, count in report.causes.items():
        console.print(f"  [yellow]{counted(count, 'file')}: {cause}[/]")
    if report.causes:
        console.print(f"  each with its reason in {escape(str(folder / 'failures.parquet'))}")
    if report.unchecked:
        checksums = counted(report.unchecked, "checksum is", "checksums are")
        console.print(f"  [yellow]{checksums} of a kind that cannot be checked[/]")
    if report.again:
        console.print(f"  {report.again:,} of these may work later: run the same command again")
    console.print(f"Next: finercam catalog check {escape(str(folder / 'catalog.toml'))}")


@app.command()
@command(SplitOptions)
def split(options: SplitOptions) -> None:
    """Deal the specimens of each species out to train, val and test; a specimen's images stay together.

    Then name the file in the manifest: splits = "FILE", below name. When images are added, run it again: no image moves
    to another split.

    Example: finercam catalog split catalogs/fish-vista.toml --out splits.csv --anew
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.catalog.split_file import write_splits

    catalog = open_catalog(options.catalog, splits="")
    table = write_splits(catalog, options.out, val=options.val, test=options.test, anew=options.anew)
    console = Screen(highlight=False, soft_wrap=True)
    console.print(_counts(table))
    new = counted(int(table["new"].sum()), "image is", "images are")
    console.print(f"{new} new in {escape(options.out)}.")
    console.print(
        f'Use it: write splits = "{escape(Path(options.out).name)}" below \\[collection] in a manifest beside it.'
    )


def _counts(table: "pd.DataFrame") -> Table:
    shown = Table("split", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("images", "share", "species"):
        shown.add_column(name, justify="right")
    for name in ("train", "val", "test"):
        part = table[table["split"] == name]
        shown.add_row(name, f"{len(part):,}", f"{len(part) / len(table):.1%}", f"{part['scientificName'].nunique():,}")
    return shown
