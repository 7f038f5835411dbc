"""Names that a file system or the store itself cannot take make groups all the same: safe, distinct, read again."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_store import fill, plan_at, specimens

from finercam_core.store import open_store, summarise, verify
from finercam_core.store.layout import group_path
from finercam_core.store.planning.slots import plan_slots

OWN = ("zarr.json", "Zarr.JSON", "specimens.parquet", "rejected.parquet", "provenance.json", "failures", "reviews",
       "last_run.json", "requests.json", "specimens.parquet.damaged", ".writer.lock", ".writer.lease")  # fmt: skip
WINDOWS = ("CON", "con", "NUL", "nul.txt", "lpt1", "COM9", "aux.", "Aus.", "Aus bus.", "PRN", "Aus:bus", "Aus?", 'A"b')


def planned(names: list[tuple[str, str, str]]) -> pd.DataFrame:
    rows = [
        {"image_id": f"{i}", "family": family, "genus": genus, "scientificName": name, "fault": "", "path": f"{i}.jpg"}
        for i, (family, genus, name) in enumerate(names)
    ]
    return plan_slots(pd.DataFrame(rows).assign(accessURI=""), "nowhere")


@pytest.mark.parametrize("name", [*OWN, *WINDOWS])
def test_no_part_of_a_path_is_a_name_of_the_store_or_of_windows(name: str) -> None:
    for path in (
        group_path(name, "Aus", "Aus bus"),
        group_path("Ausidae", name, "Aus bus"),
        group_path("A", "B", name),
    ):
        for part in path.casefold().split("/"):
            assert part not in {own.casefold() for own in OWN}
            assert part.split(".")[0] not in {"con", "nul", "prn", "aux", "lpt1", "com9"}
            assert not part.endswith(".")
            assert not set(part) & set('<>:"|?*\\')


@pytest.mark.parametrize("family", ["zarr.json", "specimens.parquet", "failures", "reviews", "NUL", "provenance.json"])
def test_a_family_with_a_name_of_the_stores_own_is_stored(tmp_path: Path, family: str) -> None:
    location = str(tmp_path / "maps.zarr")
    store = plan_at(location, tmp_path / "images", {"Aus bus": 2, "Aus cus": 1}, family=family, genus=family)
    assert fill(location) == 3
    assert verify(location) == []
    assert summarise(open_store(location)).totals["done"] == 3
    assert store.record("Aus_bus-001").scientificName == "Aus bus"
    assert (Path(location) / "zarr.json").is_file()


def test_names_that_only_capitals_or_signs_tell_apart_have_groups_of_their_own() -> None:
    names = ["Aus bus", "aus BUS", "Aus_bus", "AUS BUS", "Aus bus ", "Aus b%75s"]
    groups = planned([("Ausidae", name[:3], name) for name in names])["group"]
    assert groups.str.casefold().is_unique
    assert groups[0] != groups[1]
    long = [("Ausidae", "Aus", "Aus " + "b" * 300 + end) for end in ("a", "A", "")]
    parts = planned(long)["group"]
    assert parts.str.casefold().is_unique
    assert all(len(part) <= 255 for path in parts for part in path.split("/"))


def test_a_store_keeps_the_groups_that_it_has_when_a_name_like_one_of_them_arrives(tmp_path: Path) -> None:
    first = plan_slots(specimens({"Aus bus": 1}, tmp_path), str(tmp_path))
    both = specimens({"Aus bus": 1}, tmp_path)
    other = both.assign(scientificName="aus BUS", image_id="other")
    then = plan_slots(pd.concat([other, both], ignore_index=True), str(tmp_path), first)
    groups = dict(zip(then["scientificName"], then["group"], strict=True))
    assert groups["Aus bus"] == first["group"][0] == "Ausidae/Aus/Aus_bus"
    assert groups["aus BUS"].startswith("Ausidae/Aus/aus_BUS-")


@given(st.lists(st.text(max_size=12), min_size=2, max_size=6, unique=True))
def test_any_two_names_have_two_groups(names: list[str]) -> None:
    groups = planned([("F", "G", name) for name in names])["group"]
    assert groups.str.casefold().is_unique
