"""`truth.json`: what a rendered collection was made from, so that its true regions can be computed again."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import CatalogError
from finercam_core.io.atomic import write_whole
from finercam_core.synthetic.shortcuts import Planting
from finercam_core.synthetic.species import species_plan
from finercam_core.synthetic.specimen import true_region
from finercam_core.synthetic.tables import PlannedSpecimen

FILE = "truth.json"
# Raise this whenever the same seed gives other pixels, so that no collection mixes old and new images.
RENDERER = 1


def write_truth(folder: Path, seed: int, planted: Planting, specimens: Iterable[PlannedSpecimen]) -> None:
    """Record seed, renderer and images; earlier images of the same collection stay listed.

    Raises
    ------
    CatalogError
        If the folder holds a collection with another seed, renderer or shortcut.
    """
    origin = {"seed": seed, "renderer": RENDERER, **planted.to_truth()}
    images = {specimen.stem: {"species": specimen.species, "index": specimen.number} for specimen in specimens}
    if (folder / FILE).exists():
        known = read_truth(folder)
        before = {key: value for key, value in known.items() if key != "images"}
        if before != origin:
            raise CatalogError(f"{folder} holds a collection made with {before}", "render into another folder")
        images = known["images"] | images
    write_whole(folder / FILE, json.dumps(origin | {"images": images}, indent=1))


def read_truth(folder: Path) -> dict[str, Any]:
    """Content of `truth.json`: seed, renderer, shortcut, and `images` by stem with species and index.

    Raises
    ------
    CatalogError
        If the folder has none, or an unreadable one.
    """
    try:
        content: dict[str, Any] = json.loads((folder / FILE).read_bytes())
    except FileNotFoundError:
        raise CatalogError(f"{folder} has no {FILE}", "true regions are known only for rendered collections") from None
    except ValueError:
        raise CatalogError(f"{folder / FILE} is not valid JSON", "delete the folder and render again") from None
    return content


def true_region_of(folder: Path | str, stem: str, reference: str) -> npt.NDArray[np.bool_]:
    """Where the picture in a file truly differs from what a reference species would look like there.

    Planted objects count: where one alone tells the two apart, an honest map points at it.

    Parameters
    ----------
    folder : path
        A folder written by `render_collection`.
    stem : str
        The image's file name without its ending.
    reference : str
        Scientific name of a rendered species.

    Returns
    -------
    bool array (height, width), in pixels of the image.

    Raises
    ------
    CatalogError
        If the image is not in the collection, or the collection comes from another renderer.
    """
    path = Path(folder).resolve() / FILE
    truth = _cached(path, path.stat().st_mtime_ns if path.exists() else 0)
    if truth["renderer"] != RENDERER:
        raise CatalogError(f"{folder} was rendered by version {truth['renderer']}, this is {RENDERER}", "render again")
    if stem not in truth["images"]:
        raise CatalogError(f"{stem!r} is not an image of {folder}", f"use a stem listed in its {FILE}")
    origin = truth["images"][stem]
    planted, species = Planting.from_truth(truth), origin["species"]
    drawn = planted.drawn(species), planted.drawn(species_plan(reference).name)
    trait = true_region(species, drawn[1], truth["seed"], origin["index"], as_species=drawn[0])
    return trait | planted.region(species, species_plan(reference).name, truth["seed"], origin["index"])


@lru_cache(maxsize=4)
def _cached(path: Path, _changed: int) -> dict[str, Any]:
    """Read a truth file once for many images."""
    return read_truth(path.parent)
