"""A power cut at any moment costs what its state says: the writer's steps are recorded and replayed in every order."""

import random
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from planned_store import fill, plan_at, result
from power_cut import Disk, Recorder

from finercam_core.errors import StoreError
from finercam_core.io.disk import steps
from finercam_core.io.files import Files
from finercam_core.status import Status
from finercam_core.store import CHUNK, open_store, pending_chunks, verify, write_chunk
from finercam_core.store.layout import status_of

FIRST = {"Aus bus": CHUNK + 2, "Aus cus": 2}
THEN = {"Aus bus": CHUNK + 4, "Aus cus": 2, "Dus eus": 2}


class Recording(NamedTuple):
    """The steps of a writer, the store's folder, and the maps that it wrote, by image id."""

    recorder: Recorder
    root: Path
    maps: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A store that is planned, filled, extended, and filled again with a changed photograph; maps by image id."""
    folder = tmp_path_factory.mktemp("recorded")
    location, images, maps = folder / "maps.zarr", folder / "images", dict[str, np.ndarray]()
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(patch)
        for counts in (FIRST, THEN):
            plan_at(str(location), images, counts)
            for chunk in pending_chunks(str(location)):
                values = result(chunk)
                if chunk.group.endswith("cus") and counts is THEN:
                    values.status[0] = Status.TRUNCATED
                    values.details[chunk.slots[0]] = "cut at byte 7"
                write_chunk(str(location), chunk, values)
                recorder.note(tuple(np.array(chunk.image_ids)[values.status == Status.DONE]))
                maps |= dict(zip(chunk.image_ids, values.evidence.astype(np.float16), strict=True))
            if counts is FIRST:
                (images / "Aus_cus-001.jpg").write_bytes(b"another photograph")
    return Recording(recorder, location, maps)


def faults_after(recorded: Recording, count: int, target: Path, seed: int) -> str:
    """What a power cut after so many steps costs that it must not; "" if nothing."""
    recorder, root, maps = recorded
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    Disk(recorder.events[:count], root).build(target, random.Random(seed))
    acknowledged = {i for kind, ids, _ in recorder.events[:count] if kind == "note" for i in ids}
    try:
        table = open_store(target).specimens
    except StoreError as error:
        return f"{len(acknowledged)} acknowledged specimens and no plan: {error}" if acknowledged else ""
    if found := verify(target):
        return str(found[0])
    done = _done(target, table, maps)
    again = {"Aus_cus-000", "Aus_cus-001"} if len(table) > sum(FIRST.values()) else set[str]()
    lost = acknowledged - again - set(done)
    wrong = [image_id for image_id, right in done.items() if not right and image_id not in again]
    return f"acknowledged and lost: {sorted(lost)}; wrong: {wrong}" if lost or wrong else ""


def _done(target: Path, table: pd.DataFrame, maps: dict[str, np.ndarray]) -> dict[str, bool]:
    """Finished specimens, and whether their maps are those that were written."""
    root, done = Files(target).group(), dict[str, bool]()
    for group, rows in table.groupby("group"):
        status = status_of(np.asarray(root[f"{group}/state"][:]))  # type: ignore[index]
        evidence = np.asarray(root[f"{group}/evidence"][:])  # type: ignore[index]
        for row in rows.itertuples():
            if status[row.slot] == Status.DONE:
                done[row.image_id] = np.array_equal(evidence[row.slot], maps[row.image_id])
    return done


def cuts(recorded: Recording, target: Path, number: int, seed: int) -> list[str]:
    steps_taken = len(recorded.recorder.events)
    rng, faults = random.Random(seed), []
    for _ in range(number):
        count = rng.randrange(1, steps_taken + 1)
        if fault := faults_after(recorded, count, target, rng.randrange(2**32)):
            faults.append(f"after {count} of {steps_taken} steps: {fault}")
    return faults


def test_no_power_cut_costs_a_finished_specimen(recording: Recording, tmp_path: Path) -> None:
    assert cuts(recording, tmp_path / "cut.zarr", 20, 1) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_power_cuts(recording: Recording, tmp_path: Path) -> None:
    faults = cuts(recording, tmp_path / "cut.zarr", 1000, 2)
    print(f"1,000 power cuts within {len(recording.recorder.events)} steps: {len(faults)} cost more than a state says")
    assert faults == []


def test_after_the_last_step_everything_is_there(recording: Recording, tmp_path: Path) -> None:
    """Nothing that was acknowledged waits for a later sync."""
    place, images = tmp_path / "cut.zarr", recording.root.parent / "images"
    for seed in range(3):
        assert faults_after(recording, len(recording.recorder.events), place, seed) == ""
    assert len(open_store(place).specimens) == sum(THEN.values())
    assert fill(plan_at(str(place), images, THEN).location) == 0


@pytest.mark.parametrize("forgotten", ["sync_file", "sync_folder"])
def test_the_recorder_finds_a_writer_that_forgets_to_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    monkeypatch.setattr(steps, forgotten, lambda _path: None)
    recorder, location = Recorder(monkeypatch), tmp_path / "maps.zarr"
    recorder.events.clear()
    plan_at(str(location), tmp_path / "images", FIRST)
    maps: dict[str, np.ndarray] = {}
    for chunk in pending_chunks(str(location)):
        values = result(chunk)
        write_chunk(str(location), chunk, values)
        recorder.note(chunk.image_ids)
        maps |= dict(zip(chunk.image_ids, values.evidence.astype(np.float16), strict=True))
    recorder.events[:] = [event for event in recorder.events if event[0] != forgotten]
    assert cuts(Recording(recorder, location, maps), tmp_path / "cut.zarr", 16, 3)
