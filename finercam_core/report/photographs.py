"""Photographs beside the atlas' pages: one file each, however many pages show it, loaded near the screen."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from finercam_core.export.formats.file_names import FileNames
from finercam_core.io.atomic import write_whole
from finercam_core.io.faults import store_errors
from finercam_core.report.thumbnails import jpeg

# No name that a folder of somebody's originals may have: `--out .` must never write thumbnails over them.
FOLDER = "atlas-photographs"


class PhotographFiles:
    """Writes the photographs that pages show.

    Parameters
    ----------
    atlas : Path
        Folder of the atlas.
    identifiers : iterable of str
        All specimens of the store, so that each has a name of its own.
    """

    def __init__(self, atlas: Path, identifiers: Iterable[str]) -> None:
        self._atlas = atlas
        self._names = FileNames(identifiers)

    def keep(self, image_id: str, picture: Image.Image, size: str = "shown") -> str:
        """Write a specimen's photograph; its address below the atlas' folder.

        Parameters
        ----------
        image_id : str
        picture : Image
        size : str
            Folder for photographs of this size.
        """
        name = f"{self._names.of(image_id)}.jpg"
        with store_errors(str(self._atlas)):
            write_whole(self._atlas / FOLDER / size / name, jpeg(picture))
        return f"{FOLDER}/{size}/{quote(name)}"
