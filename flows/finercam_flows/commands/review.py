"""`finercam review`: in napari or in browsers; who has which specimens; verdicts that pages saved."""

import getpass
import sys
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from finercam_core.errors import ReviewError, counted
from finercam_core.extras import install_hint, missing
from finercam_flows.options.review import AssignOptions, ImportOptions, ReviewOptions, TableOptions
from finercam_flows.progress import report_step
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command
from finercam_flows.signatures.group import StoreOrCommand

app = typer.Typer(cls=StoreOrCommand, help="Review a store in napari or in browsers; deal its specimens to reviewers.")


@app.command(StoreOrCommand.default, hidden=True)
@command(ReviewOptions)
def review(options: ReviewOptions) -> None:
    """Open a store in napari, or with --web in browsers: specimen, heat map, region; accept, reject, mark as unsure.

    Verdicts that a page of the atlas saved: finercam review import verdicts.jsonl STORE

    Queues for several reviewers: finercam review assign STORE --reviewers "Ada, Bo, Cy"

    Example: finercam review maps.zarr --reviewer "A. Ichthyologist"
    """
    names = list(options.reviewer) or [getpass.getuser()]
    if options.web:
        _require("web", "the server needs it")
        _say_unknown(options.store, names)
        _serve(options, names)
        return
    if len(names) > 1:
        raise ReviewError(f"napari is one reviewer's, and {len(names)} are named", "give one, or add --web")
    _require("viewer", "the window needs it")
    _say_unknown(options.store, names)
    from napari_finercam import review as open_window

    open_window(options.store, reviewer=names[0], images=options.images)


def _say_unknown(store: str, names: list[str]) -> None:
    """Say it at once where a name is none of those that specimens were dealt to."""
    from finercam_core.review import read_assignment
    from finercam_core.review.lab.assignment import unknown_in_words

    assignment = read_assignment(store)
    for sentence in filter(None, (unknown_in_words(assignment, name) for name in names)):
        Screen(stderr=True).print(sentence, style="yellow", markup=False, soft_wrap=True)


def _require(extra: str, why: str) -> None:
    lacking = missing(extra)
    if lacking:
        raise ReviewError(f"{lacking[0]} is not installed, and {why}", install_hint(extra))


def _serve(options: ReviewOptions, names: list[str]) -> None:
    from napari_finercam.web.server import Listening, serve_review

    listening = Listening(options.host, options.port, options.address.rstrip("/"))

    def ready(links: dict[str, str]) -> None:
        screen = Screen(soft_wrap=True, highlight=False)
        for name, link in links.items():
            screen.print(f"{escape(name)}: {escape(link)}")
        if listening.alone and not options.address:
            port = urlsplit(next(iter(links.values()))).port
            screen.print(
                f"The links open on this machine alone. A colleague with an account on it first runs, on their own, "
                f"ssh -L {port}:127.0.0.1:{port} with its name; for anybody else put a proxy before it (--address, "
                "docs/review.md)."
            )
        if not listening.alone:
            screen.print(
                "[yellow]Others in the network reach this server, and without TLS they can read along: put a proxy "
                "with TLS before it, see docs/review.md.[/]"
            )
        screen.print("Each link lets in whoever has it, under that name. Ctrl+C ends the review; verdicts are kept.")
        sys.stdout.flush()

    serve_review(options.store, names, listening, images=options.images, atlas=options.atlas, ready=ready)


@app.command("import")
@command(ImportOptions)
def import_(options: ImportOptions) -> None:
    """Take in verdicts that a page of the atlas kept without a server; each is checked, and taken once.

    Example: finercam review import verdicts.jsonl maps.zarr
    """
    from finercam_core.review.imported import import_verdicts
    from finercam_core.store import open_store

    found = import_verdicts(options.file, open_store(options.store, images=options.images))
    screen = Screen(soft_wrap=True, highlight=False)
    screen.print(f"{counted(found.taken, 'verdict')} taken in, {found.known} known already.")
    for image_id in found.older:
        screen.print(f"  [yellow]{escape(image_id)}: the store has a later verdict of this reviewer, which stays[/]")
    for line, reason in found.refused.items():
        screen.print(f"  [red]{line} not taken: {escape(reason)}[/]")
    if found.refused:
        raise ReviewError(f"{counted(len(found.refused), 'line')} not taken", "see above; the others are in the store")


@app.command("assign")
@command(AssignOptions)
def assign(options: AssignOptions) -> None:
    """Deal the specimens of a store to reviewers, evenly by pair; each then sees a queue of their own.

    Nothing is taken from anybody: run it again when specimens or reviewers were added.

    Example: finercam review assign maps.zarr --reviewers "Ada, Bo, Cy" --adjudicators Dee --specimens 200
    """
    from finercam_core.review import assign as deal
    from finercam_core.review.lab.assignment import in_words
    from finercam_core.store import open_store

    assignment = deal(
        open_store(options.store),
        options.reviewers.split(","),
        adjudicators=options.adjudicators.split(",") if options.adjudicators.strip() else (),
        overlap=options.overlap,
        seed=options.seed,
        stratified_by=options.by,
        specimens=options.specimens,
    )
    console = Screen()
    for line in in_words(assignment):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


@app.command("table")
@command(TableOptions)
def table(options: TableOptions) -> None:
    """Write all verdicts as one table for statistics: CSV and Parquet, with a data dictionary.

    Example: finercam review table maps.zarr --to verdicts
    """
    from finercam_core.export.verdict_table import write_verdict_table
    from finercam_core.store import open_store

    with run_bar("Verdicts"):
        summary = write_verdict_table(
            open_store(options.store, images=options.images),
            options.to,
            reviewer=options.reviewer,
            catalog=options.catalog,
            raw_text=options.raw_text,
            progress=report_step,
        )
    Screen().print(str(summary), soft_wrap=True, markup=False, highlight=False)
