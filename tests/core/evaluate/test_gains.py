"""Cuts and paired gains by hand; what a long run keeps; boxes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from finercam_core.evaluate.caveats import caveats
from finercam_core.evaluate.classifier_checks import Checks, read_checks, write_checks
from finercam_core.evaluate.kept_tables import kept
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.specimen_regions import box_region, read_boxes
from finercam_core.evaluate.statistics.intervals import resampled_means, spread
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.with_model.compared_maps import compared_maps
from finercam_core.evaluate.with_model.deletion_curves import Cuts
from finercam_core.evaluate.with_model.gains import finer_table, summarise


def test_cuts_score_each_different_image_once() -> None:
    cuts = Cuts((0.05, 0.1, 0.2), 20, 400)
    assert cuts.removed.tolist() == list(range(20, 400, 20))
    assert cuts.images == 19 + 19
    masks = cuts.masks(torch.arange(400).view(20, 20))
    assert masks.sum((1, 2)).tolist() == [*range(20, 400, 20), *range(380, 0, -20)]
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == cuts.images


def test_figures_by_hand() -> None:
    cuts = Cuts((0.25,), 2, 4)
    assert cuts.removed.tolist() == [1, 2]
    ends = np.array([[0.8, 0.1], [0.2, 0.3]])
    found = np.array([[0.6, 0.2], [0.4, 0.2], [0.7, 0.1]])  # one pixel gone; two gone; the top two kept
    figures = cuts.figures(ends, found)
    assert figures["drop_25"] == pytest.approx((0.8 - 0.6) - (0.1 - 0.2))
    assert figures["deletion"] == pytest.approx((0.8 / 2 + 0.4 + 0.2 / 2) / 2)
    assert figures["insertion"] == pytest.approx((0.2 / 2 + 0.7 + 0.8 / 2) / 2)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(0, 100))
def test_a_perfect_map_beats_every_other_order(steps: int, seed: int) -> None:
    """For a model that counts the pixels of a region, the map of the region has the lowest deletion of all orders."""
    rng = np.random.default_rng(seed)
    region = rng.random(100) < 0.3
    cuts = Cuts((0.05,), steps, 100)

    def figures(ranks: np.ndarray) -> dict[str, float]:
        gone = cuts.masks(torch.from_numpy(ranks).view(10, 10)).flatten(1).numpy()
        share = (~gone & region).sum(1) / max(region.sum(), 1)
        return cuts.figures(np.array([[1.0, 0], [0.0, 0]]), np.stack([share, 0 * share], 1))

    perfect = np.argsort(np.argsort(~region, kind="stable"), kind="stable")
    best, other = figures(perfect), figures(rng.permutation(100))
    assert best["deletion"] <= other["deletion"] + 1e-9
    assert best["insertion"] >= other["insertion"] - 1e-9
    assert best["drop_5"] >= other["drop_5"] - 1e-9


def judged(n: int = 30, species: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for s in range(species):
        for i in range(n):
            noise = rng.normal(0, 0.2)
            for name, level in (("grad_cam", 0.5), ("finer_cam", 0.55), ("random", 0.1), ("blob", 0.3)):
                rows.append(
                    {
                        "image_id": f"{s}-{i}", "scientificName": f"A. {s}", "map": name, "drop_5": level + noise,
                        "deletion": 1 - level + noise, "insertion": level + noise + rng.normal(0, 0.1),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_gains_are_paired_and_corrected_intervals_hold_them() -> None:
    table = summarise(judged()).set_index(["species", "map", "figure"])
    row = table.loc[(OVERALL, "finer_cam", "drop_5")]
    assert row["over_random_mean"] == pytest.approx(0.45)
    assert row["over_random_high"] - row["over_random_low"] < 1e-9, "the noise of a specimen is in both of its maps"
    assert (row["n"], row["looks"]) == (60, 3 * 3)
    noisy = table.loc[(OVERALL, "finer_cam", "insertion")]
    assert noisy["over_blob_all_low"] < noisy["over_blob_low"] < noisy["over_blob_high"] < noisy["over_blob_all_high"]
    assert table.loc[("A. 0", "blob", "deletion"), "looks"] == 3 * 3 * 2


def test_finer_is_finer_or_not() -> None:
    table = finer_table(judged(), compared_maps(Protocol())).set_index("figure")
    assert table.loc["drop_5", "gain"] == pytest.approx(0.05)
    assert table["verdict"].to_dict()["drop_5"] == "finer"
    assert table.loc["deletion", "gain"] == pytest.approx(-0.05)
    assert table.loc["deletion", "verdict"] == "finer", "a lower deletion is better"
    worse = judged().replace({"map": {"finer_cam": "grad_cam", "grad_cam": "finer_cam"}})
    assert finer_table(worse, compared_maps(Protocol())).set_index("figure").loc["drop_5", "verdict"] == "species"


def test_maps_of_a_grid_are_there_once_each() -> None:
    maps = compared_maps(
        Protocol(), gammas=(0, 0.6, 1.0), weightings=("mean", "softmax"), methods=["layercam"], baselines=["rise"]
    )
    names = [one.name for one in maps]
    assert names == [
        "grad_cam", "finer_cam", "finer_cam γ=1 mean", "finer_cam γ=0.6 softmax", "finer_cam γ=1 softmax",
        "layercam", "layercam difference", "rise", "rise difference", "random", "blob",
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="unknown weighting 'median'"):
        compared_maps(Protocol(), gammas=(1,), weightings=["median"])  # type: ignore[list-item]


def test_a_tail_too_thin_for_a_percentile_is_students() -> None:
    values = np.random.default_rng(0).normal(2, 1, (25, 1))
    samples = resampled_means(values, seed=0, resamples=2000)
    thin = spread(values.mean(0), samples, looks=5000, n=25)
    plain = spread(values.mean(0), samples)
    assert thin.low < plain.low < plain.high < thin.high
    assert np.isfinite([thin.low, thin.high]).all()
    assert len(resampled_means(values, seed=0, looks=20)) == 8000


def test_a_map_no_better_than_random_is_said_of_its_species() -> None:
    table = judged()
    alike = table.assign(**{
        name: table[name].where(table["scientificName"] != "A. 1", 0.5) for name in ("drop_5", "deletion")
    })  # fmt: skip
    accuracy = pd.DataFrame([{"species": f"A. {s}", "n": 30, "correct": 30, "accuracy": 1.0} for s in range(2)])
    found = caveats(accuracy, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), summarise(alike))
    assert found[["species", "kind"]].to_numpy().tolist() == [["A. 1", "no better than random"]]
    assert "costs the species no more confidence" in found["sentence"].iloc[0]


def test_kept_tables_are_made_once_and_never_taken_half_written(tmp_path: Path) -> None:
    calls: list[int] = []

    def make() -> dict[str, pd.DataFrame]:
        calls.append(1)
        return {"a": pd.DataFrame({"x": [1, 2]})}

    for expected in (False, True):
        tables, known = kept(tmp_path / "p", {"k": "1"}, make)
        assert (known, tables["a"]["x"].tolist()) == (expected, [1, 2])
    assert kept(tmp_path / "p", {"k": "2"}, make)[1] is False
    (tmp_path / "p" / "key.json").unlink()  # as a kill before the last write leaves it
    assert kept(tmp_path / "p", {"k": "2"}, make)[1] is False
    assert len(calls) == 3


def test_checks_of_another_run_are_not_taken_up(tmp_path: Path) -> None:
    write_checks(tmp_path, Checks(finer=pd.DataFrame({"gain": [0.1]}), about={"run": "a", "cost": "3"}))
    assert read_checks(tmp_path, "a").finer["gain"].tolist() == [0.1]
    assert read_checks(tmp_path, "b").finer.empty
    assert read_checks(tmp_path / "nowhere", "a").about == {}


def test_boxes_cover_the_pixels_whose_centres_they_hold(tmp_path: Path) -> None:
    region = box_region([[1, 0, 2, 1]], (4, 3))
    assert np.argwhere(region).tolist() == [[0, 1], [0, 2]]
    assert box_region([[0, 0, 1, 1], [3, 2, 9, 9]], (4, 3)).sum() == 2
    with pytest.raises(EvaluationError, match="covers no pixel"):
        box_region([[9, 9, 2, 2]], (4, 3), "s1")
    (tmp_path / "boxes.csv").write_text("image_id,x,y,width\n1,0,0,2\n")
    with pytest.raises(EvaluationError, match="has no column height"):
        read_boxes(tmp_path / "boxes.csv")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_boxes(tmp_path / "none.csv")
