"""napari's File > Open Sample: rendered fish with evidence that comes with the package; no torch and no download.

`docs/make_sample_data.py` draws the evidence from a whole demo.
"""

import json
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from platformdirs import user_data_path
from pydantic import BaseModel

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.references.plan import ComparisonPlan, Reference
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, create_store, pending_chunks, write_chunk
from finercam_core.synthetic import species_plan
from finercam_core.synthetic.collection import render_batch
from finercam_core.synthetic.parts import MASK_NAMES
from finercam_core.synthetic.shortcuts import Planting
from finercam_core.synthetic.tables import PlannedSpecimen
from napari_finercam.formats.reader import LayerData, read_store

FILE = "sample.npz"
_MANIFEST = """[collection]
name = "demo"
description = "Rendered fish; the true difference of every pair of species is known"
[[tables]]
path = "specimens.csv"
[masks]
path = "segmentation_masks/images/{image_id}.png"
labels = "traits.json"
[masks.uberon]
"""
Arrays = dict[str, npt.NDArray[Any]]


class SampleDescription(BaseModel):
    """What is needed to render the sample's specimens and to make a store of them.

    Attributes
    ----------
    seed, renderer : int
        Of the demo's collection.
    run : str
        Run of the demo's store.
    grid : (int, int)
        Height and width of the maps, in cells.
    settings : dict
        Of `finercam_core.store.create_store`.
    policy : dict
        How the references were chosen, for the provenance.
    references : dict of str to list of (str, str, float)
        Scientific name, tier and similarity of the references of each species, closest first.
    image_ids : list of str
    items : list of (str, int, str)
        Species, number and split of each specimen, as in `finercam_core.synthetic.tables.PlannedSpecimen`.
    uberon : dict of str to str
        Terms of the traits, by name.
    """

    seed: int
    renderer: int
    run: str
    grid: tuple[int, int]
    settings: dict[str, Any]
    policy: dict[str, Any]
    references: dict[str, list[tuple[str, str, float]]]
    image_ids: list[str]
    items: list[tuple[str, int, str]]
    uberon: dict[str, str]


def demo() -> list[LayerData]:
    """Layers of the demo's specimens; in a window, with the review widget beside them, which offers to review them."""
    import napari

    viewer = napari.current_viewer()
    layers = read_store(str(sample_store()))
    if viewer is not None and getattr(viewer, "window", None) is not None:
        from qtpy.QtCore import QTimer

        _, widget = viewer.window.add_plugin_dock_widget("finercam", "Review")
        # napari fits the layers into the picture before the dock takes its room.
        QTimer.singleShot(0, widget, viewer.reset_view)
    return layers


def sample_store() -> Path:
    """A store of the demo: the whole one if `finercam demo` was run in this folder, else a small one, made now."""
    whole = Path("demo") / "maps.zarr"
    return whole.resolve() if whole.is_dir() else make_sample()


def read_sample() -> tuple[SampleDescription, Arrays]:
    """What comes with the package: a description, and the arrays of a `ChunkResult` over all its specimens."""
    with (files("napari_finercam") / FILE).open("rb") as file, np.load(file) as content:
        arrays = {name: content[name] for name in content.files}
    return SampleDescription.model_validate_json(arrays.pop("about").tobytes()), arrays


def make_sample(folder: Path | None = None) -> Path:
    """The store of the rendered specimens, made on the first call and kept with the verdicts given on it.

    Parameters
    ----------
    folder : Path, optional
        By default the user's folder for data, or a temporary one where that cannot be written.

    Returns
    -------
    Path
        The store.
    """
    description, arrays = read_sample()
    folder = folder or _default_folder(description.run)
    store, done = folder / "maps.zarr", folder / "complete"
    if not done.exists():
        catalog = _render(folder, description)
        create_store(store, catalog, _plan(description), description.grid, RunSettings.of(description.settings))
        rows = {image_id: row for row, image_id in enumerate(description.image_ids)}
        for chunk in pending_chunks(str(store)):
            write_chunk(str(store), chunk, _result(chunk, rows, arrays))
        done.touch()
    return store


def _default_folder(run: str) -> Path:
    try:
        return user_data_path("finercam", ensure_exists=True) / f"sample-{run}"
    except OSError:
        return Path(tempfile.gettempdir()) / f"finercam-sample-{run}"


def _render(folder: Path, description: SampleDescription) -> Catalog:
    """Photographs, trait masks and their table."""
    items = [PlannedSpecimen(*item) for item in description.items]
    render_batch(folder, description.seed, Planting(), items)
    rows = [_row(item, image_id) for item, image_id in zip(items, description.image_ids, strict=True)]
    pd.DataFrame(rows).to_csv(folder / "specimens.csv", index=False)
    (folder / "traits.json").write_text(json.dumps({str(k): v for k, v in MASK_NAMES.items()}), encoding="utf-8")
    terms = "\n".join(f'"{name}" = "{term}"' for name, term in description.uberon.items())
    (folder / "catalog.toml").write_text(_MANIFEST + terms + "\n", encoding="utf-8")
    return open_catalog(folder / "catalog.toml")


def _row(item: PlannedSpecimen, image_id: str) -> dict[str, str]:
    species = species_plan(item.species)
    return {
        "image_id": image_id,
        "scientificName": species.name,
        "family": species.family,
        "genus": species.genus,
        "vernacularName": species.common_name,
        "split": item.split,
        "path": f"Images/{item.file_name}",
        "license": "CC0-1.0",
        "rightsHolder": "finercam",
    }


def _plan(description: SampleDescription) -> ComparisonPlan:
    chosen = {
        species: tuple(Reference(name, tier, similarity) for name, tier, similarity in references)
        for species, references in description.references.items()
    }
    return ComparisonPlan(chosen, description.policy)


def _result(chunk: Chunk, rows: dict[str, int], arrays: Arrays) -> ChunkResult:
    chunk_rows = [rows[image_id] for image_id in chunk.image_ids]
    return ChunkResult(
        arrays["evidence"][chunk_rows].astype(np.float32),
        arrays["logit"][chunk_rows],
        arrays["log_sum_exp"][chunk_rows],
        arrays["predicted"][chunk_rows],
        np.full(len(chunk_rows), Status.DONE, np.uint8),
    )
