"""Dialog with all verdicts on a specimen: who, when, what."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from finercam_core.review import Verdict
from napari_finercam.session import captions
from napari_finercam.window.qt import plain_label

_COLUMNS = ("when", "who", "verdict", "regions", "comparison", "note")


class HistoryDialog(QDialog):
    """A line for each verdict, the latest first.

    Parameters
    ----------
    parent : QWidget
    image_id : str
    verdicts : sequence of Verdict
        In the order of their times.
    blind : bool
        Whether those of others are left out, because this reviewer has not judged the specimen.
    """

    def __init__(self, parent: QWidget, image_id: str, verdicts: Sequence[Verdict], *, blind: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"History of {image_id}")
        self.resize(860, 320)
        about = plain_label()
        about.setText(captions.history_state(len(verdicts), blind=blind))
        self.table = QTableWidget(len(verdicts), len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.setAccessibleName("verdicts on the specimen")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.setWordWrap(True)
        for row, verdict in enumerate(reversed(verdicts)):
            for column, text in enumerate(captions.history_line(verdict)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
                self.table.setItem(row, column, item)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (3, 4, 5):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (about, self.table, buttons):
            layout.addWidget(widget)
