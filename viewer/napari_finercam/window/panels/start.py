"""The page before a store is open: what this is, who the reviewer is, and where to begin."""

from pathlib import Path

from qtpy.QtCore import QSettings
from qtpy.QtWidgets import QFormLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_finercam.window.controls import name_controls
from napari_finercam.window.qt import Signal, plain_label, rich_label

_TEXT = """<h3>What tells a species from its kin</h3>
<p>A store holds, for each specimen, where a classifier saw the evidence for its species and for its closest
relatives. Look at the difference, correct the region, and keep it as a trait mask.</p>
<p>This needs neither a classifier nor a graphics card.</p>"""
WARNING = "background: #6b4a00; color: white; padding: 4px; border-radius: 4px;"
GOOD = "background: #14532d; color: white; padding: 4px; border-radius: 4px;"
_KEY = "review/reviewer"


def remembered_reviewer() -> str:
    """The name that was last used, "" for none."""
    return str(QSettings("finercam", "finercam").value(_KEY, ""))


def remember_reviewer(name: str) -> None:
    """Remember a name for the next start."""
    QSettings("finercam", "finercam").setValue(_KEY, name)


class StartPage(QWidget):
    """Shown until a store is opened.

    Attributes
    ----------
    reviewer : QLineEdit
    shown : str
        Location of the store that is already in the viewer, "" for none.
    """

    store_wanted = Signal()
    sample_wanted = Signal()
    shown_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        text = rich_label()
        text.setText(_TEXT)
        self.reviewer = QLineEdit(remembered_reviewer())
        self.reviewer.setPlaceholderText("your name, as it will be kept in the verdicts")
        name_controls({self.reviewer: "reviewer"})
        form = QFormLayout()
        form.addRow("reviewer", self.reviewer)
        self.shown = ""
        self.shown_button = QPushButton()
        self.shown_button.hide()
        self.shown_button.clicked.connect(lambda: self.shown_wanted.emit(self.shown))
        self.open_button = QPushButton("Open store…")
        self.sample_button = QPushButton("Try it on rendered fish")
        self.open_button.clicked.connect(self.store_wanted)
        self.sample_button.clicked.connect(self.sample_wanted)
        self.problem = plain_label()
        self.problem.setStyleSheet(WARNING)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addLayout(form)
        for widget in (self.shown_button, self.open_button, self.sample_button, self.problem):
            layout.addWidget(widget)
        layout.addStretch()

    def offer(self, location: str, verb: str = "Review") -> None:
        """Offer to review a store that is already in the viewer, or was; "" for none."""
        self.shown = location
        name = Path(location).name
        text = f"Review {name}, which is open" if verb == "Review" else f"{verb} {name}"
        self.shown_button.setText(text if location else "")
        self.shown_button.setVisible(bool(location))
