"""`finercam catalog`: look at a collection before anything is computed."""

import typer

from finercam_flows.commands.check import check
from finercam_flows.commands.fetch import fetch

app = typer.Typer(help="Look at a collection's catalog, and fetch its images.", no_args_is_help=True)
app.command("check")(check)
app.command("fetch")(fetch)
