"""A disagreement decided in a real napari window: both regions are seen, and one is taken or corrected."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.lab.deciding import OPINION
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from finercam_core.review import Adjudication, assign, latest, read_verdicts
from finercam_core.store import open_store

pytestmark = pytest.mark.gui


@pytest.fixture
def disputed(small_store: Path) -> Path:
    """Two of the store's specimens are disputed: both accept one with other regions, and one rejects the other."""
    assign(open_store(small_store), ["Ada", "<b>Bo"], adjudicators=["Dee"], overlap=2)
    for name, half in (("Ada", slice(0, 20)), ("<b>Bo", slice(40, 60))):
        session = ReviewSession(small_store, name)
        for place, image_id in enumerate(sorted(map(str, session.queue.ids))[:2]):
            session.navigation.go_to(image_id)
            painted = np.zeros(session.regions.labels.shape, np.uint8)
            painted[:, half] = 1
            session.paint(painted)
            session.decide("accept" if name == "Ada" or not place else "reject")
        session.close()
    return small_store


def opinions_shown(widget: ReviewWidget) -> dict[str, int]:
    """Pixels of each verdict's layer, by whose it is."""
    layers = [layer for layer in widget.workbench.viewer.layers if OPINION in layer.metadata]
    return {str(layer.metadata[OPINION]): int((layer.data > 0).sum()) for layer in layers}


def test_both_regions_are_shown_and_one_is_taken(window: ReviewWidget, disputed: Path, qtbot: QtBot) -> None:
    window.workbench.open(ReviewSession(disputed, "Dee"))
    session, panel = session_of(window), window.page.deciding
    qtbot.waitUntil(panel.isVisible, timeout=10_000)
    assert set(opinions_shown(window)) == {"Ada", "<b>Bo"}
    assert window.workbench.layers is not None
    assert window.workbench.viewer.layers.selection.active is window.workbench.layers.regions
    assert "0 of 2" in window.page.verdict.counts.text()
    buttons = {button.objectName(): button for button in panel.findChildren(QPushButton)}
    assert buttons["take <b>Bo"].accessibleName() == "take the region of <b>Bo"
    qtbot.keyClick(buttons["take <b>Bo"], Qt.Key.Key_Space)
    assert (session.regions.labels > 0).sum() == opinions_shown(window)["<b>Bo"]
    first = session.specimen.image_id
    press(window, qtbot, "K")
    assert session.specimen.image_id != first
    (word,) = [one for one in latest(read_verdicts(disputed)).values() if isinstance(one, Adjudication)]
    assert (word.image_id, word.decision, word.reviewer) == (first, "accept", "Dee")
    assert {one.reviewer for one in word.between} == {"Ada", "<b>Bo"}
    press(window, qtbot, "J")
    assert "the queue ends here" in window.page.message.text().lower()
    window.workbench.end()
    assert opinions_shown(window) == {}


def test_who_does_not_decide_sees_no_opinions(window: ReviewWidget, disputed: Path) -> None:
    window.workbench.open(ReviewSession(disputed, "Ada"))
    assert not window.page.deciding.isVisible()
    assert opinions_shown(window) == {}
    assert window.page.queue.only.currentText() == "my queue"
    assert window.page.queue.order.currentText() == "as assigned"
