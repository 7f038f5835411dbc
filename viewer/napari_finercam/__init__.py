"""napari plugin: review what tells a species from its look-alikes, and keep it as trait masks."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari

__all__ = ["review"]


def review(
    store: str | Path, *, reviewer: str, images: str | Path | None = None, block: bool = True
) -> "napari.Viewer":
    """Open a store in napari with the review widget.

    Parameters
    ----------
    store : str or Path
        The store: a folder or a URL.
    reviewer : str
        Name in the verdicts.
    images : str or Path, optional
        Folder of the photographs, if they have moved since the store was written.
    block : bool
        Return only when the window is closed.

    Returns
    -------
    napari.Viewer

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """
    from napari_finercam.session.review import ReviewSession

    # Before napari, which takes seconds to import, so that a mistyped store is reported at once.
    session = ReviewSession(store, reviewer, images)
    import napari

    from napari_finercam.window.widget import ReviewWidget

    viewer = napari.Viewer(title=f"finercam: {Path(store).name}")
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    widget.workbench.open(session)
    if block:
        napari.run()
    return viewer
