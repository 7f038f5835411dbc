"""`open_catalog`: the demo's and Fish-Vista's layout, plain tables, folders, and every bad row named."""

from pathlib import Path

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError
from finercam_core.references.plan import plan_comparisons
from finercam_core.synthetic import SPECIES, render_collection

ROOT = Path(__file__).parents[3]


def table(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "catalog.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_the_demo_is_read_as_fish_vista_is(tmp_path: Path) -> None:
    render_collection(tmp_path / "collection", train=1, val=1, test=1, workers=1)
    demo = open_catalog(ROOT / "catalogs" / "demo.toml", root=tmp_path / "collection")
    fish_vista = open_catalog(ROOT / "catalogs" / "fish-vista.toml", root=tmp_path / "collection")
    pd.testing.assert_frame_equal(demo.specimens, fish_vista.specimens)
    assert demo.species == sorted(plan.name for plan in SPECIES)
    assert demo.specimens["split"].value_counts().to_dict() == {"train": 15, "val": 15, "test": 15}
    assert demo.traits is not None
    assert demo.traits.uberon[8] == "UBERON:2000251"
    first = demo.specimens.iloc[0]
    assert (tmp_path / "collection" / first["path"]).is_file()
    assert (tmp_path / "collection" / first["maskURI"]).is_file()


def test_bad_rows_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    rows = [
        {"image_id": "a", "scientificName": "AUS BUS Linnaeus, 1758", "family": "AUSIDAE", "path": "a.jpg"},
        {"image_id": "a", "scientificName": "Aus cus", "family": "Ausidae", "path": "b.jpg"},
        {"image_id": "c", "scientificName": "", "family": "Ausidae", "path": "c.jpg"},
        {"image_id": "d", "scientificName": "Aus dus", "family": "Ausidae", "path": "../d.jpg"},
        {"image_id": "e", "scientificName": "Aus eus", "family": "Ausidae", "path": ""},
        {"image_id": "f", "scientificName": "Aus fus", "family": "Xidae", "path": "f.jpg"},
    ]
    found = open_catalog(table(tmp_path, rows))
    assert found.specimens["image_id"].tolist() == ["a", "d", "f"]
    assert found.specimens["scientificName"].tolist() == ["Aus bus", "Aus dus", "Aus fus"]
    assert found.specimens["fault"].tolist() == ["", "OUTSIDE_COLLECTION", ""]
    assert set(found.specimens["family"]) == {"Ausidae"}
    reasons = found.rejected.set_index("row")["reason"].to_dict()
    assert sorted(reasons) == [2, 3, 5]
    assert reasons[2] == "its id is already that of catalog.csv row 1"
    assert "names no species" in reasons[3]
    assert "neither a path nor" in reasons[5]
    assert found.corrections.query("term == 'family'")["verbatim"].tolist() == ["Xidae"]


def test_a_folder_of_species(tmp_path: Path) -> None:
    for name in ("Aus_bus/1.jpg", "Aus_bus/2.PNG", "Aus_cus/1.jpg", "Aus_cus/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = open_catalog(tmp_path)
    assert found.specimens["path"].tolist() == ["Aus_bus/1.jpg", "Aus_bus/2.PNG", "Aus_cus/1.jpg"]
    assert found.species == ["Aus bus", "Aus cus"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "empty"), ("image_id,scientificName,path\n", "no usable row"), ("a,b\n1,2\n", "no column for the species")],
)
def test_tables_without_a_usable_row_are_refused_in_one_sentence(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(CatalogError, match=problem) as caught:
        open_catalog(tmp_path / "t.csv")
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"gone\.csv"):
        open_catalog(tmp_path / "gone.csv")
    with pytest.raises(CatalogError, match="manifest"):
        open_catalog(tmp_path / "gone.toml")
    with pytest.raises(CatalogError, match="is not a catalog"):
        open_catalog(tmp_path / "notes.docx")


def test_all_faults_of_a_manifest_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[collection]\nname = ""\n[columns]\nspecies = "x"\n')
    with pytest.raises(CatalogError, match="has 2 faults") as caught:
        open_catalog(tmp_path / "m.toml")
    assert "collection.name" in str(caught.value)
    assert "unknown columns species" in str(caught.value)


def test_references_are_congeners_first_and_never_unnamed(tmp_path: Path) -> None:
    names = ["Aus bus", "Aus cus", "Aus sp. 1", "Eus fus", "Gus hus", "Ius jus"]
    families = ["Ausidae", "Ausidae", "Ausidae", "Ausidae", "Gusidae", "Gusidae"]
    rows = [
        {"image_id": n, "scientificName": n, "family": f, "path": f"{n}.jpg"}
        for n, f in zip(names, families, strict=True)
    ]
    catalog = open_catalog(table(tmp_path, rows))
    weights = [[1, 0], [0, 1], [1, 0], [1, 1], [0.1, 1], [1, 0.1]]
    plan = plan_comparisons(catalog, [*names[:5], "Kus lus"], references=4, weights=weights)
    found = [(r.scientificName, r.tier) for r in plan.references("Aus bus")]
    assert found == [
        ("Aus cus", "congener"),
        ("Eus fus", "confamilial"),
        ("Kus lus", "unrelated"),
        ("Gus hus", "unrelated"),
    ]
    assert plan.references("Aus sp. 1")[0].scientificName == "Aus bus"  # tie of tier, closer weights
    assert plan.unknown == {"Ius jus"}
    assert plan.alone == ("Gus hus",)
    assert plan.policy == {"count": 4, "order": "tier, weight cosine, name"}


def test_subspecies_are_compared_with_their_own_species_first(tmp_path: Path) -> None:
    names = ["Aus bus bus", "Aus bus minor", "Aus cus cus"]
    rows = [{"image_id": n, "scientificName": n, "path": f"{n}.jpg"} for n in names]
    plan = plan_comparisons(open_catalog(table(tmp_path, rows)), names, references=2)
    assert [r.tier for r in plan.references("Aus bus bus")] == ["conspecific", "congener"]


def test_masks_that_leave_the_collection_are_left_out_and_told(tmp_path: Path) -> None:
    masks = ["../../m.png", "file:///etc/passwd", "/etc/passwd", "memory://m.png", "./masks/a.png", "https://h.org/m"]
    rows = [{"image_id": m, "scientificName": "Aus bus", "path": f"{i}.jpg", "mask": m} for i, m in enumerate(masks)]
    found = open_catalog(table(tmp_path, rows))
    assert found.specimens["maskURI"].tolist() == ["", "", "", "", "masks/a.png", "https://h.org/m"]
    assert found.corrections["verbatim"].tolist() == masks[:4]
    assert set(found.corrections["reason"]) == {"the mask leaves the collection"}


def test_a_row_without_a_name_does_not_take_the_id_of_a_good_one(tmp_path: Path) -> None:
    rows = [
        {"image_id": "a", "scientificName": "unknown", "path": "1.jpg"},
        {"image_id": "a", "scientificName": "Aus bus", "path": "2.jpg"},
    ]
    found = open_catalog(table(tmp_path, rows))
    assert found.specimens["path"].tolist() == ["2.jpg"]
    assert found.rejected["row"].tolist() == [1]


def test_only_unknown_words_for_splits_are_corrections(tmp_path: Path) -> None:
    words = ["training", "VALID", "testing", "", "holdout"]
    rows = [{"image_id": w, "scientificName": "Aus bus", "path": f"{w}1.jpg", "split": w} for w in words]
    found = open_catalog(table(tmp_path, rows))
    assert found.specimens["split"].tolist() == ["train", "val", "test", "", ""]
    assert found.corrections["verbatim"].tolist() == ["holdout"]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("labels.json", "maps the id 2 to 'fin' and 'tail'"),
        ("file:///etc/hostname", "not the address of a remote store"),
        ("http://127.0.0.1/labels.json", "private network"),
    ],
)
def test_labels_of_traits_that_cannot_be_trusted_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: str, said: str
) -> None:
    monkeypatch.delenv("FINERCAM_ALLOW_PRIVATE", raising=False)
    table(tmp_path, [{"image_id": "a", "scientificName": "Aus bus", "path": "a.jpg"}])
    (tmp_path / "labels.json").write_text('{"head": 1, "fin": 2, "tail": "2"}', encoding="utf-8")
    manifest = tmp_path / "m.toml"
    text = '[collection]\nname = "x"\n[[tables]]\npath = "catalog.csv"\n[masks]\npath = "{image_id}.png"\nlabels = '
    manifest.write_text(f'{text}"{labels}"\n', encoding="utf-8")
    with pytest.raises(CatalogError, match=said):
        open_catalog(manifest)
