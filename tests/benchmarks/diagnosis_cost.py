"""What all pairs of a finished store cost without the model: `python tests/benchmarks/diagnosis_cost.py [species]`.

A made-up store: genera of nine species, each compared with its eight congeners, 16 held-out specimens a species, 14 x
14 cells; every specimen has the trait mask of a rendered fish. Prints the seconds for reading places and for the tests,
and what 1,900 species would take on this machine by the same rates; with ``--cells`` without the trait masks.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from finercam_core.catalog import Catalog
from finercam_core.catalog.trait_labels import TraitLabels
from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.survey import survey
from finercam_core.images.preparation import Preparation
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import ChunkResult, RunSettings, create_store, open_store, pending_chunks, write_chunk
from finercam_core.synthetic.parts import MASK_NAMES
from finercam_core.synthetic.specimen import render_specimen

GRID, GENUS, EACH = (14, 14), 9, 16
TEXTS = ("order", "vernacularName", "accessURI", "rightsHolder", "license", "fault", "group_id", "specificEpithet",
         "infraspecificEpithet", "hashFunction", "hashValue", "taxonRank")  # fmt: skip


def letters(number: int) -> str:
    """A number as a word."""
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:04d}")


def build(folder: Path, species: int) -> str:
    """A store with random evidence; returns its location."""
    rendered = render_specimen("Fontodus vittatus", 0, 0)
    Image.fromarray(rendered.mask).save(folder / "mask.png")
    Image.fromarray(rendered.image).save(folder / "fish.jpg")
    names = [f"G{letters(k // GENUS)} {letters(k)}us" for k in range(species)]
    same = {"family": "Fidae", "split": "test", "path": "fish.jpg", "maskURI": "mask.png", **dict.fromkeys(TEXTS, "")}
    rows = pd.DataFrame(
        [
            {"image_id": f"{k}-{i}", "scientificName": name, "genus": name.split()[0], **same}
            for k, name in enumerate(names)
            for i in range(EACH)
        ]
    )
    labels = TraitLabels(dict(MASK_NAMES), {})
    catalog = Catalog("made up", str(folder), "made up", rows, traits=labels)
    settings = RunSettings.of({
        "classifier": {"model": "stand-in", "species": names}, "method": "gradcam", "kind": "evidence",
        "preparation": Preparation(96, 128).to_dict(),
    })  # fmt: skip
    location = str(folder / "maps.zarr")
    create_store(location, catalog, plan_comparisons(catalog, names, references=GENUS - 1), GRID, settings)
    rng = np.random.default_rng(0)
    for chunk in pending_chunks(location):
        n, own = len(chunk), rng.normal(size=(1, GENUS, *GRID))
        values = (own + rng.normal(size=(n, GENUS, *GRID))).astype(np.float32)
        logit = values.mean((2, 3)) + np.arange(GENUS)[::-1].astype(np.float32) / 10
        done = np.full(n, Status.DONE, np.uint8)
        write_chunk(location, chunk, ChunkResult(values, logit, logit[:, 0] + 1, np.zeros(n, np.int32), done))
    return location


def main() -> None:
    """Build, ask all pairs, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("species", type=int, nargs="?", default=90)
    parser.add_argument("--cells", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="finercam-diagnosis-") as folder:
        store = open_store(build(Path(folder), arguments.species))
        diagnosis = Diagnosis(store, by_parts=False if arguments.cells else None)
        start = time.process_time()
        for name in store.species:
            diagnosis.places(name)
        read = time.process_time() - start
        pairs = diagnosis.pairs
        start = time.process_time()
        answers = survey(diagnosis)
        tested = time.process_time() - start
    print(f"{arguments.species} species, {len(pairs)} pairs, compared by {answers[0].aligned}")
    print(f"reading places: {read:.1f} s, {1000 * read / arguments.species:.0f} ms a species")
    print(f"tests: {tested:.1f} s, {1000 * tested / len(pairs):.1f} ms a pair")
    most = 1900 * (GENUS - 1)  # if no pair were shared between two species' references
    whole = 1900 * read / arguments.species + most * tested / len(pairs)
    print(f"1,900 species with 8 references each, at most {most:,} pairs: {whole / 60:.1f} minutes of one core")


if __name__ == "__main__":
    main()
