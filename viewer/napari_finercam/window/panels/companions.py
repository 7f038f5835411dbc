"""Strip of specimens of the look-alike, below the picture."""

from concurrent.futures import Future, ThreadPoolExecutor
from html import escape

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QImage, QPixmap, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from finercam_core.store import Store
from napari_finercam.session.pictures.companions import COUNT, Companion, CompanionQuery, companions
from napari_finercam.window.controls import scrolled
from napari_finercam.window.qt import plain_tip, stop_timer

HEIGHT = 128  # pixels
_POLL = 30  # milliseconds
_NO_CAPTION = "\u00a0"  # as high as a caption, so that the strip keeps its height
_MARGIN, _SIDE = 4, 6  # pixels


class CompanionsPanel(QWidget):
    """Up to four specimens of the look-alike, drawn in a thread; only the last query is shown.

    Attributes
    ----------
    query : CompanionQuery or None
        What is shown or being drawn; set it to None to have the same query drawn again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.RichText)
        self.pictures = [QLabel() for _ in range(COUNT)]
        self.captions = [QLabel() for _ in range(COUNT)]
        self.query: CompanionQuery | None = None
        self._compared_with = ""
        self._headings: tuple[str, ...] = ("",)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="finercam-companions")
        self._future: Future[list[Companion]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._poll)
        self._lay_out()

    def _lay_out(self) -> None:
        strip = QWidget()
        row = QHBoxLayout(strip)
        row.setContentsMargins(0, 0, 0, 0)
        for picture, caption in zip(self.pictures, self.captions, strict=True):
            picture.setFixedHeight(HEIGHT)
            caption.setTextFormat(Qt.TextFormat.PlainText)
            for label in (picture, caption):
                label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(picture)
            column.addWidget(caption)
            row.addLayout(column)
            caption.setMinimumWidth(1)  # longer ones are cut, and whole in the tool tip
        self.heading.setMinimumWidth(1)
        # A narrow window scrolls along the strip.
        area = scrolled(strip)
        area.setMinimumWidth(HEIGHT)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedHeight(strip.sizeHint().height() + area.horizontalScrollBar().sizeHint().height() + _MARGIN)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_SIDE, 2, _SIDE, 2)
        layout.addWidget(self.heading)
        layout.addWidget(area)

    def show_query(self, store: Store | None, query: CompanionQuery | None, common_name: str = "") -> None:
        """Show specimens of a look-alike, None for none; the same query again costs nothing."""
        if query == self.query:
            return
        if query is None or self.query is None or query.reference != self.query.reference:
            self._show([])  # those of another species must not stand below the new heading
        self.query = query
        if self._future is not None:
            self._future.cancel()
        if query is None or store is None:
            self._head("There is no look-alike to show.")
            return
        name, difference = f"<i>{escape(query.reference)}</i>", f"what tells it from <i>{escape(query.target)}</i>"
        self._compared_with = f"Compared with {name}{f' · {escape(common_name)}' if common_name else ''}"
        genus, _, epithet = query.reference.partition(" ")
        short = f"<i>{escape(f'{genus[:1]}. {epithet}' if epithet else genus)}</i>"
        self._head(f"{self._compared_with}: {difference}", f"{name}: {difference}", self._compared_with, name, short)
        self._future = self._pool.submit(companions, store, query)
        self._timer.start()

    def _head(self, *headings: str) -> None:
        """Show the longest of these headings, which come first, that the strip has room for."""
        self._headings = headings
        self.heading.setToolTip(headings[0])
        self._fit_heading()

    def _fit_heading(self) -> None:
        room = self.width() - 2 * _SIDE
        for text in self._headings:
            self.heading.setText(text)
            if self.heading.sizeHint().width() <= room:
                return

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the heading again."""
        super().resizeEvent(event)
        self._fit_heading()

    def _poll(self) -> None:
        if self._future is None or not self._future.done():
            return
        self._timer.stop()
        if not self._future.cancelled():
            specimens = self._future.result()
            self._show(specimens)
            if not specimens:
                nothing = "the store has no specimen with a photograph and a map"
                self._head(f"{self._compared_with}: {nothing}.", f"{nothing.capitalize()}.", "No specimen")

    def _show(self, specimens: list[Companion]) -> None:
        for i, (picture, caption) in enumerate(zip(self.pictures, self.captions, strict=True)):
            companion = specimens[i] if i < len(specimens) else None
            picture.setPixmap(QPixmap() if companion is None else _pixmap(companion.picture))
            width, middle = picture.pixmap().width(), Qt.TextElideMode.ElideMiddle
            shown = "" if companion is None else caption.fontMetrics().elidedText(companion.image_id, middle, width)
            caption.setText(shown or _NO_CAPTION)
            caption.setToolTip("" if companion is None else plain_tip(f"{companion.image_id}: {companion.caption}"))

    def close_threads(self) -> None:
        """End the thread; another query begins a new one."""
        stop_timer(self._timer)
        self._future = None
        pool, self._pool = self._pool, ThreadPoolExecutor(1, thread_name_prefix="finercam-companions")
        pool.shutdown(wait=True, cancel_futures=True)


def _pixmap(pixels: npt.NDArray[np.uint8]) -> QPixmap:
    height, width = pixels.shape[:2]
    image = QImage(np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy()).scaledToHeight(HEIGHT, Qt.TransformationMode.SmoothTransformation)
