"""What a session needs of the window: what was painted and written there and has not been taken yet."""

from typing import Protocol

from napari_finercam.session.regions import Labels


class ReviewScreen(Protocol):
    """The layer of regions and the note, as a person left them."""

    def settle(self) -> None:
        """End what is still being drawn. That may tell the session of it, and of strokes before it."""

    def painted(self, image_id: str, labels: Labels) -> Labels | None:
        """The session's regions with what was painted over them, whatever tool did it; None if nothing was.

        Parameters
        ----------
        image_id : str
            The current specimen; strokes on another are not given.
        labels : uint8 array (height, width)
            Its regions in the session.
        """

    def written(self, image_id: str) -> str | None:
        """The note of the specimen as it is written in the field; None if the field shows another specimen's."""
