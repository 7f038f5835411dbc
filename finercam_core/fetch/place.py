"""Put a verified file where its content says, whole or not at all."""

import os
from pathlib import Path

from finercam_core.fetch.verify import Picture

FOLDERS = {"image": "images", "mask": "masks"}


def address_of(picture: Picture, what: str) -> str:
    """Path of a file below the target folder: ``images/ab/abcdef….jpg``."""
    return f"{FOLDERS[what]}/{picture.sha256[:2]}/{picture.sha256}{picture.ending}"


def place(partial: Path, picture: Picture, what: str, folder: Path) -> str:
    """Move a verified file to its place, safe against power cuts; the same content is stored once.

    Returns
    -------
    str, the path relative to `folder`.
    """
    name = address_of(picture, what)
    target = folder / name
    if target.exists() and target.stat().st_size == picture.bytes:
        partial.unlink()
        return name
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    _sync_folder(target.parent)
    return name


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where folders can be synced (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
