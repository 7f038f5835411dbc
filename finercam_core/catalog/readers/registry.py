"""Which reader opens a source: by the ending of a file, by the files of a folder, or as the manifest says."""

from dataclasses import replace
from pathlib import Path

from finercam_core.catalog.readers import aircraft, cars, cub, darwin_core, fish_vista, folder, table
from finercam_core.catalog.readers.manifest import read_manifested
from finercam_core.catalog.source import Source
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_url
from finercam_core.io.tables import table_format

_KINDS = "a manifest, a CSV or Parquet table, a Darwin Core Archive, Croissant metadata, or a folder of images"


def read_source(text: str, root: str | None) -> Source:
    """Read a source."""
    if text.lower().endswith(".toml"):
        return read_manifested(Path(text), root, read_layout)
    if table_format(text):
        return table.read_plain(text, root)
    if text.lower().endswith((".json", ".jsonld")):
        return _moved(read_layout("croissant", text), root)
    if is_url(text):
        return _moved(_remote(text), root)
    path = Path(text)
    if path.is_dir():
        return _moved(read_layout(_layout_of(path), text), root)
    if text.lower().endswith(".zip"):
        return _moved(darwin_core.read_archive(path), root)
    raise CatalogError(f"{text} is no catalog", f"give {_KINDS}")


def read_layout(layout: str, place: str) -> Source:
    """Read a collection of a known layout from its folder, archive or file."""
    path = Path(place)
    if layout == "fish-vista":
        return fish_vista.read_fish_vista(place if is_url(place) else str(path.resolve()))
    if layout == "croissant":
        from finercam_core.catalog.readers.croissant import read_croissant

        return read_croissant(place)
    if is_url(place):
        raise CatalogError(f"a collection of the layout {layout!r} cannot be read from {place}", "fetch it first")
    readers = {
        "darwin-core-archive": darwin_core.read_archive,
        "cub-200": cub.read_cub,
        "birds-525": folder.read_birds,
        "stanford-cars": cars.read_cars,
        "fgvc-aircraft": aircraft.read_aircraft,
    }
    return readers.get(layout, folder.read_folder)(path.resolve())


def _layout_of(path: Path) -> str:
    """The layout of a local folder, by the files that only this layout has."""
    signs = {
        darwin_core.SIGN: "darwin-core-archive",
        fish_vista.SIGN: "fish-vista",
        cub.SIGN: "cub-200",
        folder.BIRDS: "birds-525",
        aircraft.SIGN: "fgvc-aircraft",
        f"data/{aircraft.SIGN}": "fgvc-aircraft",
        "croissant.json": "croissant",
    }
    found = next((layout for sign, layout in signs.items() if (path / sign).is_file()), "")
    return found or ("stanford-cars" if cars.find_cars(path) else "folder")


def _remote(text: str) -> Source:
    """A remote folder: of these only Fish-Vista's is known by its files."""
    try:
        return read_layout("fish-vista", text)
    except CatalogError as error:
        if "none of Fish-Vista's tables" not in str(error):
            raise
        raise CatalogError(f"{text} is no catalog that can be read from afar", f"give {_KINDS}") from error


def _moved(source: Source, root: str | None) -> Source:
    """The source with its images somewhere else."""
    if root is None:
        return source
    place = root if is_url(root) else str(Path(root).resolve())
    return replace(source, root=place)
