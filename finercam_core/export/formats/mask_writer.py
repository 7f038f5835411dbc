"""What every format of exported masks has in common."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence, Set
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from finercam_core.export.mask_records import MaskRecord, SpecimenError, without_folders
from finercam_core.images.decoder import load_image
from finercam_core.store import Store

LONGEST = 150  # characters of a file name
_PLACES = ("catalog", "images_root", "images_root_relative")


def _without_folders(values: dict[str, object]) -> dict[str, object]:
    return {key: without_folders(value) if isinstance(value, str) else value for key, value in values.items()}


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
    """

    apart: ClassVar[bool] = False
    files: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.count = 0

    def __enter__(self) -> Self:
        return self

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
        return image_id in written

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


def file_stem(image_id: str) -> str:
    """File name of a specimen: its id, with characters that a file system could misread as %XX."""
    safe = "".join(c if c.isalnum() or c in "-_." else "".join(f"%{b:02X}" for b in c.encode()) for c in image_id)
    plain = safe.lstrip(".") or "%00"
    return (
        plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}-{blake2b(image_id.encode(), digest_size=6).hexdigest()}"
    )
