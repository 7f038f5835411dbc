"""`finercam review`: napari with the review widget."""

import getpass

from finercam_core.errors import ReviewError
from finercam_core.extras import install_hint, missing
from finercam_flows.options.review import ReviewOptions
from finercam_flows.signatures.command import command


@command(ReviewOptions)
def review(options: ReviewOptions) -> None:
    """Open a store in napari: specimen, heat map, region; accept, reject or mark as unsure.

    Example: finercam review maps.zarr --reviewer "A. Ichthyologist"
    """
    lacking = missing("viewer")
    if lacking:
        raise ReviewError(f"{lacking[0]} is not installed, and the window needs it", install_hint("viewer"))
    from napari_finercam import review as open_window

    open_window(options.store, reviewer=options.reviewer or getpass.getuser(), images=options.images)
