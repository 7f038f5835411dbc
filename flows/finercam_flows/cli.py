"""The `finercam` command: subcommands, one clear sentence for an error, the traceback behind `--debug`."""

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
    info,
    report,
    review,
    serve,
    train,
)
from finercam_flows.process import lifeline
from finercam_flows.process.settings import apply_defaults
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
app.command("info")(info.info)
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


def main(arguments: list[str] | None = None) -> None:
    """Run the command.

    It exits with 0 on success, 1 on an error of finercam's own, 2 on wrong usage, 130 or 143 when stopped.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    lifeline.lead(lifeline.COMMAND)
    apply_defaults(logs=debug or given[:1] == ["serve"])
    try:
        app([word for word in given if word != "--debug"], prog_name="finercam")
    except FinercamError as error:
        if debug:
            raise
        Console(stderr=True, soft_wrap=True).print(f"[bold red]finercam:[/] {error.problem}", highlight=False)
        if error.remedy:
            Console(stderr=True, soft_wrap=True).print(f"  [dim]{error.remedy}[/]", highlight=False)
        sys.exit(error.code if isinstance(error, StoppedError) else 1)
