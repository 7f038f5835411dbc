"""Draw the plugin's sample from a whole demo: `python docs/make_sample_data.py demo`.

Four test specimens of each species, with their evidence; the photographs are rendered again when the sample is opened.
"""

import sys
from pathlib import Path

import napari_finercam
import numpy as np
from napari_finercam.formats.sample import FILE, SampleDescription

from finercam_core.store import Store, open_store
from finercam_core.synthetic.truth import read_truth

EACH = 4
SETTINGS = ("classifier", "method", "kind", "preparation", "versions")


def main(demo: Path) -> None:
    """Write ``sample.npz`` into the plugin."""
    store = open_store(demo / "maps.zarr")
    tests = store.rows[store.rows["split"] == "test"].sort_index()
    image_ids = [str(image_id) for image_id in tests.groupby("scientificName").head(EACH)["image_id"]]
    records = [store.record(image_id) for image_id in image_ids]
    species = list(store.provenance.classifier.species)
    arrays = {
        "evidence": np.stack([record.evidence for record in records]).astype(np.float16),
        "logit": np.stack([record.logit for record in records]).astype(np.float32),
        "log_sum_exp": np.array([record.log_sum_exp for record in records], np.float32),
        "predicted": np.array([species.index(record.predicted) for record in records], np.int32),
    }
    about = describe(store, demo / "collection", image_ids).model_dump_json().encode()
    target = Path(napari_finercam.__file__).parent / FILE
    np.savez_compressed(target, about=np.frombuffer(about, np.uint8), **arrays)
    print(f"{target}: {len(image_ids)} specimens, {target.stat().st_size:,} bytes")


def describe(store: Store, collection: Path, image_ids: list[str]) -> SampleDescription:
    """What is needed to render the specimens and to make a store of them."""
    provenance, truth = store.provenance.to_json(), read_truth(collection)
    traits = provenance["traits"]
    images = [truth["images"][image_id] for image_id in image_ids]
    return SampleDescription(
        seed=truth["seed"],
        renderer=truth["renderer"],
        run=provenance["run"],
        grid=provenance["grid"],
        settings={key: provenance[key] for key in SETTINGS if key in provenance},
        policy=provenance["references"],
        references={name: references(store, name) for name in store.species},
        image_ids=image_ids,
        items=[(image["species"], image["index"], "test") for image in images],
        uberon={name: traits["uberon"][key] for key, name in traits["names"].items() if key in traits["uberon"]},
    )


def references(store: Store, species: str) -> list[tuple[str, str, float]]:
    """Name, tier and similarity of each reference of a species."""
    dataset = store.species_dataset(species)
    names = [str(name) for name in dataset["class"].values]
    return list(zip(names, dataset.attrs["tiers"], dataset.attrs["similarity"], strict=True))[1:]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
