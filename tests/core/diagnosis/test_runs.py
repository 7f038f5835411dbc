"""Two runs beside each other: the same maps have not moved, others have, and what cannot be measured is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from finercam_flows.cli import app
from planned_store import SETTINGS, plan_at, result
from typer.testing import CliRunner

from finercam_core.diagnosis.runs import compare_runs, write_comparison
from finercam_core.errors import ComparisonError
from finercam_core.status import Status
from finercam_core.store import Store, open_store, pending_chunks, write_chunk

COUNTS = {"Aus bus": 5, "Aus cus": 4, "Dus eus": 3}
OTHER = {**SETTINGS, "classifier": {**SETTINGS["classifier"], "model": "tiny, trained again"}}  # type: ignore[dict-item]


def made(place: Path, images: Path, counts: dict[str, int], *, noise: float = 0.0, failed: int = 0) -> Store:
    """A run whose maps differ from those of `planned_store.result` by noise; so many of each species failed."""
    plan_at(str(place), images, counts, settings=OTHER if noise else None)
    rng = np.random.default_rng(1)
    for chunk in pending_chunks(place):
        values = result(chunk)
        np.add(values.evidence, noise * rng.normal(size=values.evidence.shape), out=values.evidence, casting="unsafe")
        values.status[:failed] = Status.TRUNCATED
        write_chunk(str(place), chunk, values)
    return open_store(place)


def test_a_run_beside_itself_has_not_moved(tmp_path: Path) -> None:
    store = made(tmp_path / "a.zarr", tmp_path / "images", COUNTS)
    maps = compare_runs(store, store).maps.set_index("species")
    assert maps["n"].to_dict() == COUNTS
    assert maps[["cosine", "cosine_low", "rank", "same_choice"]].to_numpy(float) == pytest.approx(1.0, abs=1e-6)
    assert (maps["not_measured"] == "").all()


def test_the_more_a_run_changed_the_further_its_maps_moved(tmp_path: Path) -> None:
    first, *others = (
        made(tmp_path / f"{noise}.zarr", tmp_path / "images", COUNTS, noise=noise) for noise in (0.0, 0.2, 1.0, 5.0)
    )
    moved = [compare_runs(first, other).maps for other in others]
    for column in ("cosine", "rank"):
        near, middle, far = (table[column].median() for table in moved)
        assert 1 > near > middle > far
    assert moved[0]["references"].tolist() == [2, 2, 2]


def test_only_specimens_with_a_map_in_both_are_measured(tmp_path: Path) -> None:
    a = made(tmp_path / "a.zarr", tmp_path / "images", COUNTS)
    fewer = {"Aus bus": 3, "Aus cus": 1}
    b = made(tmp_path / "b.zarr", tmp_path / "images", fewer, noise=0.1, failed=1)
    table = compare_runs(a, b).maps.set_index("species")
    assert table.loc["Aus bus", ["n", "only_a", "only_b"]].tolist() == [2, 3, 0]
    assert table.loc["Aus cus", ["n", "only_a"]].tolist() == [0, 4]
    assert table["not_measured"].to_dict() == {
        "Aus bus": "", "Aus cus": "no specimen has a map in both", "Dus eus": "the species is in A alone",
    }  # fmt: skip
    assert table["cosine"].isna().to_dict() == {"Aus bus": False, "Aus cus": True, "Dus eus": True}


def test_maps_of_other_cells_and_of_other_collections_are_not_measured(tmp_path: Path) -> None:
    a = made(tmp_path / "a.zarr", tmp_path / "images", COUNTS)
    b = made(tmp_path / "b.zarr", tmp_path / "images", COUNTS, noise=0.1)
    b.preparation = a.preparation.__class__(48, 32)
    table = compare_runs(a, b).maps
    assert table["not_measured"].unique() == ["the images were prepared in another way, so that cells lie elsewhere"]
    assert table["cosine"].isna().all()
    assert (table["same_choice"] == 1).all()
    alone = [made(tmp_path / f"{name}.zarr", tmp_path / name, {name: 2}) for name in ("Aus bus", "Dus eus")]
    with pytest.raises(ComparisonError, match="no species in common"):
        compare_runs(*alone)


def test_the_command_prints_numbers_reasons_and_files(tmp_path: Path) -> None:
    made(tmp_path / "a.zarr", tmp_path / "images", COUNTS)
    made(tmp_path / "b.zarr", tmp_path / "images", {"Aus bus": 5}, noise=0.2)
    words = ["compare", str(tmp_path / "a.zarr"), str(tmp_path / "b.zarr"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert any(line.startswith("Maps of 5 specimens of 1 species: median cosine 0.9") for line in lines)
    (absent,) = (line for line in lines if line.startswith("Dus eus"))
    assert "not measured" in absent
    assert "the species is in A alone" in absent
    assert pd.read_csv(tmp_path / "out" / "maps.csv")["species"].tolist() == ["Aus bus", "Aus cus", "Dus eus"]
    assert (tmp_path / "out" / "findings.parquet").exists()


def test_findings_of_both_runs_are_laid_beside_each_other(tmp_path: Path) -> None:
    a = made(tmp_path / "a.zarr", tmp_path / "images", COUNTS)
    same = compare_runs(a, a, pairs=1)
    assert True not in same.findings["moved"].tolist()
    further, *asked = same.findings.to_dict("records")
    assert further["not_measured"] == "2 further pairs: see --pairs"
    assert all(row["word_a"] == row["word_b"] for row in asked if not row["not_measured"])
    (none,) = compare_runs(a, a, pairs=0).findings.to_dict("records")
    assert none["not_measured"] == "no pair was asked for"
    write_comparison(same, tmp_path / "out")
    assert (tmp_path / "out" / "findings.csv").exists()
