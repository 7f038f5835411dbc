"""The table for statistics: every verdict, every region, each column as its dictionary says."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finercam_core.errors import ExportError
from finercam_core.export.verdict_table import write_verdict_table
from finercam_core.export.verdict_table.dictionary import COLUMNS, Column
from finercam_core.export.verdict_table.rows import rows_of
from finercam_core.export.verdict_table.scale import bar_length, scale_of
from finercam_core.export.verdict_table.specimens import CatalogFields, judged_specimen
from finercam_core.finer import coefficients, combine
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict, adjudicate, latest, read_verdicts
from finercam_core.store import open_store

Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]
FILES = {"verdicts.csv", "verdicts.parquet", "verdicts.schema.json", "datapackage.json"}


@pytest.fixture
def written(reviewed: Path, tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Function that writes the table of the reviewed store and reads its Parquet file."""

    def write(**settings: object) -> pd.DataFrame:
        write_verdict_table(open_store(reviewed), tmp_path / "out", **settings)  # type: ignore[arg-type]
        return pd.read_parquet(tmp_path / "out" / "verdicts.parquet")

    return write


def test_a_row_is_a_specimen_a_region_and_a_reviewer(written: Callable[..., pd.DataFrame], accepted: Known) -> None:
    table = written()
    rows = [(key[0], key[1], trait, int(mask.sum())) for key, parts in accepted.items() for trait, mask in parts]
    rows.append(("Aus_bus-001", "Ada", "", int(accepted["Aus_bus-000", "Ada"][0][1].sum())))  # the rejected one
    found = table[["image_id", "reviewer", "trait", "area_px"]].itertuples(index=False, name=None)
    assert sorted(found) == sorted(rows)
    assert not table.duplicated(["verdict_id", "region_number"]).any()
    assert dict(table.groupby("decision")["image_id"].count()) == {"accept": 5, "reject": 1}
    assert table["counts"].all()
    assert set(table["license"]) == {"https://creativecommons.org/licenses/by/4.0/"}
    assert set(table["genus"]) == {"Aus"}


def test_evidence_and_probability_are_those_of_the_map(written: Callable[..., pd.DataFrame], reviewed: Path) -> None:
    table, store = written(), open_store(reviewed)
    row = table[(table["image_id"] == "Aus_cus-001")].iloc[0]  # the whole picture
    assert row["evidence_share"] == row["pair_evidence_share"] == 1
    row = table[(table["reviewer"] == "Bo Eo")].iloc[0]
    record = store.record("Aus_bus-000")
    use = [name == "Aus dus" for name in record.classes]
    weights = coefficients(record.logit, record.log_sum_exp, gamma=0.6, use=use)
    values = to_image(combine(record.evidence, weights), store.preparation.window((96, 64)), (96, 64)).clip(0)
    mask = next(v for v in read_verdicts(reviewed) if v.reviewer == "Bo Eo").regions[0].rle
    from finercam_core.regions.rle import decode

    assert row["evidence_share"] == pytest.approx(values[decode(mask)].sum() / values.sum(), rel=1e-4)
    assert (row["pair"], row["references"]) == ("Aus bus / Aus dus", "Aus dus")
    assert row["probability"] == pytest.approx(np.exp(record.logit[0] - record.log_sum_exp), rel=1e-5)


@pytest.mark.parametrize(
    "made",
    [
        Comparison(0.6, "mean", "gradcam", ("Aus dus", "Aus eus")),
        Comparison(0.6, "mean", "gradcam", ("Aus eus",)),
        Comparison(0.6, "mean", "layercam", ("Aus dus",)),
    ],
    ids=["one reference is gone", "the only one is gone", "another method"],
)
def test_a_share_of_evidence_is_that_of_the_map_that_was_judged_or_missing(
    written: Callable[..., pd.DataFrame], reviewed: Path, made: Comparison
) -> None:
    region = Region(encode(np.eye(64, 96, dtype=bool)))
    ReviewLog(reviewed, "Cy").append(Verdict("Aus_cus-001", "Aus cus", "Cy", "accept", made, (region,)))
    row = written().set_index("reviewer").loc["Cy"]
    assert pd.isna(row["evidence_share"])
    assert "no share of evidence" in row["problem"]


def test_a_trait_mask_of_another_size_is_said(written: Callable[..., pd.DataFrame], reviewed: Path) -> None:
    small = Region(encode(np.ones((32, 48), bool)))
    made = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    ReviewLog(reviewed, "Cy").append(Verdict("Aus_cus-001", "Aus cus", "Cy", "accept", made, (small,)))
    store = open_store(reviewed)
    found = judged_specimen(store, CatalogFields(store), "Aus_cus-001", list(read_verdicts(reviewed)))
    found.own_mask = np.ones((64, 96), np.uint8)
    verdict = next(v for v in read_verdicts(reviewed) if v.reviewer == "Cy")
    (row,) = rows_of(found, [verdict], ())
    assert "no trait mask: it has another size" in str(row["problem"])
    assert "no colours: the photograph has another size" in str(row["problem"])
    assert row["body_share"] is None


def test_a_verdict_without_a_region_has_a_row(written: Callable[..., pd.DataFrame], reviewed: Path) -> None:
    made = Comparison(1.0, "softmax", "gradcam", ("Aus dus",))
    ReviewLog(reviewed, "Cy").append(Verdict("Aus_cus-000", "Aus cus", "Cy", "unsure", made, (), "=1+1", seconds=4.5))
    row = written().set_index("reviewer").loc["Cy"]
    assert (row["regions"], row["decision"], row["gamma"], row["weighting"]) == (0, "unsure", 1.0, "softmax")
    assert row["seconds"] == 4.5
    assert pd.isna(row["area_px"])
    assert row["region_id"] == ""


def fits(column: Column, cell: str) -> bool:
    """Whether a cell of a CSV file is what Table Schema says."""
    if cell == "":
        return not column.limits.get("required")
    if "enum" in column.limits and cell not in column.limits["enum"]:  # type: ignore[operator]
        return False
    if column.kind in ("integer", "number"):
        low, high = column.limits.get("minimum", -np.inf), column.limits.get("maximum", np.inf)
        whole = column.kind == "number" or re.fullmatch(r"-?\d+", cell) is not None
        return whole and float(low) <= float(cell) <= float(high)  # type: ignore[arg-type]
    if column.kind == "datetime":
        return datetime.fromisoformat(cell).tzinfo is not None
    return column.kind == "string" or cell in ("True", "False")


def test_every_column_is_what_the_dictionary_says(
    written: Callable[..., pd.DataFrame], reviewed: Path, tmp_path: Path
) -> None:
    table = written()
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    schema = json.loads((tmp_path / "out" / "verdicts.schema.json").read_text())
    assert [one["name"] for one in schema["fields"]] == list(table.columns) == [column.name for column in COLUMNS]
    assert all(one["description"].endswith(".") for one in schema["fields"])
    cells = pd.read_csv(tmp_path / "out" / "verdicts.csv", dtype=str, keep_default_na=False)
    wrong = [(c.name, cell) for c in COLUMNS for cell in cells[c.name] if not fits(c, cell)]
    assert not wrong
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert package["resources"][0]["schema"] == "verdicts.schema.json"
    units = {one["name"]: one.get("unit", "") for one in schema["fields"]}
    assert units["area_mm2"] == "mm²"
    assert all(units[name] for name in units if name.endswith(("_px", "_mm", "_mm2", "_share")))


def test_the_catalogs_fields_and_scale_are_in_it(written: Callable[..., pd.DataFrame], tmp_path: Path) -> None:
    place = tmp_path / "images" / "catalog.csv"
    place = place if place.exists() else next((tmp_path / "images").glob("*.csv"))
    pd.read_csv(place).assign(catalogNumber="M 7", pixels_per_mm=8).to_csv(place, index=False)
    table = written(catalog=str(place))
    assert set(table["catalogNumber"]) == {"M 7"}
    assert set(table["scale_from"]) == {"catalog"}
    assert np.allclose(table["area_mm2"].astype(float), table["area_px"].astype(float) / 64, rtol=1e-5)
    measured = table[table["area_px"] > 0]
    assert np.allclose(measured["length_mm"].astype(float), measured["length_px"].astype(float) / 8, rtol=1e-5)


def test_a_catalog_that_is_gone_is_said(reviewed: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "images").glob("*.csv"):
        path.unlink()
    summary = write_verdict_table(open_store(reviewed), tmp_path / "out")
    assert "the catalog cannot be read" in str(summary)
    assert set(pd.read_parquet(tmp_path / "out" / "verdicts.parquet")["family"]) != {""} or summary.rows


def test_photographs_that_are_away_leave_colours_empty_and_say_so(reviewed: Path, tmp_path: Path) -> None:
    summary = write_verdict_table(open_store(reviewed, images=tmp_path), tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out" / "verdicts.parquet")
    assert table["mean_red"].isna().all()
    assert table["area_px"].notna().all()
    assert table["problem"].str.contains("no colours").all()
    assert "6 rows not measured in full" in str(summary)


def test_the_last_word_is_marked(written: Callable[..., pd.DataFrame], reviewed: Path) -> None:
    known = [v for v in latest(read_verdicts(reviewed)).values() if v.image_id == "Aus_bus-000"]
    decided = adjudicate(Verdict("Aus_bus-000", "Aus bus", "Dee", "reject", known[0].comparison), known)
    ReviewLog(reviewed, "Dee").append(decided)
    table = written()
    of_it = table[table["image_id"] == "Aus_bus-000"]
    assert set(of_it[of_it["counts"]]["reviewer"]) == {"Dee"}
    assert set(of_it[of_it["kind"] == "adjudication"]["decides_between"]) == {"Ada: accept | Bo Eo: accept"}


def test_a_reviewer_who_asks_gets_only_what_they_judged(written: Callable[..., pd.DataFrame], reviewed: Path) -> None:
    assert set(written(reviewer="Bo Eo")["image_id"]) == {"Aus_bus-000"}
    with pytest.raises(ExportError, match="no verdict of specimens that Eve has judged"):
        written(reviewer="Eve")


def test_formulas_are_shown_as_text_in_csv_alone(
    written: Callable[..., pd.DataFrame], reviewed: Path, tmp_path: Path
) -> None:
    made = Comparison(1.0, "mean", "gradcam", ())
    ReviewLog(reviewed, "Cy").append(Verdict("Aus_cus-000", "Aus cus", "Cy", "reject", made, (), "=1+1"))
    assert "=1+1" in set(written()["note"])
    place = tmp_path / "out" / "verdicts.csv"
    assert "'=1+1" in set(pd.read_csv(place)["note"])
    written(raw_text=True)
    assert "=1+1" in set(pd.read_csv(place)["note"])


def test_nothing_is_written_into_a_store(reviewed: Path) -> None:
    with pytest.raises(ExportError, match="lies in the store"):
        write_verdict_table(open_store(reviewed), reviewed / "table")


def bar(note: str, reviewer: str = "Ada", length: int = 100) -> Verdict:
    mask = np.zeros((50, 200), bool)
    mask[20:24, 10 : 10 + length] = True
    region = Region(encode(mask), "Scale bar")
    return Verdict("one", "Aus bus", reviewer, "accept", Comparison(0, "mean", "gradcam", ()), (region,), note)


@pytest.mark.parametrize(("note", "per_mm"), [("bar is 10 mm", 10), ("1 cm", 10), ("2,5 mm", 40), ("500 µm long", 200)])
def test_a_marked_scale_bar_gives_the_scale(note: str, per_mm: float) -> None:
    found = scale_of({}, [bar(note)])
    assert found.pixels_per_mm == pytest.approx(per_mm)
    assert "marked by Ada" in found.source


def test_scales_that_contradict_each_other_are_none() -> None:
    assert scale_of({"pixelsPerMillimetre": "10.2"}, [bar("10 mm")]).source == "catalog"
    found = scale_of({"pixelsPerMillimetre": "12"}, [bar("10 mm")])
    assert found.pixels_per_mm is None
    assert "contradict each other: 12 (catalog) and 10 (scale bar" in found.problem
    assert "says no length" in scale_of({}, [bar("a bar")]).problem
    assert scale_of({}, []) == scale_of({}, [])


@pytest.mark.parametrize("note", ["body 35 mm, bar 10 mm", ".5 mm", "1/2 mm", "1,000 µm", "1,000.5 µm"])
def test_a_length_that_can_be_read_in_two_ways_gives_no_scale(note: str) -> None:
    found = scale_of({}, [bar(note)])
    assert found.pixels_per_mm is None
    assert "is not clear from the note" in found.problem


def test_every_bar_of_a_verdict_counts() -> None:
    one, other = bar("10 mm"), bar("10 mm", length=50)
    found = scale_of({}, [replace(one, regions=one.regions + other.regions)])
    assert found.pixels_per_mm is None
    assert "contradict each other: 10 (" in found.problem
    same = scale_of({}, [replace(one, regions=one.regions * 2)])
    assert same.pixels_per_mm == pytest.approx(10)


@pytest.mark.parametrize("angle", [0, 20, 45, 90])
def test_a_bar_is_measured_along_itself(angle: int) -> None:
    from skimage.draw import polygon

    turn = np.deg2rad(angle)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    corners = [150 + s * 75 * along + t * 3 * across for s, t in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    mask = np.zeros((300, 300), bool)
    mask[polygon([y for _, y in corners], [x for x, _ in corners])] = True
    assert bar_length(mask) == pytest.approx(150, abs=1.5)
