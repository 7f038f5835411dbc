"""`finercam review`: napari with the review widget."""

import getpass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from finercam_core.errors import ReviewError


def review(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    reviewer: Annotated[str, typer.Option(help="Your name in the verdicts; your login name by default.")] = "",
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photographs, if they have moved since the store was written.")
    ] = None,
) -> None:
    """Open a store in napari: specimen, heat map, region; accept, reject or mark as unsure.

    Example: finercam review maps.zarr --reviewer "A. Ichthyologist"
    """
    if find_spec("napari") is None:
        raise ReviewError("napari is not installed", 'install it with: pip install "finercam[viewer]"')
    from napari_finercam import review as open_window

    open_window(store, reviewer=reviewer or getpass.getuser(), images=images)
