"""`finercam catalog`: look at a collection, fetch its images and split it, before anything is computed."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from finercam_flows.commands.check import check
from finercam_flows.commands.fetch import fetch
from finercam_flows.options.catalog import SplitOptions
from finercam_flows.options.command import command

if TYPE_CHECKING:
    import pandas as pd


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
    console = Console(highlight=False, soft_wrap=True)
    console.print(_counts(table))
    console.print(f"{int(table['new'].sum()):,} images are new in {options.out}.")
    console.print(f'Use it: write splits = "{Path(options.out).name}" below \\[collection] in a manifest beside it.')


def _counts(table: "pd.DataFrame") -> Table:
    shown = Table("split", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("images", "share", "species"):
        shown.add_column(name, justify="right")
    for name in ("train", "val", "test"):
        part = table[table["split"] == name]
        shown.add_row(name, f"{len(part):,}", f"{len(part) / len(table):.1%}", f"{part['scientificName'].nunique():,}")
    return shown


app = typer.Typer(help="Look at a collection's catalog, fetch its images, split it.", no_args_is_help=True)
app.command("check")(check)
app.command("fetch")(fetch)
app.command("split")(split)
