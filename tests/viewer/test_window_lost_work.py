"""In a real window: what is painted, noted and decided stays, whatever goes away meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from full_disk import full_disk
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from PIL import Image
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from finercam_core.regions.rle import decode
from finercam_core.review import latest, log, read_verdicts

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NAME = "A. Tester"


@pytest.fixture
def mine(widget: ReviewWidget) -> ReviewWidget:
    """The window, whose start page opens the store again for the same reviewer."""
    widget.workbench.start.reviewer.setText(NAME)
    return widget


def screen(widget: ReviewWidget) -> np.ndarray:
    return np.array(widget.workbench.viewer.layers[REGION].data)


def paint(widget: ReviewWidget) -> np.ndarray:
    """Paint as a tool would that tells nobody; returns what is on the screen."""
    widget.workbench.viewer.layers[REGION].data[4:20, 10:40] = 1
    return screen(widget)


def go_to(widget: ReviewWidget, image_id: str) -> None:
    session_of(widget).navigation.go_to(image_id)
    widget.workbench.show_specimen()


@pytest.mark.parametrize("way", ["note", "reject", "move"])
def test_a_region_outlives_photographs_that_are_away(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path, way: str
) -> None:
    first, shown = session_of(mine).specimen.image_id, paint(mine)
    mine.workbench.take_strokes()
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    mine.workbench.open_store(small_store)
    assert "1 region was drawn on a photograph of 96 × 64 pixels" in mine.page.message.text()
    press(mine, qtbot, "K")
    assert "no photograph" in mine.page.message.text()
    if way == "note":
        mine.page.verdict.note.setText("jaw broken")
    press(mine, qtbot, {"note": "N", "reject": "J", "move": "NH"}[way])
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    mine.workbench.open_store(small_store)
    go_to(mine, first)
    np.testing.assert_array_equal(screen(mine), shown)
    assert mine.page.verdict.note.text() == ("jaw broken" if way == "note" else "")
    assert [verdict.decision for verdict in read_verdicts(small_store)] == (["reject"] if way == "reject" else [])


@pytest.mark.parametrize("size", [(288, 192), (100, 100)], ids=["larger", "of other proportions"])
def test_a_region_outlives_a_photograph_that_is_replaced(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    shown, path = paint(mine), tmp_path / "images" / f"{session_of(mine).specimen.image_id}.png"
    mine.workbench.take_strokes()
    original = path.read_bytes()
    with Image.open(path) as picture:
        picture.resize(size).save(path)
    mine.workbench.open_store(small_store)
    if size == (288, 192):
        np.testing.assert_array_equal(screen(mine), shown.repeat(3, axis=0).repeat(3, axis=1))
    else:
        press(mine, qtbot, "K")
        assert "1 region was drawn on a photograph of 96 × 64 pixels" in mine.page.message.text()
    assert read_verdicts(small_store) == []
    path.write_bytes(original)
    mine.workbench.open_store(small_store)
    np.testing.assert_array_equal(screen(mine), shown)


@pytest.mark.parametrize("between", ["nothing", "reopened", "undone"])
def test_a_clock_that_was_ahead_outvotes_nobody(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    first = session_of(mine).specimen.image_id

    class Ahead(datetime):
        @classmethod
        def now(cls, _tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2099, 1, 1, tzinfo=UTC)

    with monkeypatch.context() as wrong:
        wrong.setattr(log, "datetime", Ahead)
        press(mine, qtbot, "K")
        if between == "undone":
            press(mine, qtbot, "Z", CTRL)
    if between == "reopened":
        mine.workbench.open_store(small_store)
    go_to(mine, first)
    press(mine, qtbot, "J")
    for _ in range(2):
        go_to(mine, first)
        assert "<b>rejected</b>" in mine.page.heading.text()
        assert {v.decision for v in latest(read_verdicts(small_store)).values()} == {"reject"}
        mine.workbench.open_store(small_store)


@pytest.mark.parametrize("changed", ["weighting", "references", "threshold"])
def test_what_is_accepted_again_under_other_settings_keeps_its_story(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, changed: str
) -> None:
    press(mine, qtbot, "KN")
    if changed == "weighting":
        mine.page.comparison.weighting.setCurrentText("softmax")
    elif changed == "references":
        press(mine, qtbot, "R", SHIFT)
    else:
        mine.page.region.share.setValue(20)
    press(mine, qtbot, "HH")
    mine.workbench.open_store(small_store)
    go_to(mine, read_verdicts(small_store)[0].image_id)
    press(mine, qtbot, "K")
    one, two = read_verdicts(small_store)
    assert two.regions == one.regions
    assert (two.comparison, two.regions[0].threshold) == (one.comparison, one.regions[0].threshold)


@pytest.mark.parametrize("change", ["trait", "new region", "reopened"])
def test_every_change_of_what_was_accepted_is_headed_so(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, change: str
) -> None:
    press(mine, qtbot, "KH")
    first = session_of(mine).specimen.image_id
    assert "<b>accepted</b>" in mine.page.heading.text()
    if change == "trait":
        mine.page.region.trait.setCurrentIndex(1)
        mine.page.region.trait.activated.emit(1)
    elif change == "new region":
        press(mine, qtbot, "M", SHIFT)
        mine.workbench.viewer.layers[REGION].data[:5, :5] = 2
        mine.workbench.take_strokes()
    else:
        paint(mine)
        mine.workbench.open_store(small_store)
        go_to(mine, first)
    assert "edited since accepted" in mine.page.heading.text()
    press(mine, qtbot, "KH")
    assert "<b>accepted</b>" in mine.page.heading.text()


@pytest.fixture
def unwritable(small_store: Path) -> Iterator[None]:
    """The store takes no review, as one that may only be read; root may write everywhere."""
    (small_store / "reviews").write_text("a file where the folder should be")
    yield
    if (small_store / "reviews").is_file():
        (small_store / "reviews").unlink()


@pytest.mark.parametrize("act", ["new_region", "divide", "follow"])
@pytest.mark.usefixtures("unwritable")
def test_a_store_that_can_only_be_read_is_said_on_opening_and_stops_no_button(
    mine: ReviewWidget, qtbot: QtBot, small_store: Path, act: str
) -> None:
    mine.workbench.open_store(small_store)
    assert "cannot be written" in mine.page.message.text()
    paint(mine)
    getattr(mine.page.region, act)()
    shown = screen(mine)
    press(mine, qtbot, "K")
    assert "cannot be written" in mine.page.message.text()
    mine.workbench.close_session()
    (small_store / "reviews").unlink()
    mine.workbench.open_store(small_store)
    assert not mine.page.message.isVisible()
    np.testing.assert_array_equal(screen(mine), shown)


@pytest.mark.parametrize("act", ["new_region", "divide", "follow"])
def test_a_full_disk_stops_no_button(mine: ReviewWidget, qtbot: QtBot, small_store: Path, act: str) -> None:
    with full_disk():
        paint(mine)
        getattr(mine.page.region, act)()
        shown = screen(mine)
        press(mine, qtbot, "K")
        assert "make room on the disk" in mine.page.message.text()
    assert read_verdicts(small_store) == []
    press(mine, qtbot, "K")
    regions = {region.number: decode(region.rle) for region in read_verdicts(small_store)[0].regions}
    for number in np.unique(shown[shown > 0]):
        np.testing.assert_array_equal(regions[int(number)], shown == number)


@pytest.mark.parametrize("way", ["reopened", "undone", "another session"])
def test_a_deleted_note_does_not_come_back(mine: ReviewWidget, qtbot: QtBot, small_store: Path, way: str) -> None:
    first, note = session_of(mine).specimen.image_id, mine.page.verdict.note
    note.setText("wrong species")
    press(mine, qtbot, "JH")
    note.setText("")
    press(mine, qtbot, "NJ" if way == "undone" else "N")
    if way == "undone":
        press(mine, qtbot, "Z", CTRL)
    elif way == "reopened":
        mine.workbench.open_store(small_store)
    else:
        session_of(mine).keep()
        again = ReviewSession(small_store, NAME)
        again.navigation.go_to(first)
        assert again.note == ""
        again.close()
    go_to(mine, first)
    assert note.text() == ""
