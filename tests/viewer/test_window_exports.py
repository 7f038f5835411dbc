"""Exports by Shift+X in a real window: what no longer holds goes, ids stay, nothing is written into a store."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari_finercam.formats.layer_style import REGION
from napari_finercam.window.panels.export import ExportDialog
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from finercam_core.regions.rle import decode
from finercam_core.review import latest, read_verdicts

pytestmark = pytest.mark.gui
SHIFT = Qt.KeyboardModifier.ShiftModifier
Export = Callable[[str, Path], str]


@pytest.fixture
def export(widget: ReviewWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Function that exports in a form to a folder as a person would, and returns what the window says."""

    def run(form: str, folder: Path) -> str:
        def answer(dialog: ExportDialog) -> int:
            dialog.format.setCurrentIndex(dialog.format.findData(form))
            dialog.folder.setText(str(folder))
            return 1

        monkeypatch.setattr(ExportDialog, "exec", answer)
        widget.workbench.say("")
        press(widget, qtbot, "X", SHIFT)
        message = widget.page.message
        qtbot.waitUntil(lambda: bool(message.text()) and not message.text().startswith("Exporting"), timeout=30_000)
        return message.text()

    return run


def trait(widget: ReviewWidget, name: str) -> None:
    box = widget.page.region.trait
    index = next(i for i in range(box.count()) if box.itemText(i).casefold().startswith(name))
    box.setCurrentIndex(index)
    box.activated.emit(index)


@pytest.mark.parametrize("form", ["png", "ome-zarr", "coco"])
def test_what_was_rejected_since_is_gone_from_the_folder(
    widget: ReviewWidget, qtbot: QtBot, tmp_path: Path, export: Export, form: str
) -> None:
    first, out = session_of(widget).specimen.image_id, tmp_path / "out"

    def told() -> bool:
        if form == "coco":
            return first in (out / "annotations.json").read_text()
        return any(first in path.name for path in out.rglob("*"))

    press(widget, qtbot, "KK")
    export(form, out)
    assert told()
    press(widget, qtbot, "HHJ")
    said = export(form, out)
    assert not told()
    assert ("no longer accepted" in said) is (form != "coco")  # one file of its own is written anew


@pytest.mark.parametrize("gone", ["trait", "specimen"])
def test_ids_stay_when_a_trait_or_a_specimen_is_gone(
    widget: ReviewWidget, qtbot: QtBot, tmp_path: Path, export: Export, gone: str
) -> None:
    def ids() -> tuple[dict[str, int], set[str]]:
        export("coco", tmp_path / "out")
        content = json.loads((tmp_path / "out" / "annotations.json").read_text())
        return {entry["name"]: entry["id"] for entry in content["categories"]}, {
            entry["region"] for entry in content["annotations"]
        }

    trait(widget, "head")
    press(widget, qtbot, "K")
    trait(widget, "caudal fin")
    press(widget, qtbot, "K")
    numbers, regions = ids()
    assert len(regions) == 2
    press(widget, qtbot, "HH")
    if gone == "trait":
        trait(widget, "no trait")
        press(widget, qtbot, "K")
    else:
        press(widget, qtbot, "J")
    numbers_now, regions_now = ids()
    assert numbers.items() <= numbers_now.items()
    assert regions_now <= regions
    assert len(regions_now) == (2 if gone == "trait" else 1)


@pytest.mark.parametrize("drawn", ["threshold", "rectangle", "ring"])
def test_coco_is_what_its_own_tools_read(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path, export: Export, drawn: str
) -> None:
    data = widget.workbench.viewer.layers[REGION].data
    if drawn != "threshold":
        data[:] = 0
        data[10:30, 20:50] = 1
        data[14:20, 24:30] = int(drawn == "rectangle")
    trait(widget, "head")
    press(widget, qtbot, "K")
    export("coco", tmp_path / "out")
    opened = COCO(str(tmp_path / "out" / "annotations.json"))
    assert opened.getCatIds(supNms=["trait"])
    (annotation,) = opened.anns.values()
    segmentation = annotation["segmentation"]
    assert isinstance(segmentation, dict if drawn == "ring" else list)
    (verdict,) = read_verdicts(small_store)
    mask = decode(verdict.regions[0].rle)
    read = coco_mask.frPyObjects(segmentation, *mask.shape)
    whole = coco_mask.decode(coco_mask.merge(read) if isinstance(read, list) else read)
    np.testing.assert_array_equal(whole, mask)
    np.testing.assert_array_equal(opened.annToMask(annotation), mask)


@pytest.mark.parametrize("inside", [".", "reviews", "Ausidae/Aus"])
def test_a_folder_of_the_store_is_refused(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, export: Export, inside: str
) -> None:
    press(widget, qtbot, "K")
    before = sorted(small_store.rglob("*"))
    assert "lies in the store" in export("png", small_store / inside)
    assert sorted(small_store.rglob("*")) == before
    assert len(latest(read_verdicts(small_store))) == 1


@pytest.mark.parametrize("form", ["coco", "csv", "iiif"])
def test_no_folder_of_this_machine_is_told(
    widget: ReviewWidget, qtbot: QtBot, tmp_path: Path, export: Export, form: str
) -> None:
    press(widget, qtbot, "K")
    said = export(form, tmp_path / "out")
    assert str(tmp_path / "out") in said  # where they went is said on the screen alone
    texts = [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".json", ".csv", ".xml")]
    assert texts
    assert all(str(tmp_path) not in path.read_text(encoding="utf-8") for path in texts)
    if form == "csv":
        assert len(pd.read_csv(tmp_path / "out" / "measurements.csv")) == 1
