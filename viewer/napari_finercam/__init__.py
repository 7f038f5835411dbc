"""napari plugin: review what tells a species from its look-alikes, and keep it as trait masks."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari

__all__ = ["review"]


def review(store: str | Path, *, reviewer: str, block: bool = True) -> "napari.Viewer":
    """Open a store in napari with the review widget.

    Parameters
    ----------
    store : str or Path
        A store on this machine's disk.
    reviewer : str
        Name in the verdicts.
    block : bool
        Return only when the window is closed.

    Returns
    -------
    napari.Viewer
    """
    # napari takes seconds to import, and `finercam --help` should not.
    import napari

    from napari_finercam._session import ReviewSession
    from napari_finercam._widget import ReviewWidget

    session = ReviewSession(store, reviewer)
    viewer = napari.Viewer(title=f"finercam: {Path(store).name}")
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    widget.open(session)
    if block:
        napari.run()
    return viewer
