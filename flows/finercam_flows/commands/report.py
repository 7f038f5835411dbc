"""`finercam report`: the atlas, static pages that need no network."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from finercam_flows.screen.bars import run_bar


def report(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for the pages; evaluation/ in it holds the figures.")],
    gamma: Annotated[float, typer.Option(help="Strength of the comparison in the maps shown.")] = 0.6,
    evaluation: Annotated[
        str | None, typer.Option(help="Folder that `evaluate --classifier` wrote: its faithfulness is taken up.")
    ] = None,
    images: Annotated[str | None, typer.Option(help="Folder of the images and masks, if it moved.")] = None,
) -> None:
    """Write the atlas: a page a species, a page a pair, an index with search. Figures that lie there already are kept.

    Example: finercam report maps.zarr --out atlas --evaluation evaluation
    """
    from finercam_flows.report import report as flow

    with run_bar("Atlas"):
        found = flow(store, str(out), gamma=gamma, images=images, evaluation=evaluation)
    console = Console()
    console.print(f"{found['species']} species, {found['pairs']} pairs. To read: {found['index']}", soft_wrap=True)
    for image_id, reason in list(found["unreadable"].items())[:5]:
        console.print(f"  [yellow]not shown: {image_id}: {reason}[/]", soft_wrap=True)
