"""`import finercam`: what a scientist types in a notebook."""

import io
import subprocess
import sys
from pathlib import Path

import finercam as fc
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from exact_classifier import exact
from matplotlib.text import Text
from PIL import Image
from planned_store import SETTINGS, fill, plan_at
from spotted import spotted_collection, spotted_store
from tolerances import rounding

from finercam_core.baselines import IN_WORDS
from finercam_core.errors import CatalogError, ComparisonError, StoreError
from finercam_core.export import export
from finercam_core.finer import coefficients, finer_cam
from finercam_core.images.preparation import to_image
from finercam_core.store.backgrounds import Backgrounds
from finercam_core.strengths import Baseline

WIDTH, HEIGHT = 120, 60


@pytest.fixture
def maps(tmp_path: Path) -> fc.Maps:
    """A store of two species, one of its photographs gone."""
    counts = {"Aus bus": 3, "Aus cus": 2}
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence"}
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, settings=settings)
    for path in (tmp_path / "images").glob("*.jpg"):
        Image.new("RGB", (WIDTH, HEIGHT), (200, 180, 160)).save(path)
    (tmp_path / "images" / "Aus_bus-000.jpg").unlink()
    fill(store.location)
    return fc.open(store.location)


def test_a_store_says_what_it_holds(maps: fc.Maps) -> None:
    assert maps.species == ["Aus bus", "Aus cus"]
    assert maps.references("Aus bus") == ["Aus cus", "Dus eus"]
    assert repr(maps).startswith("<Maps '")
    assert "2 species, 5 specimens, 5 done" in repr(maps)
    assert maps.specimens.loc[0, ["image_id", "status"]].tolist() == ["Aus_bus-000", "done"]
    with pytest.raises(StoreError, match=r"'Aus buss' is not in .*did you mean Aus bus\?"):
        maps.map("Aus buss")


def test_a_single_name_is_a_list_of_one(maps: fc.Maps) -> None:
    one, listed = maps.map("Aus bus", against="Aus cus", gamma=0.6), maps.map("Aus bus", against=["Aus cus"], gamma=0.6)
    np.testing.assert_array_equal(one.values, listed.values)
    np.testing.assert_array_equal(one.values, finer_cam(maps.dataset("Aus bus"), references=["Aus cus"], gamma=0.6))
    assert repr(one) == "<PairMap: Aus bus against Aus cus, γ = 0.6, 3 specimens, 3 × 4 cells>"
    with pytest.raises(ComparisonError, match=r"'Aus cuss' is not among .*did you mean Aus cus\?"):
        maps.map("Aus bus", against="Aus cuss")


def test_a_single_reference_is_taken_where_masks_are_exported(maps: fc.Maps, tmp_path: Path) -> None:
    one = export(maps.store, tmp_path / "one", which="automatic", format="csv", references="Dus eus")
    listed = export(maps.store, tmp_path / "two", which="automatic", format="csv", references=["Dus eus"])
    assert one.masks == listed.masks > 0
    with pytest.raises(ComparisonError, match="did you mean Dus eus"):
        export(maps.store, tmp_path / "three", which="automatic", format="csv", references="Dus euss")


def test_cells_have_places_in_fractions_and_pixels(maps: fc.Maps) -> None:
    values = maps.map("Aus bus", against="Aus cus").values.sel(specimen="Aus_bus-001")
    # 24 x 32 pixels of input show a photograph of 2 : 1 whole: 4 : 3 of it, 90 of 60 pixels high, in three rows.
    np.testing.assert_allclose(values["y_pixel"], [-15 + 15, -15 + 45, -15 + 75])
    np.testing.assert_allclose(values["x_pixel"], [15, 45, 75, 105])
    np.testing.assert_allclose(values["y_fraction"], values["y_pixel"] / HEIGHT)
    np.testing.assert_allclose(values["x_fraction"], values["x_pixel"] / WIDTH)
    assert np.isnan(maps.map("Aus bus").values.sel(specimen="Aus_bus-000")["x_pixel"]).all()


def test_a_map_on_its_photograph_is_the_core_s(maps: fc.Maps) -> None:
    made = maps.map("Aus bus", against="Aus cus")
    photograph, values = made.on_photograph("Aus_bus-001")
    assert photograph.shape == (HEIGHT, WIDTH, 3)
    grid = made.values.sel(specimen="Aus_bus-001").values
    expected = to_image(grid, maps.store.window("Aus_bus-001"), (WIDTH, HEIGHT))
    np.testing.assert_array_equal(values, expected)


def test_a_plot_shows_what_has_a_photograph(maps: fc.Maps) -> None:
    figure = maps.map("Aus bus", against="Aus cus").plot()
    assert not any(text.get_parse_math() for text in figure.findobj(Text)), "a dollar sign in a name is no formula"
    assert [axis.get_title() for axis in figure.axes] == ["Aus_bus-001", "Aus_bus-002"]
    figure.savefig(io.BytesIO())
    assert len(maps.map("Aus bus").plot("Aus_bus-002").axes) == 1


def test_numbers_go_to_pandas(maps: fc.Maps) -> None:
    table = maps.map("Aus cus", against="Aus bus").to_pandas()
    assert len(table) == 2 * 3 * 4
    assert list(table.columns) == ["specimen", "y_fraction", "x_fraction", "y_pixel", "x_pixel", "value"]


def test_a_pandas_table_is_a_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({
        "path": [Path("a.jpg"), Path("b.jpg")], "species": pd.Categorical(["Aus bus", "Aus cus"]), "year": [1901, None],
    }, index=[7, 9])  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.chdir(tmp_path)
    catalog, read = fc.open_catalog(table), fc.open_catalog("table.csv")
    shared = ["image_id", "path", "scientificName"]
    pd.testing.assert_frame_equal(catalog.specimens[shared], read.specimens[shared])
    assert (catalog.root, catalog.source[:10]) == (read.root, "DataFrame-")
    assert fc.open_catalog(table, root=tmp_path / "else").root.endswith("else")
    assert catalog.source != fc.open_catalog(table.assign(year=[1901, 1902])).source
    with pytest.raises(CatalogError, match="no column for the species"):
        fc.open_catalog(table[["path"]])
    with pytest.raises(CatalogError, match="the column 'path' twice"):
        fc.open_catalog(table[["path", "path", "species"]])
    with pytest.raises(CatalogError, match="empty"):
        fc.open_catalog(table.iloc[:0])


def test_a_pandas_table_and_a_classifier_become_maps(tmp_path: Path) -> None:
    for i in range(4):
        Image.new("RGB", (32, 24), (60 * i, 90, 120)).save(tmp_path / f"{i}.png")
    classifier = exact(("Aus bus", "Aus cus"))
    names = [classifier.species[i % 2] for i in range(4)]
    table = pd.DataFrame({"path": [str(tmp_path / f"{i}.png") for i in range(4)], "scientificName": names})
    maps = fc.annotate(table, classifier, tmp_path / "maps.zarr", references=1)
    assert (maps.specimens["status"] == "done").all()
    again = fc.annotate(fc.open_catalog(table), classifier, tmp_path / "maps.zarr", references=1)
    assert again.species == maps.species == sorted(set(names))
    with pytest.raises(StoreError):
        fc.annotate(table, classifier, tmp_path / "maps.zarr", references=0)


def test_a_pair_is_asked_in_one_line(tmp_path: Path) -> None:
    maps = fc.Maps(spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr"))
    everything = maps.survey()
    assert {("Aus bus", "Aus cus")} <= set(zip(everything["species"], everything["reference"], strict=True))
    assert {"place", "word", "p", "q", "n"} <= set(everything.columns)
    answer = maps.ask("Aus bus", "Aus cus")
    assert answer.sentence.startswith("Aus bus differs from Aus cus at ")
    assert "the tail spot" in answer.sentence
    assert repr(answer).splitlines()[1].startswith("How sure:")
    assert set(answer.to_pandas()["place"]) > {"tail spot"}
    with pytest.raises(StoreError, match=r"did you mean Aus bus\?"):
        maps.ask("Aus buss", "Aus cus")


def test_xarray_has_an_accessor(maps: fc.Maps) -> None:
    group = maps.store.groups["Aus bus"]
    dataset = xr.open_zarr(f"{maps.store.location}/{group}", consolidated=False)
    assert dataset.finercam.references == ["Aus cus", "Dus eus"]
    assert "Aus bus against Aus cus" in repr(dataset.finercam)
    made = dataset.finercam.map("Aus cus", gamma=1.0)
    np.testing.assert_array_equal(made, maps.map("Aus bus", "Aus cus", gamma=1.0).values)


def test_the_front_door_lists_everything_and_imports_no_torch() -> None:
    assert {"open", "open_catalog", "load_classifier", "train"} <= set(dir(fc))
    with pytest.raises(AttributeError, match="it has"):
        _ = fc.nothing
    code = (
        "import sys, finercam as fc; fc.open_catalog; print(sorted({'torch', 'prefect', 'napari'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("baseline", ["none", "mean", "look-alike", "both", "quantile", "sharp"])
def test_maps_are_shown_above_baselines(maps: fc.Maps, baseline: Baseline) -> None:
    made = maps.map("Aus bus", against="Aus cus", gamma=1.3, signed=True, baseline=baseline)
    record = maps.store.record("Aus_bus-001")
    weights = coefficients(record.logit, record.log_sum_exp, gamma=1.3, use=[False, True, False])
    expected = Backgrounds(maps.store).above(record, weights, 1.3, baseline)
    np.testing.assert_allclose(
        made.values.sel(specimen="Aus_bus-001"), expected.values, atol=rounding(20, 10, np.float32)
    )
    words = "" if baseline == "none" else f", {IN_WORDS[baseline]}"
    assert repr(made) == f"<PairMap: Aus bus against Aus cus, γ = 1.3{words}, 3 specimens, 3 × 4 cells>"
    assert made.values.attrs.get("above", "none") == baseline
    if baseline in ("none", "mean", "quantile"):  # the others need more than one species' dataset
        shown = maps.dataset("Aus bus").finercam.map("Aus cus", gamma=1.3, baseline=baseline)
        np.testing.assert_array_equal(shown, np.maximum(made.values, 0))


def test_a_background_that_is_not_known_is_refused(maps: fc.Maps) -> None:
    with pytest.raises(ComparisonError, match="no specimen of Dus eus was compared with Aus bus, so that"):
        maps.map("Aus bus", against="Dus eus", baseline="both")
    with pytest.raises(ComparisonError, match="use the baseline 'mean' or 'quantile'"):
        maps.map("Aus bus", against="Aus cus", gamma=0, baseline="both")
