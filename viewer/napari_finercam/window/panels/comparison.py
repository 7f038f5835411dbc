"""Panel of the comparison: γ, weighting, base method, and the species compared with."""

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider

from finercam_core.finer import GAMMA, WEIGHTINGS
from napari_finercam.session import words
from napari_finercam.session.comparison import why_fixed
from napari_finercam.session.methods import Method
from napari_finercam.window.qt import Signal

if TYPE_CHECKING:
    from napari_finercam.session.review import ReviewSession

_NAME = Qt.ItemDataRole.UserRole
STEP = 0.1


class ComparisonPanel(QWidget):
    """What the map is made of. Changes go to the session at once, and `changed` says so."""

    changed = Signal()
    method_chosen = Signal(str)
    reference_looked_at = Signal()
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self._filling = False
        self._listed: list[tuple[str, str, bool]] = []
        self._gamma_before = GAMMA
        self.gamma = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.gamma.setRange(0.0, 2.0)
        self.gamma.setDecimals(2)
        self.gamma.setToolTip("0 shows the species alone; larger values take away what the look-alikes share")
        self.weighting = QComboBox()
        self.weighting.setToolTip("mean: the paper's; softmax: likelier look-alikes weigh more; released: its code's")
        self.method = QComboBox()
        self.difference = QCheckBox("both sides: orange, more here; blue, more in the look-alike")
        self.references = QListWidget()
        self.references.setMinimumHeight(84)
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self._lay_out()
        self.gamma.valueChanged.connect(self._on_gamma)
        self.weighting.currentTextChanged.connect(self._on_weighting)
        self.weighting.activated.connect(self.done)
        self.method.activated.connect(self._on_method)
        self.difference.toggled.connect(self._on_difference)
        self.references.itemChanged.connect(self._on_references)
        self.references.currentRowChanged.connect(self._on_row)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("γ", self.gamma)
        form.addRow("weighting", self.weighting)
        form.addRow("method", self.method)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.reason)
        layout.addWidget(self.difference)
        layout.addWidget(QLabel("Compared with"))
        layout.addWidget(self.references, stretch=1)
        # The keys stay with the picture whatever is clicked here.
        for part in (self.difference, self.references):
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def open(self, session: "ReviewSession", methods: list[Method]) -> None:
        """Take up a session; `methods` are the stores beside this one that show the same specimens."""
        self.session, self._listed = None, []
        self.gamma.setValue(session.gamma)
        self.difference.setChecked(session.settings.signed)
        self.method.clear()
        for method in methods:
            self.method.addItem(method.label, method.location)
        self.method.setCurrentIndex(next((i for i, m in enumerate(methods) if m.current), 0))
        self.method.setEnabled(len(methods) > 1)
        fixed = session.fixed_gamma
        self.gamma.setEnabled(fixed is None)
        self.weighting.clear()
        self.weighting.addItems([weighting for weighting in WEIGHTINGS if fixed is None or weighting != "released"])
        self.weighting.setCurrentText(session.settings.weighting)
        self.reason.setText("" if fixed is None else why_fixed(session.store.provenance["method"], fixed))
        self.reason.setVisible(fixed is not None)
        self.session = session

    def show_specimen(self) -> None:
        """List the references of the specimen that is on."""
        if self.session is None:
            return
        view, common = self.session.view, self.session.common
        parts = () if view.record is None else zip(view.record.classes, view.record.tiers, view.used, strict=True)
        listed = list(parts)[1:]
        if listed == self._listed:
            return
        self._filling, self._listed = True, listed
        row = max(0, self.references.currentRow())
        self.references.clear()
        for name, tier, used in listed:
            item = QListWidgetItem(words.reference_line(name, tier, common.get(name, "")))
            item.setData(_NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
            self.references.addItem(item)
        self.references.setCurrentRow(min(row, self.references.count() - 1))
        self._filling = False

    def looked_at(self) -> str:
        """The reference whose specimens are shown beside: the one picked in the list, "" if there is none."""
        item = self.references.currentItem()
        return "" if item is None else str(item.data(_NAME))

    def _on_method(self, _index: int) -> None:
        self.method_chosen.emit(self.method.currentData())
        self.done.emit()

    def _on_row(self, _row: int) -> None:
        if not self._filling:
            self.reference_looked_at.emit()

    def _on_gamma(self, value: float) -> None:
        if self.session is not None:
            self.session.gamma = float(value)
            self.changed.emit()

    def _on_weighting(self, name: str) -> None:
        if self.session is not None:
            self.session.settings.weighting = next(weighting for weighting in WEIGHTINGS if weighting == name)
            self.session.map_changed()
            self.changed.emit()

    def _on_difference(self, signed: bool) -> None:
        if self.session is not None:
            self.session.settings.signed = signed
            self.changed.emit()

    def _on_references(self, _item: QListWidgetItem) -> None:
        if self.session is None or self._filling:
            return
        items = [self.references.item(i) for i in range(self.references.count())]
        chosen = [str(item.data(_NAME)) for item in items if item.checkState() == Qt.CheckState.Checked]
        self._listed = []  # what stands there is no longer what was listed
        self.session.use(chosen)
        self.changed.emit()

    def toggle_gamma(self) -> None:
        """Switch between the base method (γ = 0) and the γ of before."""
        if self.gamma.value():
            self._gamma_before = self.gamma.value()
            self.gamma.setValue(0.0)
        else:
            self.gamma.setValue(self._gamma_before)

    def next_reference(self) -> None:
        """Compare with one reference after the other, then with all again."""
        if self.session is None or self.session.view.record is None or not self.references.count():
            return
        names = self.session.view.record.classes[1:]
        used = [i for i, chosen in enumerate(self.session.view.used[1:]) if chosen]
        following = used[0] + 1 if len(used) == 1 else 0
        alone = following < len(names)
        self.session.use([names[following]] if alone else list(names))
        self.show_specimen()
        self.references.setCurrentRow(following if alone else 0)
        self.changed.emit()
