"""The `finercam` command: its subcommands, one clear sentence per error, and the traceback behind `--debug`."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from finercam_core import __version__
from finercam_core.errors import FinercamError
from finercam_flows.commands import (
    annotate,
    catalog,
    classifier,
    demo,
    evaluate,
    export,
    report,
    review,
    serve,
    store,
    train,
)
from finercam_flows.process import lifeline
from finercam_flows.process.signals import StoppedError

app = typer.Typer(
    help="What tells a species from its look-alikes: Finer-CAM evidence maps of specimen collections.",
    epilog="Start with: finercam demo --out demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.add_typer(catalog.app, name="catalog")
app.command("train")(train.train)
app.add_typer(classifier.app, name="classifier")
app.command("annotate")(annotate.annotate)
app.command("info")(store.info)
app.command("repair")(store.repair)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(report.report)
app.command("review")(review.review)
app.command("export")(export.export)
app.command("serve")(serve.serve)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"finercam {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    pass


PREFECT_DEFAULTS = {
    # The temporary server of a one-off run needs 11 to 25 s on a small machine; Prefect's own limit is shorter.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_QUIET = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "DASK_LOGGING__DISTRIBUTED": "critical"}
_LOGGED = {"PREFECT_LOGGING_LEVEL": "INFO"}


def set_prefect_defaults(*, logs: bool = False) -> None:
    """Set environment variables that the user has not set; call this before Prefect is imported.

    Parameters
    ----------
    logs : bool
        Let Prefect log what it does; otherwise the command reports errors itself, once.
    """
    for name, value in {**PREFECT_DEFAULTS, **(_LOGGED if logs else _QUIET)}.items():
        os.environ.setdefault(name, value)


def main(arguments: list[str] | None = None) -> None:
    """Run the command.

    It exits with 0 on success, 1 on an error of finercam's own, 2 on wrong usage, 130 or 143 when stopped.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    lifeline.lead(lifeline.COMMAND)
    set_prefect_defaults(logs=debug or words[:1] == ["serve"])
    try:
        app([word for word in words if word != "--debug"], prog_name="finercam")
    except FinercamError as error:
        if debug:
            raise
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        console.print(f"[bold red]finercam:[/] {error.problem}")
        if error.remedy:
            console.print(f"  [dim]{error.remedy}[/]")
        sys.exit(error.code if isinstance(error, StoppedError) else 1)
