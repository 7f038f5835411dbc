"""The published γ and γ = 1 stand side by side wherever maps are compared, but for finished comparisons."""

import numpy as np
import pandas as pd
import pytest

from finercam_core.evaluate import Protocol
from finercam_core.evaluate.maps import WHOLE, maps_of, specimen_maps
from finercam_core.evaluate.statistics.species_tables import localisation_table
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord


def record(compared_at: float | None = None) -> SpecimenRecord:
    rng = np.random.default_rng(0)
    classes = ("A. one", "A. two", "A. three")
    evidence, logit = rng.normal(size=(3, 4, 5)).astype(np.float32), np.array([3, 2, 1], np.float32)
    return SpecimenRecord("i", "A. one", classes, ("target", "congener", "congener"), evidence, logit, 4.0, "A. one",
                          Status.DONE, compared_at)  # fmt: skip


@pytest.mark.parametrize("gamma", [0.6, 0.3])
def test_the_whole_difference_stands_beside_the_protocols_own(gamma: float) -> None:
    one = record()
    found = dict(zip(maps_of(one), specimen_maps(one, Protocol(gamma=gamma)).astype(np.float64), strict=True))
    own, others = one.evidence[0].astype(np.float64), one.evidence[1:].mean(0, dtype=np.float64)
    for name, strength in (("grad_cam", 0.0), ("finer_cam", gamma), (WHOLE, 1.0)):
        np.testing.assert_allclose(found[name], np.maximum(own - strength * others, 0), atol=1e-5)


def test_a_finished_comparison_has_its_own_gamma_alone() -> None:
    one = record(compared_at=0.6)
    assert WHOLE not in maps_of(one)
    assert len(specimen_maps(one, Protocol())) == len(maps_of(one)) == 4


@pytest.mark.parametrize("finished", [False, True])
def test_the_table_has_a_row_of_it_where_there_is_such_a_map(finished: bool) -> None:
    rng, names = np.random.default_rng(1), maps_of(record(0.6 if finished else None))
    rows = [{"image_id": f"i{n}", "scientificName": "A. one", "map": name, "energy": rng.random(), "pointing": np.nan,
             "iou": np.nan} for n in range(6) for name in names]  # fmt: skip
    table = localisation_table(pd.DataFrame(rows))
    assert set(table["map"]) == set(names)
    assert (table["map"] == WHOLE).any() != finished
