"""Files of missing images are found under another name, told, and taken only once a manifest says so."""

import unicodedata
from pathlib import Path

import builders as build
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.catalog.repairs import Repairs, find_repairs, read_paths, write_repairs
from finercam_core.errors import CatalogError

NFD = unicodedata.normalize("NFD", "Müsée")


@pytest.mark.parametrize(
    ("path", "file", "reason"),
    [
        ("Müsée/a.jpg", f"{NFD}/a.jpg", "Unicode form (NFC, NFD)"),
        ("b.jpg", "B.JPG", "case of letters"),
        ("c.jpg", "c.jpeg", "ending .jpeg"),
        ("c", "c.png", "ending .png"),
        ("d%20e.jpg", "d e.jpg", "encoded characters (%20)"),
        ("d e.jpg", "d%20e.jpg", "encoded characters (%20)"),
        ("img/f.jpg", "data/img/f.jpg", "in the folder data/"),
        ("fish/img/g.jpg", "img/g.jpg", "without the folder fish"),
        ("/home/me/img/h.jpg", "img/h.jpg", "without the folder home/me"),
        ("img/i.jpg", "data/IMG/I.png", "in the folder data/, ending .png, case of letters"),
    ],
)
def test_a_file_of_another_name_is_found(tmp_path: Path, path: str, file: str, reason: str) -> None:
    build.write(tmp_path / file)
    assert find_repairs(str(tmp_path), [path]).table.to_numpy().tolist() == [[path, file, reason]]


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("a.jpg", ["a.png", "a.tif"]),
        ("a.jpg", ["x/a.jpg", "y/a.jpg"]),
        ("a.jpg", ["b.jpg", "sub/c.jpg"]),
        ("a.jpg", ["A.jpg", "a.JPG"]),
        ("%ab.jpg", ["%ba.jpg"]),
    ],
)
def test_nothing_is_guessed_where_several_files_fit_or_none(tmp_path: Path, path: str, files: list[str]) -> None:
    for file in files:
        build.write(tmp_path / "root" / file)
    if path == "a.jpg" and "b.jpg" not in files:  # where several fit, no other place is searched
        build.write(tmp_path / "other" / path)
    assert find_repairs(str(tmp_path / "root"), [path]).table.empty


def test_files_dealt_into_several_folders_are_found_by_their_names(tmp_path: Path) -> None:
    names = [f"{i:02d}.jpg" for i in range(24)]
    for i, name in enumerate(names):
        build.write(tmp_path / f"{'ab'[i % 2]}/{i % 3}" / name)
    for folder in ("a", "c"):  # two files of this name: neither is taken
        build.write(tmp_path / folder / "twice.jpg")
    found = find_repairs(str(tmp_path), [*names, "twice.jpg"]).table
    assert dict(zip(found["path"], found["found"], strict=True)) == {
        name: f"{'ab'[i % 2]}/{i % 3}/{name}" for i, name in enumerate(names)
    }
    assert "in the folder b/1/" in set(found["reason"])


def test_a_file_of_another_row_is_no_others(tmp_path: Path) -> None:
    build.write(tmp_path / "kept" / "a.jpg")
    assert find_repairs(str(tmp_path), ["img/a.jpg"], taken=["kept/a.jpg"]).table.empty


def collection(folder: Path) -> Path:
    for name in ("1.JPG", "2.jpeg"):
        build.write(folder / "img" / name)
    return build.write(
        folder / "t.csv", "scientificName,path\nAus bus,img/1.jpg\nAus bus,img/2.jpg\nAus cus,img/3.jpg\n"
    )


def checked(path: Path):
    catalog = open_catalog(path)
    return catalog, check_catalog(catalog, look_at_images(catalog, opened=False))


@pytest.mark.parametrize("manifest", ["", '# mine\n[collection]\nname = "x"\n\n[[tables]]\npath = "t.csv"\n'])
def test_found_paths_are_written_into_a_manifest_and_nowhere_else(tmp_path: Path, manifest: str) -> None:
    table = collection(tmp_path)
    source = build.write(tmp_path / "m.toml", manifest) if manifest else table
    catalog, check = checked(source)
    assert (check.count("missing_files"), check.count("paths_repairable")) == (3, 2)
    before = catalog.specimens["path"].tolist()
    found = check.finding("paths_repairable")
    written = write_repairs(catalog.source, catalog.name, Repairs(found.base, found.cases))
    assert manifest.splitlines()[:2] == written.read_text().splitlines()[: len(manifest.splitlines()[:2])]
    again, after = checked(written)
    assert again.specimens["path"].tolist() == ["img/1.JPG", "img/2.jpeg", "img/3.jpg"]
    assert again.specimens["image_id"].tolist() == before
    assert (after.count("missing_files"), after.count("paths_repaired"), after.counts["usable"]) == (1, 2, 2)
    assert open_catalog(table).specimens["path"].tolist() == before


def test_images_above_the_table_move_the_root(tmp_path: Path) -> None:
    build.write(tmp_path / "img" / "1.jpg")
    table = build.write(tmp_path / "tables" / "t.csv", "scientificName,path\nAus bus,img/1.jpg\n")
    catalog, check = checked(table)
    found = check.finding("paths_repairable")
    again, after = checked(write_repairs(catalog.source, catalog.name, Repairs(found.base, found.cases)))
    assert (again.root, after.counts["usable"]) == (str(tmp_path), 1)
    with pytest.raises(CatalogError, match="exists already"):
        write_repairs(str(table), "t", Repairs(found.base, found.cases))


def test_one_file_is_not_taken_for_two_images(tmp_path: Path) -> None:
    build.write(tmp_path / "a.JPG")
    assert find_repairs(str(tmp_path), ["a.jpg", "A.jpg"]).table.empty
    _, check = checked(build.write(tmp_path / "t.csv", "scientificName,path\nAus bus,a.JPG\nAus cus,a.jpg\n"))
    assert check.count("paths_repairable") == 0


NAMES = st.text("abÄé %_", min_size=1, max_size=4).map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.sampled_from(["upper", "nfd", "ending", "none"]))
def test_what_is_found_is_there_and_each_file_once(tmp_path_factory, names: list[str], change: str) -> None:
    folder = tmp_path_factory.mktemp("files")
    changes = {"upper": str.upper, "nfd": lambda s: unicodedata.normalize("NFD", s)}
    for name in names:
        build.write(folder / f"{changes.get(change, str)(name)}.{'png' if change == 'ending' else 'jpg'}")
    missing = [f"{name}.jpg" for name in names if not (folder / f"{name}.jpg").exists()]
    table = find_repairs(str(folder), missing).table
    assert all((folder / found).is_file() for found in table["found"])
    assert table["path"].is_unique
    if change == "none":
        assert table.empty


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a.jpg,b.jpg\na.jpg,c.jpg\n", "two files for the path 'a.jpg'"),
        ("a.jpg,b.jpg\na,b,c\n", "row 3 of .* 3 fields"),
    ],
)
def test_a_table_of_paths_with_two_files_for_one_or_broken_rows_is_refused(
    tmp_path: Path, rows: str, said: str
) -> None:
    with pytest.raises(CatalogError, match=said):
        read_paths(str(build.write(tmp_path / "p.csv", f"path,found\n{rows}")))
    again = build.write(tmp_path / "q.csv", "path,found\na.jpg,b.jpg\na.jpg,b.jpg\n")
    assert read_paths(str(again)).to_dict() == {"a.jpg": "b.jpg"}
