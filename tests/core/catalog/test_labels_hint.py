"""Labels that are no scientific names: the check says what to write instead of listing species without relatives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images

Make = Callable[[Path, dict[str, int]], Path]
CARS = {"Audi 80": 1, "BMW 3 Series": 1, "Fiat Panda": 1, "Volvo 240": 1}
MANIFEST = '[collection]\nname = "cars"\n{names}\n[[tables]]\npath = "catalog.csv"\n'


@pytest.mark.parametrize(
    ("names", "said", "unsaid"),
    [
        ("", ['names = "verbatim"', "--references-by cosine"], []),
        ('names = "verbatim"', ["--references-by cosine"], ["if these labels"]),
    ],
)
def test_labels_without_relatives_bring_the_hint(
    make_collection: Make, tmp_path: Path, names: str, said: list[str], unsaid: list[str]
) -> None:
    make_collection(tmp_path, CARS)
    table = tmp_path / "catalog.csv"
    table.write_text(table.read_text().replace("Ausidae", ""))
    (tmp_path / "catalog.toml").write_text(MANIFEST.format(names=names))
    catalog = open_catalog(str(tmp_path / "catalog.toml"))
    found = check_catalog(catalog, look_at_images(catalog)).finding("no_relatives")
    assert found is not None
    assert found.count == 4
    assert all(words in found.remedy for words in said)
    assert not any(words in found.remedy for words in unsaid)


def test_a_scientific_collection_with_one_odd_genus_gets_no_such_hint(make_collection: Make, tmp_path: Path) -> None:
    table = make_collection(tmp_path, {"Aus bus": 1, "Aus cus": 1, "Aus dus": 1, "Zus solus": 1})
    table.write_text(table.read_text().replace("Zus solus,Ausidae", "Zus solus,"))
    catalog = open_catalog(str(table))
    found = check_catalog(catalog, look_at_images(catalog)).finding("no_relatives")
    assert found is not None
    assert found.remedy == "they are compared with unrelated species"
