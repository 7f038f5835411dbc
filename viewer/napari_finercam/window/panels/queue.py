"""Panel of the queue: which specimens, in which order, and how far two reviewers agree on them."""

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_finercam.session import words
from napari_finercam.session.queue import ALL, FILTERS, ORDERS, Selection
from napari_finercam.window.qt import Signal

if TYPE_CHECKING:
    from napari_finercam.session.review import ReviewSession

ANY_TRAIT = "any"


class QueuePanel(QWidget):
    """What is gone through. `selected` is emitted after the session took up another selection."""

    selected = Signal()
    message = Signal(str)
    refresh_wanted = Signal()
    images_wanted = Signal()
    figures_wanted = Signal()
    export_wanted = Signal()
    store_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self.taxon = QComboBox()
        self.taxon.setEditable(True)
        self.taxon.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.taxon.setMinimumContentsLength(20)
        self.only, self.trait, self.order = QComboBox(), QComboBox(), QComboBox()
        self.only.addItems(FILTERS)
        self.order.addItems(ORDERS)
        self.text = QLineEdit()
        self.text.setPlaceholderText("part of an id, a name, a common name")
        self.reading, self.agreement = QLabel(), QLabel()
        for label in (self.reading, self.agreement):
            label.setWordWrap(True)
        self._lay_out()
        for box in (self.only, self.trait, self.order, self.taxon):
            box.activated.connect(self._on_box)
        self.text.returnPressed.connect(self.apply)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, part in (
            ("taxon", self.taxon), ("only", self.only), ("trait", self.trait), ("text", self.text),
            ("order", self.order),
        ):  # fmt: skip
            form.addRow(label, part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.reading)
        layout.addWidget(QLabel("<b>Agreement with other reviewers</b>"))
        layout.addWidget(self.agreement)
        layout.addStretch()
        buttons = QGridLayout()
        for i, (text, tip, signal) in enumerate((
            ("Refresh", "Take in what others and a running flow have written since", self.refresh_wanted),
            ("Export…", "Write the accepted regions for other programs (Shift+X)", self.export_wanted),
            ("Figures…", "Take in a table of an evaluation, to order by its figures", self.figures_wanted),
            ("Images…", "Say where the photographs are, if they have moved", self.images_wanted),
            ("Open…", "Review another store", self.store_wanted),
        )):  # fmt: skip
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(signal)
            buttons.addWidget(button, i // 3, i % 3)
        layout.addLayout(buttons)

    def open(self, session: "ReviewSession") -> None:
        """Take up a session."""
        self.session = session
        self.taxon.clear()
        self.taxon.addItem(ALL, "")
        for name, rank, count in session.queue.taxa():
            kind = "" if rank == "scientificName" else f"{rank} "
            self.taxon.addItem(f"{kind}{name} ({count:,})", name)
        completer = QCompleter(self.taxon.model(), self.taxon)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.taxon.setCompleter(completer)
        self.trait.clear()
        self.trait.addItem(ANY_TRAIT, "")
        for trait in session.traits:
            self.trait.addItem(trait.name, trait.name)
        self.only.setCurrentIndex(0)
        self.show_orders()
        self.text.clear()
        self.show_state()

    def show_orders(self) -> None:
        """List the orders that there are, and choose the last one if it is new."""
        if self.session is not None:
            orders = [*ORDERS, *self.session.queue.figures]
            self.order.clear()
            self.order.addItems(orders)

    def selection(self) -> Selection:
        """What the panel asks for; a taxon that is not in the list means all."""
        at = self.taxon.findText(self.taxon.currentText())
        taxon = "" if at < 0 else str(self.taxon.itemData(at))
        return Selection(
            taxon, self.only.currentText(), str(self.trait.currentData()), self.text.text(), self.order.currentText()
        )

    def _on_box(self, _index: int) -> None:
        self.apply()

    def apply(self) -> None:
        """Let the session go through what the panel asks for."""
        if self.session is None:
            return
        if self.session.select(self.selection()):
            self.selected.emit()
        else:
            self.message.emit("No specimen fits; the queue stays as it was.")

    def show_state(self) -> None:
        """Say how far the scores were read, and how far reviewers agree."""
        if self.session is None:
            return
        queue, scores = self.session.queue, self.session.scores
        parts = []
        if queue.scored < 1:
            parts.append(f"Reading scores: {queue.scored:.0%}; filters and orders use those that are there.")
        if scores is not None and scores.missing:
            parts.append(words.missing(len(scores.missing)))
        if queue.pending:
            parts.append(f"{queue.pending:,} specimens have no map so far.")
        parts += self.session.verdicts.problems[:1]
        self.reading.setText(" ".join(parts))
        self.reading.setVisible(bool(parts))

    def show_agreement(self) -> None:
        """Say how far this reviewer agrees with each other one."""
        if self.session is not None:
            found = self.session.verdicts.agreement()
            lines = [words.agreement_line(pair, self.session.reviewer) for pair in found]
            self.agreement.setText("<br>".join(lines) or "Nobody else has judged the same specimens yet.")
