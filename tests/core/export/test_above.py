"""Masks of maps above a baseline: which it was, and its mean, travel with every file."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import rounding

from finercam_core.baselines import BASELINES, LINEAR, above
from finercam_core.errors import ComparisonError
from finercam_core.export import automatic_masks, export
from finercam_core.finer import coefficients, combine, finer_cam
from finercam_core.images.preparation import to_image
from finercam_core.regions.threshold import region
from finercam_core.store import SpecimenRecord, Store, open_store
from finercam_core.store.backgrounds import Backgrounds

LOOK_ALIKE = "Aus cus"
USE = np.array([False, True, False])


@pytest.fixture
def store(reviewed: Path) -> Store:
    return open_store(reviewed)


def weights_of(record: SpecimenRecord, gamma: float) -> np.ndarray:
    return coefficients(record.logit, record.log_sum_exp, gamma=gamma, use=np.array(record.classes) == LOOK_ALIKE)


def test_a_background_is_the_mean_comparison_of_the_look_alikes_specimens(store: Store) -> None:
    record = store.record("Aus_bus-000")
    cus = [store.record(f"Aus_cus-{i:03d}") for i in range(4)]
    expected = np.mean(
        [one.evidence[one.classes.index("Aus bus")].astype(float) - 0.6 * one.evidence[0] for one in cus], axis=0
    )
    found = Backgrounds(store).of(record, weights_of(record, 0.6), 0.6)
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounding(20, 10, np.float32))


@pytest.mark.parametrize("baseline", sorted(LINEAR))
def test_gamma_stays_live(store: Store, baseline: str) -> None:
    """A map above a linear baseline at any γ is exact arithmetic from those at two others."""
    record, backgrounds = store.record("Aus_bus-001"), Backgrounds(store)
    one, two, three = (backgrounds.above(record, weights_of(record, g), g, baseline) for g in (1.0, 2.0, 3.5))  # type: ignore[arg-type]
    expected = one.values + 2.5 * (two.values.astype(float) - one.values)
    np.testing.assert_allclose(three.values, expected, rtol=0, atol=rounding(60, 40, np.float32))
    if one.mean is None or two.mean is None or three.mean is None:
        assert baseline in ("none", "look-alike")
        return
    np.testing.assert_allclose(three.mean, one.mean + 2.5 * (two.mean - one.mean), atol=rounding(60, 40, np.float32))
    plain = combine(record.evidence, weights_of(record, 1.0), relu=False)
    if baseline == "mean":  # the margin is the sum of the map and of the mean that is said beside it
        margin = one.values.sum() + one.values.size * one.mean
        np.testing.assert_allclose(margin, plain.sum(), atol=rounding(60, 40, np.float32))


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_mask_is_cut_from_the_map_above_its_baseline(store: Store, baseline: str) -> None:
    mask = next(automatic_masks(store, references=LOOK_ALIKE, baseline=baseline, top=0.1))  # type: ignore[arg-type]
    record = store.record(mask.image_id)
    weights, backgrounds = weights_of(record, 0.6), Backgrounds(store)
    signed = above(combine(record.evidence, weights, relu=False), baseline, backgrounds.of(record, weights, 0.6))  # type: ignore[arg-type]
    size = mask.mask.shape[1], mask.mask.shape[0]
    expected = region(to_image(np.maximum(signed, 0), store.preparation.window(size), size), top=0.1)
    np.testing.assert_array_equal(mask.mask, expected)
    told = mask.about.to_json()
    assert told.get("above", "none") == baseline
    assert ("above_mean" in told) == (baseline != "none")


def test_every_file_says_its_baseline(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "csv", format="csv", which="automatic", baseline="mean")
    with (tmp_path / "csv" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["scientificName"] == "Aus bus"]
    assert {row["above"] for row in rows} == {"mean"}
    assert all(abs(float(row["above_mean"])) > 0 for row in rows)
    export(store, tmp_path / "coco", which="automatic", baseline="mean")
    content = json.dumps(json.loads((tmp_path / "coco" / "annotations.json").read_text(encoding="utf-8")))
    assert '"above": "mean"' in content
    export(store, tmp_path / "plain", which="automatic")
    assert '"above"' not in (tmp_path / "plain" / "annotations.json").read_text(encoding="utf-8")


def test_what_has_no_background_is_left_out_and_said(store: Store, tmp_path: Path) -> None:
    """No specimen of the third species is in the store; the map of one species alone compares with nobody."""
    summary = export(store, tmp_path / "out", which="automatic", baseline="both")
    assert "no specimen of Aus dus was compared with Aus bus" in summary.failed["Aus_bus-000"]
    record = store.record("Aus_bus-000")
    with pytest.raises(ComparisonError, match="one species alone has no look-alike's background: use"):
        Backgrounds(store).of(record, weights_of(record, 0.0), 0.0)
    with pytest.raises(ComparisonError, match="unknown baseline 'median'"):
        list(automatic_masks(store, baseline="median"))  # type: ignore[arg-type]


def test_a_dataset_is_shown_above_its_mean(store: Store) -> None:
    data = store.species_dataset("Aus bus")
    plain, centred = finer_cam(data, relu=False), finer_cam(data, relu=False, baseline="mean")
    np.testing.assert_allclose(centred, plain - plain.mean(dim=("y", "x")), atol=rounding(40, 10, np.float32))
    assert (centred.attrs["above"], "above" in plain.attrs) == ("mean", False)
    with pytest.raises(ComparisonError, match="needs the look-alike's own specimens"):
        finer_cam(data, baseline="both")
