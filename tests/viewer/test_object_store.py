"""A store in an object store is reviewed, measured, shown and exported as the same store on a disk is."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from failing_s3 import Faults
from napari_finercam.session.review import ReviewSession
from napari_finercam.session.sibling_stores import sibling_stores
from napari_finercam.web import links
from napari_finercam.web.room import ReviewRoom

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.output import write_answer
from finercam_core.diagnosis.runs import compare_runs
from finercam_core.errors import StoreError
from finercam_core.evaluate import Protocol, evaluate
from finercam_core.export import export
from finercam_core.export.verdict_table import write_verdict_table
from finercam_core.report import report
from finercam_core.review import Draft, Drafts, assign, read_assignment, read_verdicts
from finercam_core.store import exclusive, open_store, runs_beside, summarise, verify

ALL = Protocol(split="all", i_know=True)


def copied(store: Path, place: str) -> str:
    fs, root = fsspec.url_to_fs(place)
    fs.put(f"{store}/", f"{root}/", recursive=True)
    return place


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, small_store: Path) -> Iterator[str]:
    """The small store in a bucket, and in another object store that fsspec knows, as gs:// and az:// are."""
    if request.param == "s3":
        yield copied(small_store, f"{request.getfixturevalue('bucket')}/maps.zarr")
        return
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield copied(small_store, "memory://bucket/maps.zarr")
    memory.store.clear()


def images(store: Path) -> str:
    return open_store(store).images_root


def judged(location: str | Path, photographs: str, reviewer: str = "Ada") -> list[tuple[str, str, str]]:
    session = ReviewSession(location, reviewer, images=photographs)
    for decision in ("accept", "reject", "accept"):
        session.decide(decision)  # type: ignore[arg-type]
        session.navigation.move(1)
    session.decide("unsure")
    session.undo()
    return [(said.image_id, said.decision, said.reviewer) for said in read_verdicts(location)]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_review_and_its_masks_are_those_of_the_disk(place: str, small_store: Path, tmp_path: Path) -> None:
    there, here = judged(place, images(small_store)), judged(small_store, images(small_store))
    assert there == here
    assert len(there) == 5
    again = ReviewSession(place, "Ada", images=images(small_store))
    assert sum(again.verdicts.own(image_id) is not None for image_id in again.store.rows.index) == 3
    assert [one.location for one in sibling_stores(again.store)] == [place]
    for location, name in ((place, "there"), (small_store, "here")):
        store = open_store(location, images=images(small_store))
        assert export(store, tmp_path / name / "masks", format="png").masks == 2
        write_verdict_table(store, tmp_path / name / "table")
    masks = {name: content for name, content in files(tmp_path / "there" / "masks").items() if name.endswith(".png")}
    assert len(masks) == 2
    assert masks == {name: files(tmp_path / "here" / "masks")[name] for name in masks}
    tables = [pd.read_csv(next((tmp_path / name / "table").glob("*.csv"))) for name in ("there", "here")]
    assert tables[0]["decision"].tolist() == tables[1]["decision"].tolist()


def test_a_draft_survives_and_the_store_is_dealt(place: str, small_store: Path) -> None:
    session = ReviewSession(place, "Ada", images=images(small_store))
    session.drafts.save(Draft(session.specimen.image_id, (), "half a thought"))
    assert session.drafts.trouble == ""
    assert session.drafts.obstacle == ""
    assert [draft.note for draft in Drafts(place, "Ada").read_all()] == ["half a thought"]
    dealt = assign(open_store(place), ["Ada", "Bo", "Cy"])
    assert read_assignment(place) == dealt


def test_the_server_for_browsers_has_a_desk_for_each(
    place: str, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "user_data_path", lambda *_: tmp_path / "home")
    room = ReviewRoom(place, ["Ana", "Ben"], images=images(small_store))
    desk = room.desk(room.links.link("", "Ben").partition("#token=")[2])
    assert desk is not None
    first = room.store.rows.index[0]
    assert desk.specimen(str(first)).image_id == first
    room.close()


def test_figures_pages_and_answers_are_those_of_the_disk(place: str, small_store: Path, tmp_path: Path) -> None:
    for location, name in ((place, "there"), (str(small_store), "here")):
        folder = tmp_path / name
        evaluate(location, folder / "evaluation", protocol=ALL, images=images(small_store))
        report(location, folder / "atlas", protocol=ALL, images=images(small_store))
        diagnosis = Diagnosis(open_store(location, images=images(small_store)), split="all", i_know=True)
        lines, *_ = write_answer(diagnosis, diagnosis.answer("Aus bus", "Aus cus"), folder / "answer")
        assert lines
    there, here = files(tmp_path / "there"), files(tmp_path / "here")
    assert there.keys() == here.keys()
    pictures = [name for name in here if name.endswith((".webp", ".png", ".jpg"))]
    assert pictures
    assert all(there[name] == here[name] for name in pictures)
    moved = compare_runs(open_store(place), open_store(small_store))
    assert len(moved.maps)


def test_what_is_there_is_counted_and_verified(place: str, small_store: Path) -> None:
    assert summarise(open_store(place)).totals == summarise(open_store(small_store)).totals
    assert verify(place) == []
    assert [run.location for run in runs_beside(place)] == [place]


def test_a_run_needs_conditional_writes(small_store: Path) -> None:
    place = copied(small_store, "memory://other/maps.zarr")
    with (
        pytest.raises(StoreError, match=r"memory://other/maps.zarr .* s3:// alone: write to a folder or to s3://"),
        exclusive(place),
    ):
        pass


def test_a_chunk_is_read_once_for_all_its_specimens(failing: str, faults: Faults, small_store: Path) -> None:
    faults.before = faults.after = faults.slow = 0
    store, local = open_store(copied(small_store, f"{failing}/maps.zarr")), open_store(small_store)
    ids = [str(one) for one in store.rows.index[store.rows["scientificName"] == "Aus bus"]]
    store.record(ids[0])
    faults.asked.clear()
    for image_id in ids:
        record, same = store.record(image_id), local.record(image_id)
        np.testing.assert_array_equal(record.evidence, same.evidence)
        np.testing.assert_array_equal(record.logit, same.logit)
        assert (record.predicted, record.status, record.log_sum_exp) == (same.predicted, same.status, same.log_sum_exp)
    assert {path.partition("?")[0].rpartition("Aus_bus/")[2] for _, path in faults.asked} == {"state/c/0"}
    assert len(faults.asked) == 2 * len(ids)  # its size, then its content
