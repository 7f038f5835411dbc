"""Figures of single maps by hand, and controls."""

import numpy as np
import pandas as pd
import pytest

from finercam_core.evaluate.caveats import caveats
from finercam_core.evaluate.maps import centred_blob, random_map
from finercam_core.evaluate.statistics.intervals import resampled_means, spread
from finercam_core.evaluate.statistics.map_figures import intersection_over_union, map_overlap, pointing_game
from finercam_core.evaluate.statistics.species_tables import OVERALL, accuracy_table, localisation_table


def test_pointing_game_by_hand() -> None:
    region = np.array([[True, False], [False, False]])
    assert pointing_game([[2, 1], [0, 0]], region) == 1
    assert pointing_game([[1, 2], [0, 0]], region) == 0
    assert pointing_game([[2, 2], [0, 0]], region) == 0.5, "a tie counts by its share"
    assert np.isnan(pointing_game([[0, 0], [0, -1]], region))


def test_intersection_over_union_by_hand() -> None:
    assert intersection_over_union([True, True, False], [False, True, True]) == pytest.approx(1 / 3)
    assert np.isnan(intersection_over_union([False], [False]))


def test_overlap_of_maps_by_hand() -> None:
    assert map_overlap([[1, 3]], [[2, 6]]) == 1, "scale does not matter"
    assert map_overlap([[1, 0]], [[0, 5]]) == 0
    assert map_overlap([[1, 1]], [[1, 0]]) == 0.5
    assert np.isnan(map_overlap([[-1, 0]], [[1, 0]]))


def test_controls_know_nothing() -> None:
    assert np.array_equal(random_map((3, 4), "a"), random_map((3, 4), "a"))
    assert not np.array_equal(random_map((3, 4), "a"), random_map((3, 4), "b"))
    blob = centred_blob((5, 7))
    assert np.unravel_index(blob.argmax(), blob.shape) == (2, 3)
    np.testing.assert_allclose(blob, blob[::-1, ::-1])


def test_bootstrap_covers_the_mean_and_correction_widens() -> None:
    values = np.random.default_rng(0).normal(3, 1, (40, 1))
    samples = resampled_means(values, seed=0)
    plain, corrected = spread(values.mean(0), samples), spread(values.mean(0), samples, looks=10)
    assert plain.low < values.mean() < plain.high
    assert corrected.low < plain.low < plain.high < corrected.high
    half = 1.96 * values.std() / np.sqrt(40)
    assert plain.high - plain.low == pytest.approx(2 * half, rel=0.1)


def judged(right: int, wrong: int, energy: float = 0.6) -> pd.DataFrame:
    rows = []
    for i in range(right + wrong):
        for name, level in (("grad_cam", energy), ("finer_cam", energy), ("random", 0.5), ("blob", 0.4)):
            rows.append(
                {
                    "image_id": f"s{i}", "scientificName": "A. one", "predicted": "A. one" if i < right else "A. two",
                    "map": name, "energy": level + 0.01 * (i % 3), "pointing": 1.0, "iou": np.nan, "overlap": 0.2,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_accuracy_and_confusions() -> None:
    row = accuracy_table(judged(9, 3)).iloc[0]
    assert (row["n"], row["correct"], row["accuracy"], row["confusions"]) == (12, 9, 0.75, "A. two (3)")
    assert row["low"] < 0.75 < row["high"]


def test_maps_that_show_nothing_are_counted() -> None:
    specimens = judged(12, 0)
    gone = (specimens["map"] == "finer_cam") & specimens["image_id"].isin(["s1", "s2"])
    specimens.loc[gone, "energy"] = np.nan
    table = localisation_table(specimens).set_index(["species", "map", "figure"])
    counted = [table.loc[(OVERALL, name, "energy"), ["n", "empty"]].tolist() for name in ("finer_cam", "grad_cam")]
    assert counted == [[10, 2], [10, 0]]


def test_gains_over_random_are_paired() -> None:
    table = localisation_table(judged(12, 0)).set_index(["species", "map", "figure"])
    found = table.loc[(OVERALL, "finer_cam", "energy")]
    assert found["gain"] == pytest.approx(0.1)
    assert found["gain_high"] - found["gain_low"] < 1e-9, "the same noise in both cancels within a specimen"
    assert (OVERALL, "finer_cam", "iou") not in table.index, "what was not measured has no row"


@pytest.mark.parametrize(
    ("specimens", "expected"),
    [
        (judged(12, 0), []),
        (judged(4, 0), ["few images"]),
        (judged(9, 3), ["low accuracy"]),
        (judged(12, 0, energy=0.5), ["no better than random"]),
    ],
)
def test_caveats(specimens: pd.DataFrame, expected: list[str]) -> None:
    table = localisation_table(specimens)
    own = table[table["species"] != OVERALL]
    found = caveats(accuracy_table(specimens), own, pd.DataFrame(), pd.DataFrame())
    assert found["kind"].tolist() == expected


def test_evidence_beside_the_specimen_is_said_of_the_species_that_carries_it() -> None:
    row = {
        "species": "A. one", "reference": "A. two", "trait_id": -1, "share": 0.4, "share_low": 0.3, "share_high": 0.5,
        "told_apart": 1.0, "on": "A. two",
    }  # fmt: skip
    good = judged(12, 0)
    tables = accuracy_table(good), localisation_table(good)
    found = caveats(*tables, pd.DataFrame(), pd.DataFrame([row]))
    assert found[["species", "kind"]].to_numpy().tolist() == [["A. two", "outside the specimen"]]
    assert "looks outside the specimen" in found["sentence"].iloc[0]
    confused = caveats(*tables, pd.DataFrame(), pd.DataFrame([{**row, "told_apart": 0.5}]))
    assert confused.empty, "maps between species that it does not tell apart say nothing"
