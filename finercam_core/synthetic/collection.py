"""A rendered collection on disk, in Fish-Vista's own layout."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.io.atomic import write_whole
from finercam_core.io.progress import Progress
from finercam_core.synthetic.parts import MASK_NAMES
from finercam_core.synthetic.shortcuts import Planting
from finercam_core.synthetic.specimen import render_specimen
from finercam_core.synthetic.tables import PlannedSpecimen, plan_specimens, write_tables
from finercam_core.synthetic.truth import write_truth

_QUALITY = 92
_BATCH = 25


def render_collection(
    folder: Path | str,
    *,
    seed: int = 0,
    train: int = 60,
    val: int = 8,
    test: int = 16,
    progress: Progress | None = None,
    shortcut: Mapping[str, str] | None = None,
    disguise: Mapping[str, str] | None = None,
    workers: int = 2,
) -> None:
    """Render a collection of specimens into a folder; what is there already is kept.

    Parameters
    ----------
    folder : path
        Gets `Images/chunk_1` to `chunk_6`, `segmentation_masks/`, the csv tables and `truth.json`.
    seed : int
        The same seed gives the same pixels.
    train, val, test : int
        Images per species in each split, at most 10,000.
    progress : callable, optional
        Called with the number of images that are ready, and of all.
    shortcut : mapping of species to "scale bar" or "colour card", optional
        Plants that object in every image of a species: something beside the specimen that gives the species away.
    disguise : mapping of species to species, optional
        Draws a species with a shortcut exactly as another one, so that the object alone tells the two apart.
    workers : int
        Processes; 1 renders in this one.

    Raises
    ------
    CatalogError
        If the folder holds a collection with another seed, a species or a shortcut is unknown, or a disguised species
        has no shortcut.
    """
    folder = Path(folder)
    planted = Planting.checked(shortcut, disguise)
    specimens = plan_specimens({"train": train, "val": val, "test": test})
    write_truth(folder, seed, planted, specimens)
    names = {str(number): name for number, name in MASK_NAMES.items()}
    write_whole(folder / "segmentation_masks" / "seg_id_trait_map.json", json.dumps(names, indent=1))
    missing = [specimen for specimen in specimens if not all(path.exists() for path in _paths(folder, specimen))]
    done = len(specimens) - len(missing)
    for count in _render_all(folder, seed, planted, missing, workers):
        done += count
        if progress:
            progress(done, len(specimens))
    write_tables(folder, specimens, planted.drawn)
    if progress and not missing:
        progress(done, len(specimens))


def _render_all(
    folder: Path, seed: int, planted: Planting, specimens: Sequence[PlannedSpecimen], workers: int
) -> Iterator[int]:
    """Render images batch by batch; yields how many are new each time."""
    batches = [specimens[i : i + _BATCH] for i in range(0, len(specimens), _BATCH)]
    if workers <= 1 or len(batches) <= 1:
        for batch in batches:
            yield render_batch(folder, seed, planted, batch)
        return
    # Spawned, not forked: the caller may have threads (torch, Qt) that a fork would break.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(render_batch, folder, seed, planted, b) for b in batches]):
            yield future.result()


def render_batch(folder: Path, seed: int, planted: Planting, specimens: Sequence[PlannedSpecimen]) -> int:
    """Render images and masks of some specimens into the folder; returns their number."""
    for specimen in specimens:
        rendered = render_specimen(
            specimen.species, seed, specimen.number, as_species=planted.drawn(specimen.species),
            shortcut=planted.shortcut.get(specimen.species), chance_bars=planted.chance_bars,
        )  # fmt: skip
        image, mask = _paths(folder, specimen)
        write_whole(mask, _encoded(rendered.mask, "PNG"))
        write_whole(image, _encoded(rendered.image, "JPEG", quality=_QUALITY, subsampling=0))
    return len(specimens)


def _paths(folder: Path, specimen: PlannedSpecimen) -> tuple[Path, Path]:
    """Where a specimen's image and mask lie."""
    masks = folder / "segmentation_masks" / "images"
    return folder / "Images" / specimen.file_name, masks / f"{specimen.stem}.png"


def _encoded(pixels: npt.NDArray[np.uint8], kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()
