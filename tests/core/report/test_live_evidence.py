"""What pages tell their script: each image's own references, and the part that each cell lies on."""

from pathlib import Path

import numpy as np

from finercam_core.catalog import open_catalog
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.references.selection import policy_of
from finercam_core.regions.masks import read_mask
from finercam_core.report import live_evidence
from finercam_core.report.named_cells import named_cells, part_names
from finercam_core.report.photographs import PhotographFiles
from finercam_core.report.specimen_views import SpecimenViews
from finercam_core.status import Status
from finercam_core.store import open_store, pending_chunks


def test_where_each_image_has_its_own_references_the_page_is_told_them(
    made: tuple[Path, Classifier], tmp_path: Path
) -> None:
    folder, classifier = made
    catalog = open_catalog(folder / "catalog.toml")
    store = plan_store(tmp_path / "own.zarr", catalog, classifier, references=2, policy=policy_of("logits"))
    annotate_chunks(store.location, list(pending_chunks(store.location))[:2], classifier)
    store = open_store(store.location)
    done = [i for i in store.rows.index if store.record(str(i)).status == Status.DONE][:3]
    shown = SpecimenViews(store, PhotographFiles(tmp_path, map(str, store.rows.index)))
    views = [view for i in done if (view := shown.view(str(i))) is not None]
    live = live_evidence.LiveEvidence(store, 0.6, "")
    places = live.facts(views, "").specimens
    assert len(places) == 3
    for image_id, place in places.items():
        assert place.classes == store.record(image_id).classes
        assert set(place.classes) <= set(classifier.species), "names, and no ranks"


def _between(ends: np.ndarray, at: int, most: int) -> slice:
    first, last = np.clip(np.rint(ends[at : at + 2]).astype(int), 0, most)
    return slice(int(first), int(last))


def test_cells_are_named_by_the_part_that_covers_most_of_them(made: tuple[Path, Classifier]) -> None:
    store = open_store(made[0] / "maps.zarr")
    names = part_names(store)
    assert "caudal fin" in names.values()
    clear = 0
    for image_id in map(str, store.rows.index[:5]):
        mask, (height, width) = read_mask(store, image_id), store.provenance.grid
        assert mask is not None
        cells = np.reshape(named_cells(store, image_id, mask.shape[::-1]), (height, width))
        assert {str(one) for one in np.unique(cells)} - {"0"} <= names.keys()
        window = store.window(image_id)
        rows = window.top + np.arange(height + 1) * (window.bottom - window.top) / height
        columns = window.left + np.arange(width + 1) * (window.right - window.left) / width
        for row, column in np.ndindex(height, width):
            inside = mask[_between(rows, row, mask.shape[0]), _between(columns, column, mask.shape[1])]
            counts = np.bincount(inside.ravel(), minlength=3) / max(inside.size, 1)
            best = int(np.argmax(counts[1:])) + 1
            if counts[best] > max(0.15, 3 * np.sort(counts[1:])[-2]):  # beyond what its neighbours' pixels can turn
                clear += 1
                assert cells[row, column] == best
    assert clear > 3
    assert named_cells(store, image_id, (1, 1)) == (), "a mask that does not fit its photograph names nothing"
