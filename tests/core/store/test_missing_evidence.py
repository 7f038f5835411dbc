"""What is missing or damaged under a finished specimen is found and left out by name, never read as a value."""

from pathlib import Path

import pytest
from planned_store import Planner, arrays, assert_same, fill, plan_at

from finercam_core.errors import StoreError
from finercam_core.export.mask_records import UnavailableMask, automatic_masks
from finercam_core.report.photographs import PhotographFiles
from finercam_core.report.specimen_views import SpecimenViews
from finercam_core.store import CHUNK, Store, give_up, open_store, summarise, verify

GROUP = "Ausidae/Aus/Aus_bus"


def harm(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "delete":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if how == "cut" else b"\x00" + content[1:])


@pytest.mark.parametrize("how", ["delete", "cut", "overwrite"])
@pytest.mark.parametrize("part", ["specimen/c/0", "class/c/0", "zarr.json", "logit/zarr.json", "evidence/c/0/0/0/0"])
def test_every_part_of_a_species_is_verified_and_made_again(plan: Planner, part: str, how: str) -> None:
    store = plan({"Aus bus": 3, "Aus cus": 2})
    fill(store.location)
    whole = arrays(store)
    assert verify(store.location) == []
    harm(Path(store.location) / GROUP / part, how)
    found = verify(store.location)
    assert {(damage.group, damage.index) for damage in found} == {(GROUP, 0)}
    give_up(store.location, found)
    plan({"Aus bus": 3, "Aus cus": 2})
    assert fill(store.location) == (0 if part.startswith("specimen") else 3)
    assert verify(store.location) == []
    assert_same(arrays(store), whole)
    assert open_store(store.location).record("Aus_bus-000").classes[0] == "Aus bus"


@pytest.mark.parametrize("part", ["evidence/c/1/0/0/0", "logit/c/1/0", "predicted/c/1"])
def test_a_finished_specimen_without_values_is_left_out_by_name(plan: Planner, part: str, tmp_path: Path) -> None:
    store = plan({"Aus bus": CHUNK + 1, "Aus cus": 1})
    fill(store.location)
    (Path(store.location) / GROUP / part).unlink()
    store, lost = open_store(store.location), f"Aus_bus-{CHUNK:03d}"
    with pytest.raises(StoreError, match=rf"{part.partition('/')[0]} of slot {CHUNK} of {GROUP} is missing"):
        store.record(lost)
    assert store.record("Aus_bus-000").scientificName == "Aus bus"
    views = SpecimenViews(store, PhotographFiles(tmp_path, [lost]))
    assert views.view(lost) is None
    assert "is missing" in views.unreadable[lost]
    reasons = {item.image_id: str(item.error) for item in automatic_masks(store) if isinstance(item, UnavailableMask)}
    assert "is missing under DONE" in reasons[lost]


@pytest.mark.parametrize("part", ["class/c/0", "zarr.json"])
def test_a_species_without_its_classes_is_not_read(plan: Planner, part: str) -> None:
    store = plan({"Aus bus": 1, "Aus cus": 1})
    fill(store.location)
    (Path(store.location) / GROUP / part).unlink()
    with pytest.raises(StoreError, match=GROUP):
        open_store(store.location).record("Aus_bus-000")
    assert open_store(store.location).record("Aus_cus-000").classes[0] == "Aus cus"


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 2})
    fill(store.location)
    return store


def test_half_a_plan_is_said_in_one_sentence(filled: Store) -> None:
    harm(Path(filled.location) / "specimens.parquet", "cut")
    for read in (lambda: summarise(open_store(filled.location)), lambda: verify(filled.location)):
        with pytest.raises(StoreError, match=r"^specimens.parquet in .* is damaged"):
            read()


@pytest.mark.parametrize("name", ["rejected.parquet", "last_run.json", "failures/Ausidae/Aus/Aus_bus/0.json"])
def test_damage_beside_the_chunks_is_told_and_the_rest_is_shown(filled: Store, name: str) -> None:
    path = Path(filled.location) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"{oops")
    assert [damage.array for damage in verify(filled.location)] == [name.partition("/")[0]]
    summary = summarise(open_store(filled.location))
    assert summary.totals["done"] == 2
    assert len(summary.problems) == (name != "last_run.json")
