"""What every form of exported masks has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from finercam_core.export.records import MaskRecord
from finercam_core.store import Store


class MaskWriter(ABC):
    """Writes masks specimen by specimen, so that memory does not grow with their number.

    Use it as a context: files that hold all masks are complete when it ends, and not there after an error.

    Parameters
    ----------
    folder : Path
        Is there already.
    store : Store
        Where the masks come from.

    Attributes
    ----------
    count : int
        Masks written.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.count = 0

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def add(self, records: Sequence[MaskRecord]) -> None:
        """Write all masks of one specimen.

        Raises
        ------
        ImageError
            If the form needs the photograph and it is not to be had; nothing of the specimen is written then.
        """

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        return None


def file_stem(image_id: str) -> str:
    """File name of a specimen: its id, with what a folder or a file system would misread as %XX."""
    safe = "".join(c if c.isalnum() or c in "-_." else "".join(f"%{b:02X}" for b in c.encode()) for c in image_id)
    return safe.lstrip(".")[:150] or "%00"
