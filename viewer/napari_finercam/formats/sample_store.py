"""A small store of the demo, made in a second or two: rendered specimens, and evidence that comes with the package.

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

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.references.plan import ComparisonPlan, Reference
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, create_store, pending_chunks, write_chunk
from finercam_core.synthetic import species_plan
from finercam_core.synthetic.collection import render_batch
from finercam_core.synthetic.parts import MASK_NAMES
from finercam_core.synthetic.shortcuts import Planting
from finercam_core.synthetic.tables import Item

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


def read_sample() -> tuple[dict[str, Any], Arrays]:
    """What comes with the package: a description, and the arrays of a `ChunkResult` over all its specimens."""
    with (files("napari_finercam") / FILE).open("rb") as file, np.load(file) as content:
        arrays = {name: content[name] for name in content.files}
    described: dict[str, Any] = json.loads(arrays.pop("about").tobytes())
    return described, arrays


def make_sample(folder: Path | None = None) -> Path:
    """The store of the rendered specimens, made on the first call and kept with the verdicts given on it.

    Parameters
    ----------
    folder : Path, optional
        By default the user's folder for data, else a temporary one where that cannot be written.

    Returns
    -------
    Path of the store.
    """
    about, arrays = read_sample()
    folder = folder or _folder(str(about["run"]))
    store, done = folder / "maps.zarr", folder / "complete"
    if not done.exists():
        catalog = _render(folder, about)
        create_store(store, catalog, _plan(about), tuple(about["grid"]), about["settings"])
        rows = {image_id: row for row, image_id in enumerate(about["image_ids"])}
        for chunk in pending_chunks(str(store)):
            write_chunk(str(store), chunk, _result(chunk, rows, arrays))
        done.touch()
    return store


def _folder(run: str) -> Path:
    try:
        return user_data_path("finercam", ensure_exists=True) / f"sample-{run}"
    except OSError:
        return Path(tempfile.gettempdir()) / f"finercam-sample-{run}"


def _render(folder: Path, about: dict[str, Any]) -> Catalog:
    """Photographs, trait masks and their table."""
    items = [Item(*item) for item in about["items"]]
    render_batch(folder, int(about["seed"]), Planting(), items)
    rows = []
    for item, image_id in zip(items, about["image_ids"], strict=True):
        plan = species_plan(item.species)
        rows.append({
            "image_id": image_id, "scientificName": plan.name, "family": plan.family, "genus": plan.genus,
            "vernacularName": plan.common_name, "split": item.split, "path": f"Images/{item.file_name}",
            "license": "CC0-1.0", "rightsHolder": "finercam",
        })  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "specimens.csv", index=False)
    (folder / "traits.json").write_text(json.dumps({str(k): v for k, v in MASK_NAMES.items()}), encoding="utf-8")
    terms = "\n".join(f'"{name}" = "{term}"' for name, term in about["uberon"].items())
    (folder / "catalog.toml").write_text(_MANIFEST + terms + "\n", encoding="utf-8")
    return open_catalog(folder / "catalog.toml")


def _plan(about: dict[str, Any]) -> ComparisonPlan:
    chosen = {
        species: tuple(Reference(str(name), str(tier), float(similarity)) for name, tier, similarity in references)
        for species, references in about["references"].items()
    }
    return ComparisonPlan(chosen, about["policy"])


def _result(chunk: Chunk, rows: dict[str, int], arrays: Arrays) -> ChunkResult:
    at = [rows[image_id] for image_id in chunk.image_ids]
    picked = {name: values[at] for name, values in arrays.items()}
    return ChunkResult(
        picked["evidence"].astype(np.float32), picked["logit"], picked["log_sum_exp"], picked["predicted"],
        np.full(len(at), Status.DONE, np.uint8),
    )  # fmt: skip
