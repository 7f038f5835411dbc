"""`finercam catalog`: look at a collection, fetch its images and split it, before anything is computed."""

import typer

from finercam_flows.commands.check import check
from finercam_flows.commands.fetch import fetch
from finercam_flows.commands.split import split

app = typer.Typer(help="Look at a collection's catalog, fetch its images, split it.", no_args_is_help=True)
app.command("check")(check)
app.command("fetch")(fetch)
app.command("split")(split)
