"""`finercam report`: the atlas, static pages that need no network; `finercam ask`: the answer about one pair."""

import json
import shlex
import sys
from pathlib import Path

import typer
from rich.markup import escape

from finercam_core.errors import counted
from finercam_flows.calls import answer_pair, write_atlas
from finercam_flows.options.report import AskOptions, ReportOptions
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command


@command(ReportOptions)
def report(options: ReportOptions) -> None:
    """Write the atlas: one page per species, one page per pair, an index with search. Figures made before are kept.

    Example: finercam report maps.zarr --out atlas --evaluation evaluation
    """
    with run_bar("Atlas"):
        atlas = write_atlas(options)
    console = Screen()
    console.print(
        f"{atlas.species} species, {counted(atlas.pairs, 'pair')}. To read: {escape(str(atlas.index))}", soft_wrap=True
    )
    if atlas.live:
        folder = escape(shlex.quote(str(atlas.index.parent)))
        console.print(
            f"Its maps move when a web server gives the pages: python -m http.server --directory {folder}, then "
            "http://localhost:8000. To send a link, copy the folder to any host of static files.",
            soft_wrap=True,
        )
    else:
        console.print("Its maps stay as printed: the script of the live atlas is not built (make web).", soft_wrap=True)
    for image_id, reason in list(atlas.unreadable.items())[:5]:
        console.print(f"  [yellow]not shown: {escape(image_id)}: {escape(reason)}[/]", soft_wrap=True)


@command(AskOptions)
def ask(options: AskOptions) -> None:
    """Say in five lines what tells two species apart and how sure that is, with a picture: held-out specimens alone.

    Example: finercam ask maps.zarr "Salmo trutta" "Salmo salar" --classifier classifier
    """
    lines, record, picture = answer_pair(options)
    if options.as_json:
        typer.echo(json.dumps(record, indent=1, ensure_ascii=False))
        return
    for line in lines:
        typer.echo(line)
    if options.show and sys.stdout.isatty():
        typer.launch(str(Path(picture).resolve()))
