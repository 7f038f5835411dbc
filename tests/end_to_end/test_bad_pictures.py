"""One bad picture never ends a run: annotate, train, evaluate, report, export and review go on without it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bad_pictures import bad_pictures
from finercam_flows.artifacts.contact_sheet import Pick, draw
from napari_finercam.session.loaded_specimen import load_specimen

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import Protocol, evaluate
from finercam_core.explain import load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.export import export
from finercam_core.images.preparation import Preparation
from finercam_core.report import report
from finercam_core.store import Store, open_store, pending_chunks, summarise
from finercam_core.train.data import load_data

BAD = ("flipped.avif", "sparse.jpg", "loop.jpg", "pipe.jpg", "line.png", "drawing.eps", "zeros.jpg")
COUNTS = {"Aus bus": 5, "Aus cus": 9}
Make = Callable[[Path, dict[str, int]], Path]


def spoil(catalog: Path) -> list[str]:
    """Put a bad picture in the place of some images; their ids."""
    known = bad_pictures()
    victims = [f"Aus_cus-{number:03d}" for number in range(len(BAD))]
    for image_id, name in zip(victims, BAD, strict=True):
        path = catalog.parent / f"{image_id}.png"
        path.unlink()
        known[name][0](path)
    return victims


def annotated(catalog: Path, classifier: str, location: Path, *, processes: bool) -> Store:
    model = load_classifier(classifier, device="cpu")
    store = plan_store(location, open_catalog(catalog), model, references=1)
    chunks = list(pending_chunks(store.location))
    annotate_chunks(store.location, chunks, model, batch_size=8, decoders=2, processes=processes)
    return open_store(location)


@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_annotate_goes_on(make_collection: Make, tiny_classifier: str, tmp_path: Path, processes: bool) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    victims = spoil(catalog)
    store = annotated(catalog, tiny_classifier, tmp_path / "maps.zarr", processes=processes)
    found = summarise(store)
    assert found.totals == {"specimens": 14, "done": 7, "failed": len(BAD), "pending": 0, "rejected": 0}
    reasons = found.failures.set_index("image_id")["detail"]
    assert sorted(reasons.index) == victims
    assert all(len(reason) > 20 and "Traceback" not in reason for reason in reasons)


def test_train_goes_on(make_collection: Make, tmp_path: Path) -> None:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 5, "Aus cus": 12})
    victims = spoil(catalog)
    data = load_data(open_catalog(catalog), Preparation(16, 24))
    assert sorted(data.unreadable) == victims
    assert len(data.pixels) == 17 - len(victims)


def test_everything_after_annotate_goes_on(make_collection: Make, tiny_classifier: str, tmp_path: Path) -> None:
    """The maps were made while the pictures were sound."""
    catalog = make_collection(tmp_path / "images", COUNTS)
    store = annotated(catalog, tiny_classifier, tmp_path / "maps.zarr", processes=False)
    assert summarise(store).totals["done"] == 14
    victims = spoil(catalog)
    for form in ("png", "csv", "coco"):
        summary = export(store.location, tmp_path / form, format=form, which="automatic")
        assert sorted(summary.failed) == victims
        assert summary.masks == 7
    figures = evaluate(store.location, tmp_path / "evaluation", protocol=Protocol(split="all", i_know=True))
    assert figures.specimens["image_id"].nunique() >= 7
    atlas = report(store.location, tmp_path / "atlas")
    assert atlas.species == 2
    assert set(atlas.unreadable) <= set(victims)
    for image_id in victims:
        loaded = load_specimen(store, image_id)
        assert loaded.problem
        assert not loaded.photographed
    slot = {row["image_id"]: int(row["slot"]) for row in store.specimens.to_dict("records")}
    picks = [Pick("Aus cus", slot[image_id], image_id) for image_id in victims[:2]]
    assert draw(store, picks).startswith(b"\xff\xd8")
