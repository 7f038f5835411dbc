"""A store and a classifier that version 0.1.0 wrote are opened, checked, extended and reviewed by this version."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from finercam_flows.annotate import annotate

from finercam_core.catalog import open_catalog
from finercam_core.explain import load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.regions.rle import decode
from finercam_core.review import Comparison, ReviewLog, Verdict, read_verdicts
from finercam_core.status import Status
from finercam_core.store import open_store, pending_chunks, runs_beside, summarise, verify
from finercam_core.store.summary import last_run

WRITTEN = Path(__file__).parents[1] / "data" / "version-0.1"
RUN = "0c8e3bdfab38"
DONE = ("Aus_bus-000", "Aus_bus-001", "Aus_bus-002", "Aus_cus-000", "Aus_cus-001")
ADDED, CUT_OFF = "Aus_bus-003", "Aus_cus-002"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of everything, in which the catalog lists what the store knows and one specimen more."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "version-0.1"))


def without_the_added(table: Path) -> str:
    """The catalog as it was when the store was written, so that nothing is left to compute."""
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["image_id"] != ADDED]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(table)


def contents(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_the_store_opens_with_its_run_its_values_and_its_images(folder: Path) -> None:
    store = open_store(folder / "maps.zarr")
    assert store.provenance.run == RUN
    written = json.loads((folder / "maps.zarr" / "zarr.json").read_text())["attributes"]["finercam"]
    assert json.dumps(store.provenance.to_json()) == json.dumps(written), "the same fields in the same order"
    assert store.species == ["Aus bus", "Aus cus"]
    assert store.images_root == str(folder / "collection")
    for image_id in DONE:
        record = store.record(image_id)
        assert record.status == Status.DONE
        assert record.classes == (("Aus bus", "Aus cus") if "bus" in image_id else ("Aus cus", "Aus bus"))
        assert record.predicted == record.scientificName
        assert record.evidence.shape == (2, 2, 3)
        assert np.isfinite(record.evidence).all()
        assert store.image(image_id).size == (96, 64)
    assert summarise(store).totals == {"specimens": 6, "done": 5, "failed": 1, "pending": 0, "rejected": 0}
    assert summarise(store).failures["image_id"].tolist() == [CUT_OFF]
    assert "truncated" in summarise(store).failures["detail"][0]
    assert verify(store.location) == []
    activity = last_run(store.location)
    assert activity is not None
    assert (activity.planned, activity.done, activity.failed, activity.finished) == (6, 5, 1, True)


def test_the_classifier_loads_and_gives_the_stored_values_again(folder: Path) -> None:
    """Planned anew elsewhere it is the same run, so that no store is ever put aside for an update of finercam."""
    classifier = load_classifier(str(folder / "classifier"), device="cpu")
    catalog = open_catalog(without_the_added(folder / "collection" / "catalog.csv"))
    assert classifier.species == ("Aus bus", "Aus cus")
    again = plan_store(folder / "again.zarr", catalog, classifier, references=1)
    assert again.provenance.run == RUN
    annotate_chunks(again.location, list(pending_chunks(again.location)), classifier)
    store = open_store(folder / "maps.zarr")
    expected, planned = store.provenance.to_json(), again.provenance.to_json()
    moved = ("catalog", "created", "images_root", "versions", "parts", "route_check")  # the last two are newer
    assert planned == expected | {key: planned[key] for key in moved}
    for image_id in DONE:
        old, new = store.record(image_id), again.record(image_id)
        np.testing.assert_allclose(new.logit, old.logit, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(new.evidence, old.evidence, rtol=5e-3, atol=5e-3)


@pytest.mark.usefixtures("prefect_home")
def test_annotate_goes_on_with_what_is_new_and_keeps_the_rest(folder: Path) -> None:
    store, table = folder / "maps.zarr", folder / "collection" / "catalog.csv"
    before, whole_table = contents(store), table.read_text()
    evidence = {image_id: open_store(store).record(image_id).evidence for image_id in DONE}

    def go_on() -> tuple[int, int]:
        result = annotate(str(table), str(folder / "classifier"), str(store), references=1, device="cpu")
        assert result.store == str(store)
        assert verify(store) == []
        return result.computed.done, result.computed.failed

    without_the_added(table)
    assert go_on() == (0, 0)
    after = contents(store)
    changed = {name for name in after if after[name] != before.get(name)}
    tables = {"specimens.parquet", "rejected.parquet", "last_run.json", "requests.json"}
    assert changed <= {"zarr.json", ".writer.lock", *tables}
    assert before.keys() <= after.keys()
    table.write_text(whole_table)
    assert go_on() == (1, 0)
    assert [run.location for run in runs_beside(store)] == [str(store)]
    opened = open_store(store)
    assert opened.provenance.run == RUN
    assert opened.record(ADDED).status == Status.DONE
    assert opened.record(CUT_OFF).status == Status.TRUNCATED
    for image_id, values in evidence.items():
        np.testing.assert_array_equal(opened.record(image_id).evidence, values)


def test_a_review_goes_on(folder: Path) -> None:
    store = open_store(folder / "maps.zarr")
    (said,) = read_verdicts(store.location)
    assert (said.image_id, said.reviewer, said.decision, said.run) == ("Aus_bus-000", "Ada", "accept", RUN)
    mask = decode(said.regions[0].rle)
    assert mask.shape == (64, 96)
    assert mask[20:30, 40:60].all()
    assert mask.sum() == 200
    comparison = Comparison(0.6, "mean", "gradcam", ("Aus bus",))
    ReviewLog(store.location, "Ada").append(Verdict("Aus_cus-000", "Aus cus", "Ada", "reject", comparison, run=RUN))
    assert [verdict.decision for verdict in read_verdicts(store.location)] == ["accept", "reject"]
