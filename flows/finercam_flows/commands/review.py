"""`finercam review`: napari with the review widget."""

import getpass
from importlib.util import find_spec

from finercam_core.errors import ReviewError
from finercam_flows.options.review import ReviewOptions
from finercam_flows.signatures.command import command


@command(ReviewOptions)
def review(options: ReviewOptions) -> None:
    """Open a store in napari: specimen, heat map, region; accept, reject or mark as unsure.

    Example: finercam review maps.zarr --reviewer "A. Ichthyologist"
    """
    if find_spec("napari") is None:
        raise ReviewError("napari is not installed", 'install it with: pip install "finercam[viewer]"')
    from napari_finercam import review as open_window

    open_window(options.store, reviewer=options.reviewer or getpass.getuser(), images=options.images)
