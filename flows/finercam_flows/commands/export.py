"""`finercam export`: masks out of a store, without napari."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from finercam_flows.screen.bars import progress_bar

MOST = 4  # more find nothing to do: one process reads the maps


class Format(StrEnum):
    """Forms of exported masks."""

    COCO = "coco"
    PNG = "png"
    OME_ZARR = "ome-zarr"
    GEOJSON = "geojson"
    CSV = "csv"


class Which(StrEnum):
    """Which masks to export."""

    ACCEPTED = "accepted"
    AUTOMATIC = "automatic"


def export(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    to: Annotated[str, typer.Option(help="Folder for the masks.")],
    form: Annotated[Format, typer.Option("--format", help="Form of the masks.")] = Format.COCO,
    which: Annotated[Which, typer.Option(help="Masks accepted in review, or unreviewed thresholds.")] = Which.ACCEPTED,
    reviewer: Annotated[
        str | None, typer.Option(help="Of accepted masks: this reviewer's alone; those of all by default.")
    ] = None,
    gamma: Annotated[
        float | None, typer.Option(help="Of automatic masks: strength of the comparison; 0.6 by default.")
    ] = None,
    top: Annotated[float, typer.Option(min=0, max=1, help="Of automatic masks: share of the pixels.")] = 0.05,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that write png and ome-zarr; by default one a processor, to 4.")
    ] = None,
) -> None:
    """Write trait masks at image resolution.

    Example: finercam export maps.zarr --to masks --format coco
    """
    from finercam_core.export import export as write
    from finercam_core.io.workers import processors

    with progress_bar() as bar:
        task = bar.add_task("Masks", total=None, note="")
        summary = write(
            store, to, format=form.value, which=which.value, reviewer=reviewer, gamma=gamma, top=top,
            workers=workers or min(processors(), MOST),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    Console().print(str(summary), soft_wrap=True)
