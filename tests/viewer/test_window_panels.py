"""The panels of the review and what they say, in a real napari window."""

import shutil
from pathlib import Path

import pytest
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.export import ExportDialog
from napari_finercam.window.widget import ReviewWidget
from napari_window import canvas, press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from finercam_core.export import export
from finercam_core.review import read_verdicts
from finercam_core.store.integrity.digests import with_digest

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_the_panel_by_keyboard(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    window = widget.window()
    press(widget, qtbot, "P", SHIFT)
    assert window.focusWidget() is widget.page.comparison.gamma
    reached = set()
    for _ in range(25):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.add(window.focusWidget())
    buttons = {button for button in reached if isinstance(button, QPushButton)}
    comparison, region = widget.page.comparison, widget.page.region
    wanted = {comparison.weighting, comparison.difference, comparison.references}
    assert wanted | {region.kind, region.regions, region.trait, widget.page.verdict.note} <= reached
    assert {"New", "Divide", "Remove", "Reset"} <= {button.text() for button in buttons}
    widget.page.comparison.references.setCurrentRow(0)
    widget.page.comparison.references.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(widget.page.comparison.references, Qt.Key.Key_Down)
    qtbot.keyClick(widget.page.comparison.references, Qt.Key.Key_Space)
    assert session_of(widget).specimen.used.tolist() == [False, True, False, True]
    qtbot.keyClick(widget.page.comparison.references, Qt.Key.Key_Escape)
    assert window.focusWidget() is canvas(widget)
    press(widget, qtbot, "K")
    assert [verdict.decision for verdict in read_verdicts(small_store)] == ["accept"]


def test_export_by_key(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(widget, qtbot, "KK")

    def answer(dialog: ExportDialog) -> int:
        assert dialog.folder.text() == str(small_store.parent / "masks")
        dialog.format.setCurrentIndex(dialog.format.findData("geojson"))
        return 1

    monkeypatch.setattr(ExportDialog, "exec", answer)
    press(widget, qtbot, "X", SHIFT)
    qtbot.waitUntil(lambda: "2 accepted masks in" in widget.page.message.text(), timeout=20_000)
    export(small_store, tmp_path / "other", format="geojson")
    written = small_store.parent / "masks" / "regions.geojson"
    assert written.read_bytes() == (tmp_path / "other" / "regions.geojson").read_bytes()
    press(widget, qtbot, "N")
    assert not widget.page.message.isVisible()


def test_filters_by_key(widget: ReviewWidget, qtbot: QtBot) -> None:
    press(widget, qtbot, "H", SHIFT)
    qtbot.keyClicks(widget.page.queue.text, "plain goby")
    qtbot.keyClick(widget.page.queue.text, Qt.Key.Key_Enter)
    assert session_of(widget).specimen.species == "Aus cus"
    assert "0 of 5" in widget.page.verdict.counts.text()
    widget.page.queue.text.setText("no such thing")
    qtbot.keyClick(widget.page.queue.text, Qt.Key.Key_Enter)
    assert "No specimen fits" in widget.page.message.text()
    assert session_of(widget).specimen.species == "Aus cus"


def test_agreement_is_shown(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    other = ReviewSession(small_store, "B")
    for decision in ("accept", "accept", "reject"):
        other.decide(decision)  # type: ignore[arg-type]
        other.navigation.move(1)
    press(widget, qtbot, "KJJ")
    widget.commands.refresh()
    assert widget.page.queue.agreement.text() == "B: κ 0.40 over 3 specimens, mean IoU 1.00 over 1 accepted"
    press(widget, qtbot, "H")
    assert "B: rejected." in widget.page.verdict.others.text()


def test_missing_species_are_said_in_a_sentence_and_the_rest_is_shown(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path
) -> None:
    shutil.rmtree(small_store / "Ausidae" / "Aus" / "Aus_bus")
    widget.workbench.open(ReviewSession(small_store, "A. Tester"))
    qtbot.waitUntil(widget.page.message.isVisible, timeout=20_000)
    assert widget.page.message.text().startswith("The maps of 1 species are not in the store")
    assert session_of(widget).specimen.species == "Aus cus"
    press(widget, qtbot, "N")
    assert not widget.page.message.isVisible()


def test_another_base_method_beside_is_taken_up_at_the_same_specimen(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path
) -> None:
    import json
    import shutil

    other = small_store.with_name("hirescam.zarr")
    shutil.copytree(small_store, other)
    meta = json.loads((other / "zarr.json").read_text())
    meta["attributes"]["finercam"]["method"] = "hirescam"
    meta["attributes"] = with_digest(meta["attributes"])
    (other / "zarr.json").write_text(json.dumps(meta))
    press(widget, qtbot, "NN")
    here = session_of(widget).specimen.image_id
    widget.workbench.open(ReviewSession(small_store, "A. Tester"))
    press(widget, qtbot, "NN")
    method = widget.page.comparison.method
    assert [method.itemText(i) for i in range(method.count())] == [
        "gradcam at none (maps.zarr)",
        "hirescam at none (hirescam.zarr)",
    ]
    method.setCurrentIndex(1)
    method.activated.emit(1)
    assert session_of(widget).specimen.image_id == here
    assert session_of(widget).comparison_made().method == "hirescam"
