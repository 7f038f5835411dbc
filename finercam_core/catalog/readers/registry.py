"""The known layouts of collections: which reader reads each, and by which files it is recognised."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from finercam_core.catalog.readers import croissant, darwin_core, folder
from finercam_core.catalog.readers.data_sets import aircraft, cars, cub, fish_vista
from finercam_core.catalog.readers.packages.inaturalist import open_data_tables, read_open_data
from finercam_core.catalog.readers.packages.json_files import PACKAGE, read_json
from finercam_core.catalog.source import CatalogSource
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url

_LOCAL: Mapping[str, Callable[[Path], CatalogSource]] = MappingProxyType(
    {
        "folder": folder.read_folder,
        "darwin-core-archive": darwin_core.read_archive,
        "cub-200": cub.read_cub,
        "birds-525": folder.read_birds,
        "stanford-cars": cars.read_cars,
        "fgvc-aircraft": aircraft.read_aircraft,
    }
)
_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        darwin_core.SIGN: "darwin-core-archive",
        fish_vista.SIGN: "fish-vista",
        cub.SIGN: "cub-200",
        folder.BIRDS: "birds-525",
        aircraft.SIGN: "fgvc-aircraft",
        f"data/{aircraft.SIGN}": "fgvc-aircraft",
        croissant.SIGN: "croissant",
    }
)


def read_layout(layout: str, location: str) -> CatalogSource:
    """Read a collection of a known layout.

    Parameters
    ----------
    layout : str
        One of `finercam_core.catalog.manifest.Layout` except "table".
    location : str
        Its folder, archive or file; a URL only for Fish-Vista and Croissant.

    Raises
    ------
    CatalogError
        It cannot be read, or is not of this layout.
    """
    if layout == "fish-vista":
        return fish_vista.read_fish_vista(absolute(location))
    if layout == "croissant":
        return croissant.read_croissant(location)
    if is_url(location):
        raise CatalogError(f"a collection of the layout {layout!r} cannot be read from {location}", "fetch it first")
    return _LOCAL[layout](Path(location).resolve())


def read_folder_of_any_layout(path: Path) -> CatalogSource:
    """Read a local folder in the layout that its files tell, else as a folder of images."""
    if (path / PACKAGE).is_file():
        return read_json(str(path / PACKAGE))
    if open_data_tables(path):
        return read_open_data(path)
    layout = next((layout for sign, layout in _SIGNS.items() if (path / sign).is_file()), "")
    return read_layout(layout or ("stanford-cars" if cars.find_cars(path) else "folder"), str(path))


def read_remote(location: str) -> CatalogSource:
    """Read a remote folder: of these only Fish-Vista's is known by its files."""
    if not fish_vista.find_tables(location):
        raise CatalogError(
            f"{location} is not a catalog that can be read remotely",
            "give a manifest, a table, Croissant metadata, or the folder of Fish-Vista",
        )
    return fish_vista.read_fish_vista(location)
