"""The tables of a rendered collection: Fish-Vista's own files and columns."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from finercam_core.io.atomic import write_whole
from finercam_core.synthetic.species import SPECIES, SpeciesPlan, species_plan

COLUMNS = [
    "filename",
    "source_filename",
    "original_format",
    "arkid",
    "family",
    "source",
    "owner",
    "standardized_species",
    "original_url",
    "license",
    "adipose_fin",
    "pelvic_fin",
    "barbel",
    "multiple_dorsal_fin",
    "file_name",
]
# First specimen number of each split: a collection that grows never moves an image from one split to another.
SPLITS: Mapping[str, int] = {"train": 0, "val": 10_000, "test": 20_000}
CHUNKS = 6


class PlannedSpecimen(NamedTuple):
    """One image of a collection: its species, its specimen number and its split."""

    species: str
    number: int
    split: str

    @property
    def stem(self) -> str:
        """File name without its ending."""
        return f"demo_{self.species.lower().replace(' ', '_')}_{self.number:05d}"

    @property
    def file_name(self) -> str:
        """Path below `Images`, as in Fish-Vista's column of that name."""
        return f"chunk_{self.number % CHUNKS + 1}/{self.stem}.jpg"


def plan_specimens(counts: Mapping[str, int]) -> list[PlannedSpecimen]:
    """Plan a collection from the number of images per species in each split."""
    return [
        PlannedSpecimen(plan.name, SPLITS[split] + k, split)
        for split, count in counts.items()
        for k in range(count)
        for plan in SPECIES
    ]


def table(specimens: Sequence[PlannedSpecimen], drawn: Callable[[str], str] = str) -> pd.DataFrame:
    """Fish-Vista's 15 columns, one row per image; the four trait columns hold 0 or 1, as the species is `drawn`."""
    rows = [_row(specimen, species_plan(drawn(specimen.species))) for specimen in specimens]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(specimen: PlannedSpecimen, drawn: SpeciesPlan) -> dict[str, str | int]:
    plan = species_plan(specimen.species)
    return {
        "filename": f"{specimen.stem}.jpg",
        "source_filename": f"{specimen.stem}.jpg",
        "original_format": "jpg",
        "arkid": "",
        "family": plan.family,
        "source": "finercam",
        "owner": "finercam",
        "standardized_species": plan.name.lower(),
        "original_url": "",
        "license": "CC0-1.0",
        "adipose_fin": int(drawn.traits["adipose_fin"] == "present"),
        "pelvic_fin": int(drawn.traits["pelvic_fin"] == "present"),
        "barbel": int(drawn.traits["barbel"] == "present"),
        "multiple_dorsal_fin": int(drawn.traits["dorsal_fins"] == "two"),
        "file_name": specimen.file_name,
    }


def write_tables(folder: Path, specimens: Sequence[PlannedSpecimen], drawn: Callable[[str], str] = str) -> None:
    """Write `classification_{split}.csv` and `segmentation_{split}.csv`: every rendered image has a mask."""
    for split in SPLITS:
        rows = table([specimen for specimen in specimens if specimen.split == split], drawn)
        text = rows.to_csv(index=False, lineterminator="\n")
        for task in ("classification", "segmentation"):
            write_whole(folder / f"{task}_{split}.csv", text)
