"""Draw the plugin's sample from a whole demo: `python docs/make_sample_data.py demo`.

Four test specimens of each species, with their evidence; the photographs are rendered again when the sample is opened.
"""

import json
import sys
from pathlib import Path

import napari_finercam
import numpy as np

from finercam_core.store import Store, open_store
from finercam_core.synthetic.truth import read_truth

EACH = 4


def main(demo: Path) -> None:
    """Write ``sample.npz`` into the plugin."""
    store, truth = open_store(demo / "maps.zarr"), read_truth(demo / "collection")
    tests = store.rows[store.rows["split"] == "test"].sort_index()
    ids = [str(image_id) for image_id in tests.groupby("scientificName").head(EACH)["image_id"]]
    records = [store.record(image_id) for image_id in ids]
    species = list(store.provenance["classifier"]["species"])
    arrays = {
        "evidence": np.stack([record.evidence for record in records]).astype(np.float16),
        "logit": np.stack([record.logit for record in records]).astype(np.float32),
        "log_sum_exp": np.array([record.log_sum_exp for record in records], np.float32),
        "predicted": np.array([species.index(record.predicted) for record in records], np.int32),
    }
    about = json.dumps(describe(store, truth, ids)).encode()
    target = Path(napari_finercam.__file__).parent / "sample.npz"
    np.savez_compressed(target, about=np.frombuffer(about, np.uint8), **arrays)
    print(f"{target}: {len(ids)} specimens, {target.stat().st_size:,} bytes")


def describe(store: Store, truth: dict, ids: list[str]) -> dict:
    """What is needed to render the specimens and to make a store of them."""
    made, traits = store.provenance, store.provenance["traits"]
    items = [(truth["images"][name]["species"], truth["images"][name]["index"], "test") for name in ids]
    references, kept = {}, ("classifier", "method", "kind", "preparation", "versions")
    for name in store.species:
        dataset = store.species_dataset(name)
        parts = zip(dataset["class"].values, dataset.attrs["tiers"], dataset.attrs["similarity"], strict=True)
        references[name] = [(str(of), tier, similarity) for of, tier, similarity in parts][1:]
    return {
        "seed": truth["seed"], "renderer": truth["renderer"], "run": made["run"], "grid": made["grid"],
        "settings": {key: made[key] for key in kept if key in made},
        "policy": made["references"], "references": references, "image_ids": ids, "items": items,
        "uberon": {name: traits["uberon"][key] for key, name in traits["names"].items() if key in traits["uberon"]},
    }  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
