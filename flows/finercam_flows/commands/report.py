"""`finercam report`: the atlas, static pages that need no network."""

from rich.console import Console

from finercam_flows.calls import write_atlas
from finercam_flows.options.report import ReportOptions
from finercam_flows.screen.bars import run_bar
from finercam_flows.signatures.command import command


@command(ReportOptions)
def report(options: ReportOptions) -> None:
    """Write the atlas: one page per species, one page per pair, an index with search. Figures made before are kept.

    Example: finercam report maps.zarr --out atlas --evaluation evaluation
    """
    with run_bar("Atlas"):
        atlas = write_atlas(options)
    console = Console()
    console.print(f"{atlas.species} species, {atlas.pairs} pairs. To read: {atlas.index}", soft_wrap=True)
    if not atlas.live:
        console.print("Its maps stay as printed: the script of the live atlas is not built (make web).", soft_wrap=True)
    for image_id, reason in list(atlas.unreadable.items())[:5]:
        console.print(f"  [yellow]not shown: {image_id}: {reason}[/]", soft_wrap=True)
