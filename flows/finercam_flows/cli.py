"""The `finercam` command: its subcommands, one clear sentence per error, and the traceback behind `--debug`."""

import errno
import io
import os
import sys
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.markup import escape

from finercam_core import __version__
from finercam_core.errors import FinercamError
from finercam_core.extras import extra_of, install_hint
from finercam_core.settings import settings
from finercam_flows.commands import (
    annotate,
    catalog,
    classifier,
    evaluate,
    export,
    first_steps,
    report,
    review,
    serve,
    store,
    train,
)
from finercam_flows.process import lifeline, quiet
from finercam_flows.process.signals import StoppedError, hush, stoppable
from finercam_flows.screen.console import Screen

app = typer.Typer(
    help="What tells a species from its look-alikes: Finer-CAM evidence maps of specimen collections.",
    epilog="Your own photographs: finercam start FOLDER. To see what it does first: finercam demo.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("start")(first_steps.start)
app.command("demo")(first_steps.demo)
app.command("doctor")(first_steps.doctor)
app.add_typer(catalog.app, name="catalog")
app.command("train")(train.train)
app.add_typer(classifier.app, name="classifier")
app.command("annotate")(annotate.annotate)
app.command("info")(store.info)
app.command("repair")(store.repair)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(report.report)
app.command("ask")(report.ask)
app.add_typer(review.app, name="review")
app.command("export")(export.export)
app.command("compare")(store.compare)
app.command("serve")(serve.serve)
app.command("metrics")(serve.metrics)


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
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of CP1252 has no γ
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    lifeline.lead(lifeline.COMMAND)
    if not debug:
        quiet.one_sentence_each()
    set_prefect_defaults(logs=debug or words[:1] == ["serve"])
    try:
        settings()  # a wrong one ends every command
        with nullcontext() if words[:1] == ["serve"] else stoppable():  # a server ends what it started in order
            app([word for word in words if word != "--debug"], prog_name="finercam")
    except ModuleNotFoundError as error:
        extra = extra_of(error.name or "")
        if debug or not extra:
            raise
        _say(f"this needs {error.name}, which is not installed", install_hint(extra))
        sys.exit(1)
    except OSError as error:
        if debug or error.errno not in _DISK:
            raise
        _say(f"{error.filename or 'a file'}: {error.strerror}", "free or unlock the disk, and run it again to go on")
        sys.exit(1)
    except FinercamError as error:
        if debug:
            raise
        _say(error.problem, error.remedy)
        if isinstance(error, StoppedError):
            hush()  # also while the interpreter ends
        sys.exit(error.code if isinstance(error, StoppedError) else 1)


def _say(problem: str, remedy: str) -> None:
    """Print what happened and what to do, as they are written: names in brackets are no markup."""
    console = Screen(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[bold red]finercam:[/] {escape(problem)}")
    if remedy:
        console.print(f"  [dim]{escape(remedy)}[/]")
