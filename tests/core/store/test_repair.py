"""The plan has a digest: no changed bit is read, and what is damaged or gone is rebuilt from the maps."""

import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
from planned_store import Planner, arrays, assert_same, fill, plan_at

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError, StoreError
from finercam_core.io.disk.seals import SealError, is_sealed, sealed, unsealed
from finercam_core.io.files import Files
from finercam_core.store import CHUNK, Store, exclusive, open_store, pending_chunks, repair, summarise, verify

COUNTS = {"Aus bus": CHUNK + 3, "Aus cus": 2, "Dus eus": 2}
FLIPS = 600


@pytest.fixture
def filled(plan: Planner) -> Store:
    store = plan(COUNTS, license="CC0")
    fill(store.location)
    return store


def flipped(content: bytes, bit: int) -> bytes:
    return content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :]


def silent(content: bytes, whole: pd.DataFrame, flips: int, seed: int) -> list[int]:
    """Bits that can be flipped without an error although the table is another one."""
    rng, missed = random.Random(seed), []
    for bit in rng.sample(range(8 * len(content)), flips):
        try:
            if not unsealed(flipped(content, bit)).equals(whole):
                missed.append(bit)
        except SealError:
            pass
    return missed


def test_no_flipped_bit_of_a_table_is_read_as_a_value(filled: Store) -> None:
    """In the file's data, its seal and its footer: refused, or the very same table."""
    path = Path(filled.location) / "specimens.parquet"
    content, whole = path.read_bytes(), filled.specimens
    assert silent(content, whole, FLIPS, 0) == []
    zeroed = content[:40] + bytes(64) + content[104:]
    for lost in (content[: len(content) // 2], content[:-1], b"", content + b"x", zeroed):
        with pytest.raises(SealError):
            unsealed(lost)


def test_a_seal_that_was_overwritten_is_missed_and_a_table_of_another_version_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"image_id": ["a", "b"], "slot": [0, 1]})
    content = sealed(table)
    start = content.index(bytes.fromhex("f1e8c0a5d793"))
    with pytest.raises(SealError, match="digest is gone"):
        unsealed(content[:start] + bytes(48) + content[start + 48 :])
    table.to_parquet(tmp_path / "old.parquet", index=False)
    assert not is_sealed((tmp_path / "old.parquet").read_bytes())
    assert Files(tmp_path).read_table("old.parquet").equals(table)
    (tmp_path / "new.parquet").write_bytes(content)
    assert pd.read_parquet(tmp_path / "new.parquet").equals(table), "other readers see an ordinary table"


@pytest.mark.parametrize("harm", ["flip", "cut", "empty"])
def test_every_reader_refuses_a_damaged_plan_and_offers_the_repair(filled: Store, plan: Planner, harm: str) -> None:
    path = Path(filled.location) / "specimens.parquet"
    content = path.read_bytes()
    path.write_bytes({"flip": flipped(content, 4000), "cut": content[: len(content) // 2], "empty": b""}[harm])
    readers = [
        lambda: open_store(filled.location).specimens, lambda: open_store(filled.location).record("Aus_bus-000"),
        lambda: list(pending_chunks(filled.location)), lambda: verify(filled.location), lambda: plan(COUNTS),
        lambda: summarise(open_store(filled.location)), lambda: repr(open_store(filled.location)),
    ]  # fmt: skip
    for read in readers:
        with pytest.raises(StoreError, match=r"damaged: .*finercam repair"):
            read()
    assert path.read_bytes() != content


def test_a_repaired_plan_has_every_specimen_in_its_slot_and_nothing_is_computed_again(
    filled: Store, plan: Planner
) -> None:
    before, whole, path = filled.specimens, arrays(filled), Path(filled.location) / "specimens.parquet"
    path.write_bytes(path.read_bytes()[:999])
    done = repair(filled.location)
    assert (done.specimens, done.species, done.finished, done.rebuilt) == (len(before), 3, len(before), True)
    assert "licences" in done.lost[-1]
    known = ["image_id", "scientificName", "family", "genus", "group", "slot", "listed"]
    pd.testing.assert_frame_equal(open_store(filled.location).specimens[known], before[known])
    assert open_store(filled.location).record("Aus_bus-065").status.name == "DONE"
    assert verify(filled.location) == []
    assert list(pending_chunks(filled.location)) == []
    again = plan(COUNTS, license="CC0")
    pd.testing.assert_frame_equal(again.specimens, before)
    assert fill(again.location) == 0
    assert_same(arrays(again), whole)
    assert (Path(filled.location) / "specimens.parquet.damaged").stat().st_size == 999


def test_a_changed_image_is_still_noticed_after_a_repair(filled: Store, plan: Planner) -> None:
    (Path(filled.location) / "specimens.parquet").unlink()
    (Path(filled.images_root) / "Aus_cus-001.jpg").write_bytes(b"another photograph")
    repair(filled.location)
    plan(COUNTS)
    assert [chunk.image_ids for chunk in pending_chunks(filled.location)] == [("Aus_cus-001",)]


def test_a_plan_that_is_gone_is_never_made_anew_over_finished_maps(filled: Store, plan: Planner) -> None:
    whole = arrays(filled)
    (Path(filled.location) / "specimens.parquet").unlink()
    with pytest.raises(StoreError, match=r"of .* is gone, but 71 specimens of it are finished: .*repair"):
        plan(COUNTS)
    with pytest.raises(StoreError, match="repair"):
        summarise(open_store(filled.location))
    repair(filled.location)
    assert_same(arrays(plan(COUNTS)), whole)


def test_what_cannot_be_saved_is_said(filled: Store) -> None:
    root = Path(filled.location)
    (root / "specimens.parquet").unlink()
    (root / "Ausidae/Aus/Aus_bus/specimen/c/1").write_bytes(b"\0" * 40)
    (root / "Dusidae/Dus/Dus_eus/zarr.json").write_bytes(b"{")
    done = repair(filled.location)
    assert done.specimens == CHUNK + 2
    assert [sentence.partition(":")[0] for sentence in done.lost[:2]] == [
        "ids of 3 specimens of Ausidae/Aus/Aus_bus", "Dusidae/Dus/Dus_eus",
    ]  # fmt: skip
    assert not open_store(filled.location).specimens.query("listed")["image_id"].str.startswith("lost:").any()


def test_a_damaged_root_is_restored_from_its_copy(filled: Store) -> None:
    root = Path(filled.location) / "zarr.json"
    harms = [lambda text: text.replace("Aus cus", "Aus cUs", 1), lambda text: text[:200], lambda _: "", None]
    for harm in harms:
        root.unlink() if harm is None else root.write_text(harm(root.read_text()))
        with pytest.raises(StoreError, match=r"zarr.json of .* is (damaged|gone): .*repair"):
            open_store(filled.location)
        assert {damage.array for damage in verify(filled.location)} == {"zarr.json"}
        assert repair(filled.location).lost == ("the time at which the store was made",)
        assert open_store(filled.location).provenance.run == filled.provenance.run
        assert verify(filled.location) == []


def test_a_sound_store_is_left_as_it_is_and_an_earlier_one_gets_its_digest(filled: Store, tmp_path: Path) -> None:
    path = Path(filled.location) / "specimens.parquet"
    content = path.read_bytes()
    assert not repair(filled.location).rebuilt
    assert path.read_bytes() == content
    old = shutil.copytree(Path(__file__).parents[2] / "data/version-0.1/maps.zarr", tmp_path / "old.zarr")
    before = open_store(old).specimens
    done = repair(old)
    assert (done.rebuilt, done.specimens, done.finished) == (False, 6, 5)
    assert is_sealed((old / "specimens.parquet").read_bytes())
    assert open_store(old).specimens.equals(before)


def test_a_repair_waits_for_no_run_and_needs_a_store(filled: Store, tmp_path: Path) -> None:
    with exclusive(filled.location), pytest.raises(StoreError, match="another run is writing"):
        repair(filled.location)
    with pytest.raises(StoreError, match="there is no store"):
        repair(tmp_path / "nothing.zarr")


def test_planning_that_is_killed_before_anything_is_finished_begins_anew(tmp_path: Path) -> None:
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 2})
    (tmp_path / "maps.zarr" / "specimens.parquet").unlink()
    assert fill(plan_at(store.location, tmp_path / "images", {"Aus bus": 2}).location) == 2


def test_a_species_without_classes_is_rebuilt_from_its_description(plan: Planner) -> None:
    store = plan({"Aus bus": 1, "Zus zus": 2})
    before = store.specimens
    (Path(store.location) / "specimens.parquet").unlink()
    assert repair(store.location).finished == 0
    names = ["image_id", "scientificName", "group", "slot"]
    pd.testing.assert_frame_equal(open_store(store.location).specimens[names], before[names])


def test_the_table_of_a_fetch_is_checked_where_it_is_a_catalog(tmp_path: Path) -> None:
    rows = {"image_id": ["a", "b"], "scientificName": ["Aus bus", "Aus cus"], "path": ["a.jpg", "b.jpg"]}
    content = sealed(pd.DataFrame(rows))
    place = tmp_path / "catalog.parquet"
    place.write_bytes(content)
    assert open_catalog(place).specimens["path"].tolist() == ["a.jpg", "b.jpg"]
    said = set[str]()
    for bit in range(0, 8 * len(content), 997):
        place.write_bytes(flipped(content, bit))
        try:
            assert open_catalog(place).specimens["path"].tolist() == ["a.jpg", "b.jpg"]
        except CatalogError as error:
            said.add(error.remedy)
    assert said == {"fetch it again"}
