"""`finercam review`: napari with the review widget; `finercam review assign`: who has which specimens."""

import getpass

import typer

from finercam_core.errors import ReviewError
from finercam_core.extras import install_hint, missing
from finercam_flows.options.review import AssignOptions, ReviewOptions
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command
from finercam_flows.signatures.group import StoreOrCommand

app = typer.Typer(cls=StoreOrCommand, help="Open a store in napari; deal its specimens to reviewers.")


@app.command(StoreOrCommand.default, hidden=True)
@command(ReviewOptions)
def review(options: ReviewOptions) -> None:
    """Open a store in napari: specimen, heat map, region; accept, reject or mark as unsure.

    Queues for several reviewers: finercam review assign STORE --reviewers "Ada, Bo, Cy"

    Example: finercam review maps.zarr --reviewer "A. Ichthyologist"
    """
    lacking = missing("viewer")
    if lacking:
        raise ReviewError(f"{lacking[0]} is not installed, and the window needs it", install_hint("viewer"))
    from napari_finercam import review as open_window

    open_window(options.store, reviewer=options.reviewer or getpass.getuser(), images=options.images)


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
