"""Panel of the verdict: the note, the three answers, back and next, and the progress."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_finercam.window.qt import Signal, plain_label

_BUTTONS = (
    ("accept", "Accept  K", 0, 0),
    ("reject", "Reject  J", 0, 1),
    ("unsure", "Unsure  U", 0, 2),
    ("back", "Back  H", 1, 0),
    ("next", "Next  N", 1, 1),
    ("undo", "Undo  Ctrl+Z", 1, 2),
)


class VerdictPanel(QWidget):
    """What the reviewer says; `command_given` names the command of a button.

    Attributes
    ----------
    image_id : str
        The specimen whose note is in the field.
    """

    command_given = Signal(str)
    note_written = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.image_id = ""
        self.note = QLineEdit()
        self.note.setPlaceholderText("note, kept with the verdict (Shift+N)")
        self.note.editingFinished.connect(self._on_note)
        self.others = plain_label()
        self.progress = QProgressBar()
        self.counts = plain_label()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        grid = QGridLayout()
        for command, text, row, column in _BUTTONS:
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setObjectName(command)
            button.clicked.connect(self._on_button)
            grid.addWidget(button, row, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.note)
        layout.addWidget(self.others)
        layout.addLayout(grid)
        layout.addWidget(self.progress)
        layout.addWidget(self.counts)

    def _on_button(self) -> None:
        self.command_given.emit(self.sender().objectName())

    def _on_note(self) -> None:
        self.note_written.emit(self.note.text())

    def show_note(self, image_id: str, note: str) -> None:
        """Put the note of a specimen into the field."""
        self.image_id = image_id
        self.note.setText(note)

    def show_progress(self, judged: int, specimens: int, text: str) -> None:
        """Show how much of the selection is judged."""
        self.progress.setMaximum(max(1, specimens))
        self.progress.setValue(judged)
        self.counts.setText(text)
