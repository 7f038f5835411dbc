"""The plan in pieces: written, read and extended without being held, with the rows that it would have as a whole."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from planned_store import CLASSES, GRID, SETTINGS, Planner, fill, plan_at, specimens
from zarr.core.group import GroupMetadata

from finercam_core.catalog import Catalog
from finercam_core.errors import StoreError
from finercam_core.io.disk.sealed_pieces import read_groups, read_pieces, write_pieces
from finercam_core.io.disk.seals import sealed, unsealed
from finercam_core.io.files import Files
from finercam_core.references.plan import plan_comparisons
from finercam_core.store import CHUNK, RunSettings, create_store, open_store, pending_chunks, summarise
from finercam_core.store.integrity.plan_table import PlanPieces, same_plan
from finercam_core.store.layout import array_nodes
from finercam_core.store.planning.slots import plan_pieces, plan_slots

FIRST = {"Aus bus": CHUNK + 2, "Aus cus": 3, "Zus zus": 1}
THEN = {"Aus aus": 2, "Aus bus": CHUNK + 9, "Dus eus": 70}


def cut(table: pd.DataFrame, rows: int) -> Iterator[pd.DataFrame]:
    return (table.iloc[start : start + rows].reset_index(drop=True) for start in range(0, len(table), rows))


@pytest.mark.parametrize("rows", [1, 5, 70, 1000])
def test_pieces_of_any_size_are_the_plan_of_the_whole(tmp_path: Path, rows: int) -> None:
    first, then = specimens(FIRST, tmp_path), specimens(THEN, tmp_path).sample(frac=1, random_state=0)
    held = plan_slots(first, str(tmp_path))
    whole = plan_slots(then, str(tmp_path), held)
    pieces = list(plan_pieces(then, str(tmp_path), list(cut(held, 7)), rows=rows))
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole)
    ends = [piece["group"].iloc[-1] for piece in pieces]
    assert len(set(ends)) == len(ends), "a piece is whole species"
    assert whole.groupby("group")["slot"].apply(lambda slots: slots.tolist() == list(range(len(slots)))).all()
    assert set(whole.loc[~whole["listed"], "scientificName"]) == {"Aus cus", "Zus zus"}
    assert same_plan(pieces, cut(whole, 11))
    assert not same_plan(pieces, cut(whole.iloc[:-1], 11))


@given(st.lists(st.integers(1, 150), min_size=1, max_size=6), st.integers(1, 200))
def test_no_chunk_is_divided_between_pieces(sizes: list[int], rows: int) -> None:
    groups = np.repeat([f"F/G/{letter}" for letter in "abcdef"[: len(sizes)]], sizes)
    table = pd.DataFrame({"group": groups, "slot": np.concatenate([np.arange(size) for size in sizes])})
    table = table.astype({"group": "str"})
    files = Files("memory://pieces")
    files.write("specimens.parquet", sealed(table))
    with files.opened("specimens.parquet") as file:
        found = [len(piece) for piece in read_pieces(file, rows=rows)]
    assert sum(found) == len(table)
    pieces = list(PlanPieces(files))
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), table)
    chunks = [set(zip(piece["group"], piece["slot"] // CHUNK, strict=True)) for piece in pieces]
    assert sum(map(len, chunks)) == len(set.union(*chunks))


def test_a_file_of_pieces_is_a_sealed_table(tmp_path: Path) -> None:
    table = plan_slots(specimens(FIRST, tmp_path), str(tmp_path))
    write_pieces(tmp_path / "plan.parquet", cut(table, 30))
    content = (tmp_path / "plan.parquet").read_bytes()
    pd.testing.assert_frame_equal(unsealed(content), table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "plan.parquet"), table)
    with (tmp_path / "plan.parquet").open("rb") as file:
        assert [len(piece) for piece in read_groups(file)] == [30, 30, 10]


def test_a_damaged_plan_is_never_read_in_pieces(plan: Planner) -> None:
    path = Path(plan(FIRST).location) / "specimens.parquet"
    content = path.read_bytes()
    for place in (5, len(content) // 3, len(content) - 700, len(content) - 40, len(content) - 6):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(StoreError, match=r"specimens\.parquet in .* is damaged: .*repair"):
            list(PlanPieces(Files(path.parent)))
    for length in (0, 7, 100, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match="damaged"):
            list(PlanPieces(Files(path.parent)))


def test_a_plan_that_changed_while_it_was_worked_on_is_said(plan: Planner) -> None:
    store = plan({"Aus bus": 3})
    backlog = pending_chunks(store.location)
    assert [len(chunk) for chunk in backlog] == [3]
    plan({"Aus bus": 4})
    with pytest.raises(StoreError, match="was changed meanwhile"):
        list(backlog)


def test_a_plan_without_news_is_not_written_again(plan: Planner) -> None:
    """Other writers read it piece by piece while they are at work."""
    path = Path(plan(FIRST).location) / "specimens.parquet"
    before = path.stat()
    plan(FIRST)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_plan_of_an_earlier_version_is_read_in_pieces_and_sealed_by_the_next_run(plan: Planner) -> None:
    known = {"Aus bus": CHUNK + 2, "Aus cus": 3}
    store = plan(known, hashValue="same")
    fill(store.location)
    path = Path(store.location) / "specimens.parquet"
    table = pd.read_parquet(path)
    table.drop(columns=["part", "fold"]).to_parquet(path)
    assert summarise(open_store(store.location)).totals["done"] == CHUNK + 5
    assert not list(pending_chunks(store.location))
    plan(known, hashValue="same")
    assert unsealed(path.read_bytes()).equals(table)
    assert not list(pending_chunks(store.location))


def test_an_empty_catalog_has_an_empty_plan(tmp_path: Path) -> None:
    catalog = Catalog("test", str(tmp_path), "test.csv", specimens({"Aus bus": 1}, tmp_path).iloc[:0])
    store = create_store(
        str(tmp_path / "maps.zarr"), catalog, plan_comparisons(catalog, CLASSES), GRID, RunSettings.of(SETTINGS)
    )
    assert len(store.specimens) == 0
    assert list(pending_chunks(store.location)) == []
    assert summarise(store).totals["specimens"] == 0


def test_what_the_planner_writes_is_what_zarr_would_write(tmp_path: Path) -> None:
    """Descriptions, coordinates and the groups above, byte for byte; what a killed planner left is gone."""
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", FIRST)
    rest = tmp_path / "maps.zarr" / "Ausidae" / "Aus" / "Aus_bus" / "state" / "c" / "0"
    rest.parent.mkdir(parents=True)
    rest.write_bytes(b"of a killed planner")
    (tmp_path / "maps.zarr" / "specimens.parquet").unlink()
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", FIRST)
    assert not rest.exists()
    other = zarr.open_group(tmp_path / "other.zarr", mode="w", zarr_format=3)
    for name, group in store.groups.items():
        made = store.files.group(path=group)
        classes = made["class"].shape[0]  # type: ignore[union-attr]
        nodes = {group: GroupMetadata(attributes=dict(made.attrs))}
        nodes |= {f"{group}/{key}": node for key, node in array_nodes(FIRST[name], classes, GRID).items()}  # type: ignore[misc]
        list(zarr.create_hierarchy(store=other.store, nodes=nodes))  # type: ignore[arg-type]
        for axis in ("specimen", "class"):
            if made[axis].shape[0]:  # type: ignore[union-attr]
                other[f"{group}/{axis}"][:] = made[axis][:]  # type: ignore[index]
    one, two = (
        {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in (root / "Ausidae").rglob("*")
            if path.is_file()
        }
        for root in (tmp_path / "maps.zarr", tmp_path / "other.zarr")
    )
    assert one == two
