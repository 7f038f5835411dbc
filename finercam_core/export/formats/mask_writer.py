"""What every format of exported masks has in common."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence, Set
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ExportError
from finercam_core.export.formats.file_names import FileNames, file_stem
from finercam_core.export.mask_records import MaskRecord, SpecimenError, without_folders
from finercam_core.export.settings import FormatSettings
from finercam_core.extras import install_hint
from finercam_core.images.decoder import load_image
from finercam_core.store import Store

DISCRIMINATIVE = "discriminative region"
"""What a region is called that belongs to no trait."""
_PLACES = ("catalog", "images_root", "images_root_relative")


def _without_folders(values: dict[str, object]) -> dict[str, object]:
    return {key: without_folders(value) if isinstance(value, str) else value for key, value in values.items()}


def need_polygons(what: str) -> None:
    """Raise `ExportError` where the polygons of a format cannot be made."""
    try:
        import rasterio  # noqa: F401
    except ImportError as error:
        raise ExportError(f"{what} needs {error.name}", install_hint("export")) from error


class MaskWriter(ABC):
    """Writes masks specimen by specimen, so that memory does not grow with their number.

    Use it as a context manager: files that hold all masks are complete when it ends, and absent after an error.

    Parameters
    ----------
    folder : Path
        An existing folder.
    store : Store
        Where the masks come from.

    Attributes
    ----------
    count : int
        Masks written.
    apart : bool
        Whether each specimen has files of its own, so that several processes can write at once.
    files : tuple of str
        Names of the files that hold all masks.
    folders : tuple of str
        Names of the folders in it that pictures go into.
    settings : FormatSettings
    """

    apart: ClassVar[bool] = False
    files: ClassVar[tuple[str, ...]] = ()
    folders: ClassVar[tuple[str, ...]] = ()
    settings = FormatSettings()

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.count = 0

    def __enter__(self) -> Self:
        return self

    @cached_property
    def names(self) -> FileNames:
        """File names of the store's specimens, the same whatever is exported of them."""
        return FileNames(map(str, self.store.rows.index))

    def prepared(self, records: Sequence[MaskRecord]) -> Sequence[MaskRecord]:
        """The masks of one specimen with all that `add` needs of the store, which only this process reads.

        Raises
        ------
        SpecimenError
            If it is unavailable.
        """
        return records

    def earlier(self) -> dict[Path, str]:
        """Files of single specimens in the folder from an earlier export of this format, each with its image_id."""
        return {}

    def renewed(self, path: Path, image_id: str, written: Set[str]) -> bool:
        """Whether one of the `earlier` files was written again; `written` has the ids of the specimens that were."""
        return image_id in written and path.name.removesuffix(".ome.zarr") in self._own_names(image_id)

    def _own_names(self, image_id: str) -> set[str]:
        """What the files of a specimen are called now; an earlier version may have called them otherwise."""
        name = self.names.of(image_id)
        return {name, f"{name}.png", f"{name}.json"}

    def provenance(self) -> dict[str, object]:
        """How the maps were made, as plain JSON values and without the folders of this machine."""
        portable = json.loads(json.dumps(self.store.provenance.to_json()), object_hook=_without_folders)
        # Relative to the store, which the reader of an export need not have.
        return {key: value for key, value in portable.items() if key not in _PLACES}

    @abstractmethod
    def add(self, records: Sequence[MaskRecord]) -> None:
        """Write all masks of one specimen.

        Raises
        ------
        ImageError, SpecimenError
            If the format needs the photograph or the maps and they are unavailable, or do not fit the masks; then
            nothing of the specimen is written.
        """

    def photograph(self, record: MaskRecord) -> npt.NDArray[np.uint8]:
        """The photograph that a mask was made on, uint8 (height, width, 3).

        Raises
        ------
        ImageError, SpecimenError
            If it is unavailable, or has another size than the mask.
        """
        pixels: npt.NDArray[np.uint8] = np.asarray(load_image(record.address, root=self.store.images_root))
        if pixels.shape[:2] != record.mask.shape:
            sizes = [f"{shape[1]} x {shape[0]}" for shape in (pixels.shape, record.mask.shape)]
            raise SpecimenError(f"its photograph has {sizes[0]} pixels and its mask {sizes[1]}", "review it again")
        return pixels

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        return None


def region_id(record: MaskRecord) -> str:
    """Name of a region that stays the same whatever else is exported: specimen, reviewer, number."""
    return "-".join(map(file_stem, (record.image_id, record.about.reviewer or "automatic", str(record.number))))


def label_of(record: MaskRecord) -> str:
    """What kind of region it is: its trait, or `DISCRIMINATIVE`."""
    return record.about.trait or DISCRIMINATIVE
