"""Energy in the true region by pair and by size, by hand and on rendered specimens."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import Protocol, evaluate
from finercam_core.evaluate.maps import ABOVE, pair_map
from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.evaluate.with_truth.energy_table import overall_in_words, true_energy_table
from finercam_core.evaluate.with_truth.planted_traits import planted_in, rendered_truth
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import to_image
from finercam_core.store import Store, open_store, pending_chunks
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.synthetic import SPECIES, render_collection

MANIFEST = Path(__file__).parents[3] / "catalogs" / "demo.toml"


def energies() -> pd.DataFrame:
    rows = []
    for i in range(12):
        for reference, area, level in (("A. two", 0.004, 0.2), ("A. three", 0.03, 0.4)):
            noise = 0.01 * (i % 3)
            rows.append({"image_id": f"s{i}", "scientificName": "A. one", "reference": reference, "area": area,
                         "grad_cam": level + noise, "finer_cam": level + 0.1 + noise, "random": area + noise,
                         "blob": 2 * area})  # fmt: skip
    return pd.DataFrame(rows)


def test_groups_by_hand() -> None:
    table = true_energy_table(energies()).set_index(["by", "group", "map"])
    every = table.loc[("all", "all pairs", "finer_cam")]
    assert every["energy"] == pytest.approx(0.41)
    assert (every["n"], every["area"]) == (12, pytest.approx(0.017)), "a specimen is one unit, whatever its references"
    assert every["over_grad_cam"] == pytest.approx(0.1)
    assert every["over_grad_cam_high"] - every["over_grad_cam_low"] < 1e-9, "paired"
    pair = table.loc[("pair", "A. one from A. two", "finer_cam")]
    assert (pair["energy"], pair["over_random"]) == (pytest.approx(0.31), pytest.approx(0.296))
    sizes = table.xs("size", level="by").index.get_level_values("group").unique()
    assert sizes.tolist() == [f"true difference on {ends} % of the image" for ends in ("0 to 0.5", "2 to 5")]
    assert "finer_cam 0.410 [" in overall_in_words(true_energy_table(energies()))
    assert overall_in_words(true_energy_table(pd.DataFrame())) == ""


def test_the_truth_of_a_rendered_collection_is_measured_and_kept(tmp_path: Path, tiny_classifier: str) -> None:
    render_collection(tmp_path / "collection", seed=3, train=1, val=1, test=1, workers=1)
    (tmp_path / "catalog.toml").write_text(MANIFEST.read_text(encoding="utf-8"), encoding="utf-8")
    classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny([plan.name for plan in SPECIES])
    made = plan_store(tmp_path / "maps.zarr", open_catalog(tmp_path / "catalog.toml"), classifier, references=2)
    annotate_chunks(made.location, list(pending_chunks(made.location)), classifier)
    store = open_store(made.location)
    known = {"planted": planted_in(tmp_path / "collection"), "truth": rendered_truth(store)}
    first = evaluate(made.location, tmp_path / "out", **known)  # type: ignore[arg-type]
    again = evaluate(made.location, tmp_path / "out", **known)  # type: ignore[arg-type]
    assert (first.reused, again.reused) == (0, len(SPECIES))
    pd.testing.assert_frame_equal(first.truth, again.truth)
    pairs = first.truth[first.truth["by"] == "pair"]
    assert 20 < len(pairs["group"].unique()) <= 2 * len(SPECIES), "both congeners; one specimen's map may show nothing"
    assert np.isfinite(first.truth["energy"]).all()
    assert (tmp_path / "out" / "truth.csv").is_file()
    assert evaluate(made.location, tmp_path / "out").reused == 0, "figures without the truth are others"
    _figures_above_a_baseline(store, tmp_path / "above", known)


def _figures_above_a_baseline(store: Store, folder: Path, known: dict[str, object]) -> None:
    """One more map is judged beside the plain one; who has no background is left out with the reason."""
    report = evaluate(store.location, folder, protocol=Protocol(above="both"), **known)  # type: ignore[arg-type]
    rows = report.truth[report.truth["by"] == "all"].set_index("map")
    assert {"finer_cam", ABOVE} <= set(rows.index)
    backgrounds, expected = backgrounds_of(store), []
    truth = rendered_truth(store)
    for image_id in store.rows.index[store.rows["split"] == "test"]:
        record, energies = store.record(str(image_id)), []
        for index in [i for i, tier in enumerate(record.tiers) if tier == "congener"]:
            if backgrounds.known(record.classes[0], record.classes[index]) is not None:
                shown = pair_map(record, index, 0.6, "both", backgrounds)
                region = truth.of(str(image_id), record.classes[index])
                size = (region.shape[1], region.shape[0])
                energies.append(float(energy_share(to_image(shown, store.preparation.window(size), size), region)))
        expected += [np.mean(energies)] if energies else []
    assert rows.loc[ABOVE, "energy"] == pytest.approx(np.mean(expected), abs=0.02), "but for maps that show nothing"
    for row in report.left_out.to_dict("records"):
        assert row["reason"].startswith("no map above its baseline 'both': no specimen of ")
    judged = report.specimens
    assert set(judged["map"]) >= {"finer_cam", ABOVE}
    assert len(report.left_out) + judged["image_id"].nunique() == len(Protocol().specimens(store))
