"""Each fault that real collections have, in a fixture of its own, with the count that the command prints."""

import json
import re
from pathlib import Path

import builders as build
import numpy as np
import pandas as pd
import pytest
from check_output import CheckOutput
from finercam_flows.cli import main
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import CatalogCheck, check_catalog, look_at_images

TRAIN, TEST = "classification_train.csv", "classification_test.csv"


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run the command on a source; the images of most fixtures are empty files, so they are only listed."""

    def run(source: Path, *options: str) -> CheckOutput:
        monkeypatch.setenv("COLUMNS", "200")
        report = tmp_path / "check.json"
        code = 0
        try:
            main(["catalog", "check", str(source), "--json", str(report), *(options or ("--no-images",))])
        except SystemExit as end:
            code = int(end.code or 0)
        screen = capsys.readouterr().out
        return CheckOutput(
            "\n".join(line.rstrip() for line in screen.splitlines()), json.loads(report.read_text()), code
        )

    return run


def fish(root: Path, train: list[str], test: list[str] | None = None, **options) -> Path:
    return build.fish_vista(root / "fish", {TRAIN: train, **({TEST: test} if test else {})}, **options)


def draw(path: Path, seed: int = 0) -> None:
    """A random picture of soft spots."""
    spots = Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 30, 3), np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    spots.resize((96, 64), Image.Resampling.BICUBIC).save(path)


def checked(table: Path, **options) -> CatalogCheck:
    catalog = open_catalog(table)
    return check_catalog(catalog, look_at_images(catalog, **options))


def rows(folder: Path, *cells: dict[str, str]) -> Path:
    table = pd.DataFrame(list(cells)).fillna("")
    build.write(folder / "t.csv", table.to_csv(index=False))
    return folder / "t.csv"


def test_a_collection_without_faults_says_so(tmp_path: Path, check) -> None:
    names = [f"notropis {e}" for e in ("atherinoides", "hudsonius")]
    train = [build.fish_row(f"{name[9:]}{i}", name) for name in names for i in range(5)]
    out = check(fish(tmp_path, [row.replace("notropis", "Notropis") for row in train]))
    assert out.report["findings"] == []
    assert "Nothing unusual was found." in out.text
    assert "10 read: 10 images, 0 repetitions, 0 rejected" in out.text
    assert "1 genus, 1 family, 0 orders" in out.text
    assert out.code == 0


def test_hashes_in_file_names_are_no_fault(tmp_path: Path, check) -> None:
    out = check(fish(tmp_path, [build.fish_row("INHS #12", "notropis atherinoides")]))
    assert out.report["counts"]["usable"] == 1
    assert "missing_files" not in out.counts


def test_families_in_mixed_case(tmp_path: Path, check) -> None:
    families = ["Leuciscidae", "LEUCISCIDAE", "leuciscidae", " Leuciscidae"]
    out = check(fish(tmp_path, [build.fish_row(f"a{i}", "notropis hudsonius", f) for i, f in enumerate(families)]))
    assert out.prints("2 spellings of families that differ only in case or spaces")
    assert out.report["counts"]["families"] == 1
    assert "genus_several_families" not in out.counts


def test_a_family_name_where_the_species_should_be(tmp_path: Path, check) -> None:
    train = [build.fish_row(f"g{i}", "gobiidae", "Gobiidae") for i in range(3)]
    out = check(fish(tmp_path, [*train, build.fish_row("n", "gobius niger", "Gobiidae")]))
    assert out.prints("1 species named as a family or an order")
    assert "Gobiidae (family, 3)" in out.text
    assert out.report["counts"]["referable"] == 1


def test_holotype_as_a_family(tmp_path: Path, check) -> None:
    train = [build.fish_row("a", "esox lucius", "Esocidae"), build.fish_row("b", "esox lucius", "holotype")]
    out = check(fish(tmp_path, [*train, build.fish_row("c", "lota lota", "holotype")]))
    assert out.prints("2 images with a family that is not one")
    assert {(c["family"], c["taken"], c["images"]) for c in out.cases("family_odd")} == {
        ("holotype", "Esocidae", 1), ("holotype", "", 1),
    }  # fmt: skip
    assert out.prints("1 species without a family")
    assert "genus_several_families" not in out.counts


def test_genera_under_several_families(tmp_path: Path, check) -> None:
    families = ["Leuciscidae"] * 3 + ["Cyprinidae", "CYPRINIDAE", "Xenocyprididae"]
    train = [build.fish_row(f"a{i}", "notropis hudsonius", f) for i, f in enumerate(families)]
    train += [build.fish_row("o", "notropis hudsonius", "holotype"), build.fish_row("n", "notropis hudsonius", "")]
    out = check(fish(tmp_path, [*train, build.fish_row("e", "esox lucius", "Esocidae")]))
    assert out.prints("1 genus under several families")
    assert "Notropis: Leuciscidae (3), not Cyprinidae (2), Xenocyprididae (1)" in out.text
    assert out.report["counts"]["families"] == 2


def test_crops_of_one_source_image_in_two_splits(tmp_path: Path, check) -> None:
    one = [build.fish_row(f"a{i}", "esox lucius", source="plate.jpg") for i in range(3)]
    out = check(fish(tmp_path, [*one[:2], build.fish_row("b", "esox lucius")], one[2:]))
    assert out.prints("1 group (source images or specimens) in several splits, with 3 images")
    assert "plate.jpg: train 2, test 1" in out.text


def test_the_same_image_in_several_tasks(tmp_path: Path, check) -> None:
    a, b = (build.fish_row(x, "esox lucius") for x in "ab")
    tables = {TRAIN: [a, b], "identification_train.csv": [a], "segmentation_test.csv": [a]}
    out = check(build.fish_vista(tmp_path / "fish", tables))
    assert out.prints("1 image listed again by another row or table")
    assert out.prints("1 image with another split in another table")
    assert "a: train, not test" in out.text
    assert {k: out.report["counts"][k] for k in ("rows", "images", "repeats")} == {
        "rows": 4,
        "images": 2,
        "repeats": 2,
    }


def test_species_with_one_or_two_images(tmp_path: Path, check) -> None:
    sizes = {"aus": 1, "bus": 1, "cus": 2, "dus": 4, "eus": 5}
    out = check(fish(tmp_path, [build.fish_row(f"{e}{i}", f"esox {e}") for e, n in sizes.items() for i in range(n)]))
    assert out.prints("4 species with fewer than 5 images (2 with 1, 1 with 2, 1 with 4)")
    assert out.report["images_a_species"] == {"1": 2, "2": 1, "3-4": 1, "5-19": 1, "20 or more": 0}


def test_species_that_are_only_tested(tmp_path: Path, check) -> None:
    out = check(fish(tmp_path, [build.fish_row("a", "esox lucius")], [build.fish_row("b", "esox niger")]))
    assert out.prints("1 species in val or test but not in train")


def test_licences_as_free_text(tmp_path: Path, check) -> None:
    texts = ["CC BY", "cc-by 4.0", "http://creativecommons.org/licenses/by-nc-nd/3.0/", "", "unknown", "CC0 1.0"]
    out = check(fish(tmp_path, [build.fish_row(f"a{i}", "esox lucius", licence=t) for i, t in enumerate(texts)]))
    assert {row["licence"]: row["images"] for row in out.report["licences"]} == {
        "CC BY": 2, "": 2, "CC BY-NC-ND": 1, "CC0": 1,
    }  # fmt: skip
    assert out.prints("2 images without a licence")
    assert out.prints("1 image that may not be published in changed form")
    assert re.search(r"^CC BY +2 +CC BY, cc-by 4\.0$", out.text, re.MULTILINE)


def test_images_that_are_not_hosted(tmp_path: Path, check) -> None:
    train = [build.fish_row(x, "esox lucius", licence="CC BY-ND") for x in "abc"]
    out = check(fish(tmp_path, train, missing=frozenset("bc")))
    assert out.prints("2 images missing")
    assert out.report["counts"]["usable"] == 1
    assert out.code == 0


def test_names_that_are_no_species(tmp_path: Path, check) -> None:
    names = [
        "esox sp.",
        "esox sp. 1",
        "esox cf. lucius",
        "esox aff. lucius",
        "esox × masquinongy",
        "esox",
        "esox lucius",
    ]
    out = check(fish(tmp_path, [build.fish_row(f"a{i}", n) for i, n in enumerate(names)]))
    assert out.prints("6 species with a name of no species (sp. 2, aff. 1, cf. 1, one word 1, × 1)")
    assert out.report["counts"]["referable"] == 1
    assert out.prints("1 species without a relative in the collection")  # E. lucius: the others are no references


def test_similar_spellings_are_listed_and_never_merged(tmp_path: Path, check) -> None:
    names = ["cyprinella lutipinnis", "cyprinella altipinnis", "cyprinella venusta", "cyprinella venustus"]
    out = check(fish(tmp_path, [build.fish_row(f"a{i}", n) for i, n in enumerate(names)]))
    assert out.prints("2 pairs of species with similar names, never merged")
    assert out.report["counts"]["species"] == 4
    assert {(c["species"], c["similar"]) for c in out.cases("similar_names")} == {
        ("Cyprinella altipinnis", "Cyprinella lutipinnis"), ("Cyprinella venusta", "Cyprinella venustus"),
    }  # fmt: skip


def test_rejected_rows_have_their_numbers(tmp_path: Path, check) -> None:
    out = check(fish(tmp_path, [build.fish_row("a", "esox lucius"), build.fish_row("b", ""), "x,y"]))
    assert out.prints("2 rows rejected")
    assert {(c["table"], c["row"]) for c in out.cases("rejected_rows")} == {(TRAIN, 2), (TRAIN, 3)}
    assert f"{TRAIN} row 2: the row names no species" in out.text


def test_locations_outside_the_collection(tmp_path: Path, check) -> None:
    table = rows(tmp_path, {"species": "Esox lucius", "path": "../a.jpg"}, {"species": "Esox niger", "path": "b.jpg"})
    out = check(table)
    assert out.prints("1 image outside the collection, never opened")
    assert out.prints("1 image missing")
    assert out.code == 1


def test_species_without_relatives(tmp_path: Path, check) -> None:
    names = {"esox lucius": "Esocidae", "lota lota": "Lotidae", "lota maculosa": "Lotidae"}
    out = check(fish(tmp_path, [build.fish_row(n[-3:], n, f) for n, f in names.items()]))
    assert out.prints("1 species without a relative in the collection")
    assert [c["species"] for c in out.cases("no_relatives")] == ["Esox lucius"]


def test_values_that_do_not_fit_and_unknown_splits(tmp_path: Path, check) -> None:
    row = {"species": "Esox lucius", "path": "a.jpg", "bbox": "1 2", "split": "holdout"}
    out = check(rows(tmp_path, row, {"species": "Esox lucius", "path": "b.jpg", "split": "train"}))
    assert out.prints("2 values left out, unfit for their column (boundingBox 1, split 1)")
    assert out.prints("1 image without a split, where others have one")


def test_images_that_do_not_open_and_images_that_are_the_same(tmp_path: Path, check) -> None:
    for i, name in enumerate("abcde"):
        draw(tmp_path / f"{name}.png", i)
    (tmp_path / "same.png").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "other.png").write_bytes((tmp_path / "b.png").read_bytes())
    (tmp_path / "again.png").write_bytes((tmp_path / "c.png").read_bytes())
    (tmp_path / "cut.png").write_bytes((tmp_path / "d.png").read_bytes()[:200])
    (tmp_path / "page.png").write_text("<html>")
    place = {"a": "train", "same": "test", "other": "train", "b": "train"}
    names = ["a", "b", "c", "d", "e", "same", "other", "again", "cut", "page", "gone"]
    cells = [{"species": "Esox niger" if n == "other" else "Esox lucius", "path": f"{n}.png",
              "split": place.get(n, "train")} for n in names]  # fmt: skip
    out = check(rows(tmp_path, *cells), "--images")
    assert out.prints("1 file in several splits")
    assert "a.png, same.png: train 1, test 1" in out.text
    assert out.prints("1 file under several species")
    assert "b.png, other.png: Esox lucius, Esox niger" in out.text
    assert out.prints("1 file in several rows")
    assert out.prints("1 image missing")
    assert out.counts["unreadable_images"] == 2
    assert {c["status"] for c in out.cases("unreadable_images")} == {"TRUNCATED", "NOT_AN_IMAGE"}
    assert out.report["counts"]["usable"] == 8


def test_near_identical_images_are_found_and_different_ones_are_not(tmp_path: Path, check) -> None:
    for i in range(6):
        draw(tmp_path / f"{i}.png", i)
    with Image.open(tmp_path / "0.png") as picture:
        picture.resize((48, 32)).save(tmp_path / "small.jpg", quality=80)
        picture.point(lambda v: min(255, int(v * 1.1))).save(tmp_path / "bright.png")
    cells = [{"species": "Esox lucius", "path": f"{i}.png", "split": "train"} for i in range(6)]
    cells += [{"species": "Esox lucius", "path": "small.jpg", "split": "test"},
              {"species": "Esox niger", "path": "bright.png", "split": "train"}]  # fmt: skip
    out = check(rows(tmp_path, *cells), "--near-identical")
    assert out.prints("2 pairs of images that look the same, in several splits")
    assert out.prints("2 pairs of images that look the same, under several species")
    assert {c["images"] for c in out.cases("split_leak_near_identical")} == {
        "0.png, small.jpg",
        "small.jpg, bright.png",
    }
    assert not {"same_image_two_species", "split_leak_same_image"} & set(out.counts)


def test_checksums_of_a_table_tell_the_same_image_without_opening_it(tmp_path: Path) -> None:
    same = {"species": "Esox lucius", "hashFunction": "md5", "hashValue": "AB" * 16}
    table = rows(tmp_path, {**same, "url": "https://h.org/1", "split": "train"},
                 {**same, "url": "https://h.org/2", "split": "val", "hashValue": "ab" * 16})  # fmt: skip
    assert checked(table).count("split_leak_same_image") == 1
    assert checked(table).images == "not looked at"


def test_missing_masks(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    table = rows(tmp_path, {"species": "Esox lucius", "path": "a.png", "mask": "m.png"})
    assert checked(table).count("missing_masks") == 1


def test_labels_that_are_no_scientific_names_are_not_judged_as_such(tmp_path: Path) -> None:
    result = checked(build.cars(tmp_path / "cars"), opened=False)
    assert result.counts["referable"] == result.counts["species"] == 2
    assert {f.key for f in result.findings} <= {"missing_files", "few_images", "family_missing", "no_relatives",
                                                "species_untrained", "licence_missing"}  # fmt: skip


def test_nothing_usable_is_exit_code_1(tmp_path: Path, check, capsys: pytest.CaptureFixture[str]) -> None:
    out = check(fish(tmp_path, [build.fish_row("a", "esox lucius")], missing=frozenset("a")))
    assert out.code == 1
    with pytest.raises(SystemExit) as end:
        main(["catalog", "check", str(build.write(tmp_path / "t.csv", "species,path\n,a.jpg\n"))])
    assert end.value.code == 1
    assert "no usable row" in capsys.readouterr().err
