"""Grid of many specimens of a species against its look-alikes, to judge those that are chosen at once."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QItemSelectionModel, QSize, Qt, QTimer
from qtpy.QtGui import QColor, QIcon, QImage, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from finercam_core.store import Store
from napari_finercam.session.pictures.thumbnails import SIDE, ThumbnailQuery, thumbnail
from napari_finercam.window.controls import name_controls, shrinkable
from napari_finercam.window.keyboards import latin_key
from napari_finercam.window.qt import Signal, plain_label, rich_label, stop_timer

PAGE = 60
"""Specimens on a page: what is chosen on it is judged at once, and can be looked over."""
_KEYS = {ord("K"): "accept", ord("J"): "reject", ord("U"): "unsure"}
_HELP = (
    "Arrows go, <b>Space</b> chooses, <b>Ctrl+A</b> all of the page, <b>Ctrl+D</b> none; <b>K</b> accepts, <b>J</b> "
    "rejects, <b>U</b> is unsure of those that are chosen; <b>Ctrl+Z</b> takes it back; <b>Enter</b> opens one; "
    "<b>Page ↑ ↓</b> turn the page; <b>Esc</b> leaves."
)
_ID = Qt.ItemDataRole.UserRole
_POLL = 40  # milliseconds


class GridDialog(QDialog):
    """Pictures with the outline that would be kept; several are chosen by keys or by mouse.

    `judged` has a decision, for those that are `chosen`; `undone`, `pair_chosen` (a reference, "" for all) and `opened`
    (an image_id) ask for what their names say.

    Parameters
    ----------
    parent : QWidget
    store : Store

    Attributes
    ----------
    list : QListWidget
    pair : QComboBox
    page : int
        From 0.
    """

    judged, undone = Signal(str), Signal()
    pair_chosen, opened, page_turned = Signal(str), Signal(str), Signal()

    def __init__(self, parent: QWidget, store: Store) -> None:
        super().__init__(parent)
        self._store = store
        self.page = self._pages = 0
        self.list, self.pair = QListWidget(), QComboBox()
        self.heading, self.message, self.turned = rich_label(), plain_label(), QLabel()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="finercam-grid")
        self._drawn: dict[str, tuple[ThumbnailQuery, QIcon]] = {}
        self._futures: dict[str, tuple[ThumbnailQuery, Future[npt.NDArray[np.uint8] | None]]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._poll)
        self._lay_out()
        self.pair.activated.connect(lambda _index: self.pair_chosen.emit(str(self.pair.currentData())))
        self.list.itemActivated.connect(lambda item: self.opened.emit(str(item.data(_ID))))
        self.list.itemSelectionChanged.connect(self._count)
        self.list.installEventFilter(self)

    def _lay_out(self) -> None:
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setIconSize(QSize(SIDE * 3 // 4, SIDE * 9 // 16))
        self.list.setGridSize(QSize(SIDE * 3 // 4 + 18, SIDE * 9 // 16 + 46))
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        shrinkable(self.pair)
        keys = rich_label()
        keys.setText(_HELP)
        name_controls({self.list: "specimens", self.pair: "look-alike that they are compared with"})
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.heading, stretch=1)
        top.addWidget(QLabel("against"))
        top.addWidget(self.pair)
        for text, decision in (("Accept  K", "accept"), ("Reject  J", "reject"), ("Unsure  U", "unsure")):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked, name=decision: self.judged.emit(name))
            below.addWidget(button)
        below.addWidget(self.message, stretch=1)
        below.addWidget(self.turned)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.list, stretch=1)
        layout.addLayout(below)
        layout.addWidget(keys)

    def show_pair(self, species: str, references: Sequence[str], used: Sequence[str]) -> None:
        """Show which species is compared with which."""
        self.setWindowTitle(f"Grid of {species}")
        self.pair.clear()
        self.pair.addItem("all look-alikes", "")
        for name in references:
            self.pair.addItem(name, name)
        alone = len(used) == 1
        self.pair.setCurrentIndex(max(0, self.pair.findData(used[0])) if alone else 0)

    def show_specimens(self, heading: str, queries: Sequence[tuple[ThumbnailQuery, str, str]], pages: int) -> None:
        """Show a page of specimens; what was chosen stays so where it is on it.

        Parameters
        ----------
        heading : str
            Rich text.
        queries : sequence of (ThumbnailQuery, str, str)
            With the specimen's decision, and its line.
        pages : int
        """
        self.heading.setText(heading)
        self._pages = pages
        self.turned.setText(f"page {self.page + 1} of {pages}" if pages > 1 else "")
        kept, row = set(self.chosen), self.list.currentRow()
        self.list.clear()
        for query, decision, line in queries:
            item = QListWidgetItem(self._icon(query), f"{line}\n{decision}")
            item.setData(_ID, query.image_id)
            item.setToolTip(query.image_id)
            if decision != "not reviewed":
                font = item.font()
                font.setBold(True)  # no colour is readable in the light theme and in the dark one
                item.setFont(font)
            self.list.addItem(item)
            item.setSelected(query.image_id in kept)
        self.go_to(max(0, min(row, self.list.count() - 1)))
        self._count()
        self._timer.start()

    def go_to(self, row: int) -> None:
        """Let the arrows go on from a specimen, which is not chosen by that."""
        index = self.list.model().index(row, 0)
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _icon(self, query: ThumbnailQuery) -> QIcon:
        known = self._drawn.get(query.image_id)
        if known is not None and known[0] == query:
            return known[1]
        asked = self._futures.get(query.image_id)
        if asked is None or asked[0] != query:
            if asked is not None:
                asked[1].cancel()
            frozen = query.frozen()
            self._futures[query.image_id] = frozen, self._pool.submit(thumbnail, self._store, frozen)
        blank = QPixmap(self.list.iconSize())
        blank.fill(QColor(128, 128, 128, 60))
        return QIcon(blank) if known is None else known[1]

    def _poll(self) -> None:
        for image_id in [name for name, (_, future) in self._futures.items() if future.done()]:
            query, future = self._futures.pop(image_id)
            pixels = None if future.cancelled() else future.result()
            if pixels is None:
                continue
            self._drawn[image_id] = query, _icon_of(pixels, self.list.iconSize())
            for item in (self.list.item(row) for row in range(self.list.count())):
                if item.data(_ID) == image_id:
                    item.setIcon(self._drawn[image_id][1])
        if not self._futures:
            self._timer.stop()

    @property
    def chosen(self) -> list[str]:
        """Ids of the specimens that are chosen, in the order of the grid."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [str(item.data(_ID)) for item in items if item.isSelected()]

    def _count(self) -> None:
        self.message.setText(f"{len(self.chosen)} of {self.list.count()} chosen")

    def say(self, sentence: str) -> None:
        """Show what became of the verdicts."""
        self.message.setText(sentence)

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Answer to the keys of the grid, before the list searches for a name that begins with the letter."""
        if event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        key, held = latin_key(event), event.modifiers() & Qt.KeyboardModifier.ControlModifier  # type: ignore[attr-defined]
        if key in _KEYS and not held:
            self.judged.emit(_KEYS[key])
        elif key == Qt.Key.Key_Z and held:
            self.undone.emit()
        elif key == Qt.Key.Key_D and held:
            self.list.clearSelection()
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.turn(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            return super().eventFilter(watched, event)
        return True

    def turn(self, step: int) -> None:
        """Go to another page; what was chosen on this one is chosen no longer."""
        page = min(max(0, self.page + step), max(0, self._pages - 1))
        if page != self.page:
            self.page = page
            self.list.clearSelection()
            self.page_turned.emit()

    def done(self, result: int) -> None:
        """End the thread with the dialog."""
        stop_timer(self._timer)
        self._pool.shutdown(wait=True, cancel_futures=True)
        super().done(result)


def _icon_of(pixels: npt.NDArray[np.uint8], size: QSize) -> QIcon:
    height, width = pixels.shape[:2]
    image = QImage(np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image.copy())
    fitted = pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    icon = QIcon(fitted)
    icon.addPixmap(fitted, QIcon.Mode.Selected)  # napari's theme would tint what is chosen
    return icon
