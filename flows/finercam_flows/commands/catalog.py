"""`finercam catalog`: look at a collection before anything is computed."""

from typing import Annotated

import typer
from rich.console import Console

from finercam_flows.commands.fetch import fetch

app = typer.Typer(help="Look at a collection's catalog.", no_args_is_help=True)
app.command("fetch")(fetch)


@app.callback()
def _group() -> None:
    pass


@app.command("check")
def check(
    catalog: Annotated[str, typer.Argument(help="Manifest (TOML), table, Darwin Core Archive or folder of images.")],
) -> None:
    """Say what is in a catalog and what is wrong with it, row by row.

    Example: finercam catalog check catalogs/fish-vista.toml
    """
    from finercam_core.catalog import open_catalog

    found, console = open_catalog(catalog), Console()
    console.print(f"{found.name}: {len(found.specimens)} specimens of {len(found.species)} species")
    for _, row in found.rejected.iterrows():
        console.print(f"  [yellow]{row['table']} row {row['row']}  {row['image_id']}[/]  {row['reason']}")
