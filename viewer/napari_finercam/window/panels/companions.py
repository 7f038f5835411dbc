"""Strip of specimens of the look-alike, below the picture."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from finercam_core.store import Store
from napari_finercam.session.companions import COUNT, Companion, Question, companions

HEIGHT = 128
_POLL = 30
NOTHING = "\u00a0"  # as high as a caption, so that the strip keeps its height


class BesidePanel(QWidget):
    """Up to four specimens of the look-alike; they are drawn in a thread, and the last question wins."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.RichText)
        self.pictures = [QLabel() for _ in range(COUNT)]
        self.captions = [QLabel() for _ in range(COUNT)]
        self.asked: Question | None = None
        self._named = ""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="finercam-beside")
        self._future: Future[list[Companion]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._poll)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for picture, caption in zip(self.pictures, self.captions, strict=True):
            picture.setFixedHeight(HEIGHT)
            for part in (picture, caption):
                part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(picture)
            column.addWidget(caption)
            row.addLayout(column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 2)
        layout.addWidget(self.heading)
        layout.addLayout(row)

    def ask(self, store: Store, question: Question | None, common: str = "") -> None:
        """Show specimens of a look-alike; the same question again costs nothing."""
        if question == self.asked:
            return
        if question is None or self.asked is None or question.reference != self.asked.reference:
            self._show([])  # those of another species must not stand below the new heading
        self.asked = question
        if self._future is not None:
            self._future.cancel()
        if question is None:
            self.heading.setText("There is no look-alike to show.")
            return
        named = f"<i>{question.reference}</i>{f' · {common}' if common else ''}"
        self._named = f"Compared with {named}"
        self.heading.setText(f"{self._named}: its specimens, and what tells them from <i>{question.target}</i>")
        self._future = self._pool.submit(companions, store, question)
        self._timer.start()

    def _poll(self) -> None:
        if self._future is None or not self._future.done():
            return
        self._timer.stop()
        if not self._future.cancelled():
            found = self._future.result()
            self._show(found)
            if not found:
                self.heading.setText(f"{self._named}: the store has no specimen of it with a photograph and a map.")

    def _show(self, found: list[Companion]) -> None:
        for i, (picture, caption) in enumerate(zip(self.pictures, self.captions, strict=True)):
            companion = found[i] if i < len(found) else None
            picture.setPixmap(QPixmap() if companion is None else _pixmap(companion.picture))
            caption.setText(NOTHING if companion is None else companion.image_id[-34:])
            caption.setToolTip("" if companion is None else f"{companion.image_id}: {companion.caption}")

    def close_threads(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _pixmap(pixels: npt.NDArray[np.uint8]) -> QPixmap:
    height, width = pixels.shape[:2]
    image = QImage(np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy()).scaledToHeight(HEIGHT, Qt.TransformationMode.SmoothTransformation)
