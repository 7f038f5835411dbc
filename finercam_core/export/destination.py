"""Folders that no export is written into: stores, and folders of photographs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from finercam_core.errors import ExportError
from finercam_core.io.addresses import is_url
from finercam_core.store import Store
from finercam_core.store.layout import SPECIMENS

_PHOTOGRAPHS = (".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".jp2")


def refuse_destination(folder: Path, store: Store, written: Sequence[str] = ()) -> None:
    """Refuse a folder in which an export could touch what it is made from.

    Parameters
    ----------
    folder : Path
    store : Store
    written : sequence of str
        Folders in it that the format writes pictures into, such as "images".

    Raises
    ------
    ExportError
        If it lies in a store, or has photographs in it, or would have masks among the collection's photographs.
    """
    resolved = folder.expanduser().resolve()
    for path in (resolved, *resolved.parents):
        if (path / SPECIMENS).is_file():
            raise ExportError(f"{folder} lies in the store {path}", "choose a folder beside it")
    remedy = "choose an empty folder"
    if (picture := next(_pictures_in(resolved), None)) is not None:
        raise ExportError(f"{folder} is a folder of photographs, such as {picture.name}", remedy)
    photographs = _folders_of_photographs(store)
    for path in (resolved, *(resolved / name for name in written)):
        if path in photographs:
            raise ExportError(f"{path} is a folder of the collection's photographs", remedy)


def _pictures_in(folder: Path) -> Iterator[Path]:
    """Pictures directly in a folder, where no format puts any."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.suffix.lower() in _PHOTOGRAPHS)


def _folders_of_photographs(store: Store) -> set[Path]:
    """The folders of this machine that the photographs of a store lie in."""
    root = store.images_root
    if is_url(root) and not root.startswith("file://"):
        return set()
    places = {str(place).rpartition("/")[0] for place in store.rows["path"] if not is_url(str(place))}
    return {(Path(root.removeprefix("file://")) / place).resolve() for place in places}
