"""Dialog that finds a specimen by part of its id or name."""

from collections.abc import Callable, Sequence

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_finercam.window.controls import name_controls

_ID = Qt.ItemDataRole.UserRole


class SpecimenPicker(QDialog):
    """A field and a list of what fits it; Enter takes the chosen one, the first as long as no other is.

    Parameters
    ----------
    parent : QWidget
    title : str
    find : function of a text
        Returns (image_id, line to show) of what fits, closest first.
    """

    def __init__(self, parent: QWidget, title: str, find: Callable[[str], Sequence[tuple[str, str]]]) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._find = find
        self.field, self.list, self.none = QLineEdit(), QListWidget(), QLabel("No specimen has this in its id or name.")
        self.field.setPlaceholderText("an id, or part of an id, a name, a common name")
        self.list.setMinimumSize(560, 240)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        name_controls({self.field: "part of an id or a name", self.list: "specimens that fit"})
        layout = QVBoxLayout(self)
        for widget in (self.field, self.list, self.none, QLabel("↑ ↓ choose, Enter goes there, Esc leaves.")):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._take)
        self.list.itemClicked.connect(self._take)
        self.field.installEventFilter(self)
        self._fill("")

    def _fill(self, text: str) -> None:
        self.list.clear()
        for image_id, line in self._find(text):
            item = QListWidgetItem(line)
            item.setData(_ID, image_id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.none.setVisible(not self.list.count())

    def _take(self) -> None:
        if self.image_id:
            self.accept()

    @property
    def image_id(self) -> str:
        """The chosen specimen, "" for none."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(_ID))

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Let the arrows choose in the list while the field has the keys."""
        if event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(event.key(), 0)  # type: ignore[attr-defined]
            if step and self.list.count():
                self.list.setCurrentRow(min(max(0, self.list.currentRow() + step), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)
