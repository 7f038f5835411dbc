"""Panel of the queue: which specimens, in which order, and how far reviewers agree on them."""

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
)

from finercam_core.review.lab.assignment import unknown_in_words
from napari_finercam.session import captions
from napari_finercam.session.queue import ALL, FILTERS, ORDERS, Selection
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.qt import SessionPanel, Signal, plain_label

ANY_TRAIT = "any"


class QueuePanel(SessionPanel):
    """Which specimens are gone through. `selected` is emitted after the session took another selection."""

    selected = Signal()
    refresh_wanted = Signal()
    images_wanted = Signal()
    figures_wanted = Signal()
    export_wanted = Signal()
    store_wanted = Signal()
    close_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self.taxon = QComboBox()
        self.taxon.setEditable(True)
        self.taxon.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.only, self.trait, self.order = QComboBox(), QComboBox(), QComboBox()
        self.only.addItems(FILTERS)
        self.order.addItems(ORDERS)
        self.text = QLineEdit()
        self.text.setPlaceholderText("part of an id, a name, a common name")
        self.reading, self.agreement = plain_label(), plain_label()
        self.boxes = (self.only, self.trait, self.order, self.taxon)
        self._lay_out()
        for box in self.boxes:
            box.activated.connect(self._on_box)
        self.text.returnPressed.connect(self.apply)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("taxon", self.taxon)
        form.addRow("only", self.only)
        form.addRow("trait", self.trait)
        form.addRow("text", self.text)
        form.addRow("order", self.order)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.reading)
        layout.addWidget(QLabel("<b>Agreement with other reviewers</b>"))
        layout.addWidget(self.agreement)
        layout.addStretch()
        layout.addLayout(self._buttons())

    def _buttons(self) -> QGridLayout:
        buttons = (
            ("Refresh", "Read what others and a running flow have written since", self.refresh_wanted),
            ("Export…", "Write the accepted regions for other programs (Shift+X)", self.export_wanted),
            ("Figures…", "Read a table of an evaluation, to order by its figures", self.figures_wanted),
            ("Images…", "Say where the photographs are, if they have moved", self.images_wanted),
            ("Open…", "Review another store", self.store_wanted),
            ("Close", "End the review of this store; everything is kept", self.close_wanted),
        )
        grid = QGridLayout()
        for i, (text, tip, signal) in enumerate(buttons):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(signal)
            grid.addWidget(button, i // 3, i % 3)
        return grid

    def open(self, session: ReviewSession) -> None:
        """Show a session."""
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
        self.show_selection()
        self.show_state()

    def show_orders(self) -> None:
        """List the orders, among them those of figures that were read."""
        if self.session is not None:
            self.order.clear()
            self.order.addItems([*ORDERS, *self.session.queue.figures])

    def selection(self) -> Selection:
        """What the panel asks for; a taxon that is not in the list means all."""
        index = self.taxon.findText(self.taxon.currentText())
        taxon = "" if index < 0 else str(self.taxon.itemData(index))
        return Selection(
            taxon, self.only.currentText(), str(self.trait.currentData()), self.text.text(), self.order.currentText()
        )

    def _on_box(self, _index: int) -> None:
        self.apply()

    def apply(self) -> None:
        """Let the session go through what the panel asks for."""
        if self.session is None:
            return
        with self.errors_told():
            if self.session.navigation.select(self.selection()):
                self.selected.emit()
            else:
                self.show_selection()
                self.message.emit("No specimen fits; the queue stays as it was.")
                self.done.emit()

    def show_selection(self) -> None:
        """Show the selection that the session goes through."""
        if self.session is None:
            return
        selection = self.session.queue.selection
        if self.taxon.currentData() != selection.taxon or self.taxon.currentText() != self.taxon.itemText(
            self.taxon.currentIndex()
        ):
            self.taxon.setCurrentIndex(max(0, self.taxon.findData(selection.taxon)))
            self.taxon.setEditText(self.taxon.itemText(self.taxon.currentIndex()))
        self.only.setCurrentText(selection.only)
        self.trait.setCurrentIndex(max(0, self.trait.findData(selection.trait)))
        self.order.setCurrentText(selection.order)
        if self.text.text() != selection.text:
            self.text.setText(selection.text)

    def show_state(self) -> None:
        """Show how many scores were read, what is missing, and the first unreadable line of a log."""
        if self.session is None:
            return
        queue, scores = self.session.queue, self.session.navigation.scores
        sentences = []
        if queue.scored < 1:
            sentences.append(f"Reading scores: {queue.scored:.0%}; filters and orders use those read so far.")
        if scores is not None and scores.missing:
            sentences.append(captions.missing_species(len(scores.missing)))
        if queue.pending:
            sentences.append(captions.pending_specimens(queue.pending))
        sentences += self.session.verdicts.problems[:1]
        sentences += [unknown_in_words(self.session.verdicts.assignment, self.session.reviewer)]
        self.reading.setText(" ".join(filter(None, sentences)))
        self.reading.setVisible(any(sentences))

    def show_agreement(self) -> None:
        """Show how far this reviewer agrees with each other one."""
        if self.session is not None:
            pairs = self.session.verdicts.agreement()
            lines = [captions.agreement_line(pair, self.session.reviewer) for pair in pairs]
            nobody = "Nobody else has judged the same specimens yet."
            decides = "You decide disagreements, so none is yours. That of the reviewers: finercam info --reviews."
            self.agreement.setText("\n".join(lines) or (decides if self.session.verdicts.adjudicates else nobody))
