"""What lies beside the images of species: hidden files, pictures in other forms and places, told with examples."""

from collections.abc import Iterable
from pathlib import Path

from finercam_core.errors import counted
from finercam_core.io.raw_tables import Notice

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"))
OTHER_PICTURES = (".heic", ".heif", ".gif", ".dng", ".cr2", ".nef", ".arw", ".svg", ".avif", ".psd", ".jp2")


def is_hidden(parts: tuple[str, ...]) -> bool:
    """What systems leave behind: `.ipynb_checkpoints`, `__MACOSX`, `._x.jpg`."""
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def passed_over(name: str, files: Iterable[tuple[str, ...]]) -> list[Notice]:
    """Each kind of file that is not an image of a species, with its number and an example."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for parts in files:
        ending = Path(parts[-1]).suffix.lower()
        if is_hidden(parts):
            noun, where = "file", " in a hidden folder or hidden itself"
        elif ending in IMAGES:
            noun, where = "image", " outside the folders of species"
        elif ending in OTHER_PICTURES:
            noun, where = f"{ending[1:].upper()} picture", " in a form that cannot be read (convert it to JPEG)"
        else:
            noun, where = f"{ending or 'other'} file", ""
        kinds.setdefault((noun, where), []).append("/".join(parts))
    return [
        Notice("passed_over", name, len(paths), f"{counted(len(paths), noun)}{where}, such as {min(paths)}")
        for (noun, where), paths in sorted(kinds.items())
    ]
