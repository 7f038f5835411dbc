"""Panel of the comparison: γ, weighting, baseline, base method, and the species compared with."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout
from superqt import QLabeledDoubleSlider

from finercam_core.baselines import BASELINES, IN_WORDS, LOOKED_THROUGH
from finercam_core.strengths import GAMMA, WEIGHTINGS
from napari_finercam.session import captions
from napari_finercam.session.comparison import why_fixed
from napari_finercam.session.review import ReviewSession
from napari_finercam.session.sibling_stores import SiblingStore
from napari_finercam.window.panels.legend import HeatLegend
from napari_finercam.window.qt import SessionPanel, Signal, plain_label

_NAME = Qt.ItemDataRole.UserRole
STEP = 0.1


class ComparisonPanel(SessionPanel):
    """How the map is made. Changes go to the session at once; `changed` is emitted after them."""

    store_chosen = Signal(str)
    reference_picked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self._filling = False
        self._listed: list[tuple[str, str, bool]] = []
        self._previous_gamma = GAMMA
        self.gamma = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.gamma.setRange(0.0, 2.0)
        self.gamma.setDecimals(2)
        self.gamma.setToolTip("0 shows the species alone; larger values remove what the look-alikes share")
        self.weighting = QComboBox()
        self.weighting.setToolTip(
            "mean: as in the paper; softmax: likelier look-alikes weigh more; released: as in the paper's code"
        )
        self.above = QComboBox()
        self.above.setToolTip("\n".join(f"{name}: the map {IN_WORDS[name]}" for name in BASELINES))
        self.method = QComboBox()
        self.difference = QCheckBox("both sides of the difference")
        self.references = QListWidget()
        self.references.setMinimumHeight(84)
        self.references.setSizeAdjustPolicy(QListWidget.SizeAdjustPolicy.AdjustToContents)
        self.reason, self.state, self.baseline = plain_label(), plain_label(), plain_label()
        self.legend = HeatLegend()
        self._lay_out()
        self.gamma.valueChanged.connect(self._on_gamma)
        self.weighting.currentTextChanged.connect(self._on_weighting)
        self.weighting.activated.connect(self.done)
        self.above.currentTextChanged.connect(self._on_above)
        self.above.activated.connect(self.done)
        self.method.activated.connect(self._on_method)
        self.difference.toggled.connect(self._on_difference)
        self.references.itemChanged.connect(self._on_references)
        self.references.currentRowChanged.connect(self._on_row)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("γ", self.gamma)
        form.addRow("weighting", self.weighting)
        form.addRow("above", self.above)
        form.addRow("method", self.method)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.reason)
        layout.addWidget(self.difference)
        layout.addWidget(QLabel("Compared with"))
        layout.addWidget(self.references, stretch=1)
        layout.addWidget(self.state)
        layout.addWidget(self.baseline)
        layout.addWidget(self.legend)
        # The keys stay with the picture whatever is clicked here.
        for widget in (self.difference, self.references):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def open(self, session: ReviewSession, stores: list[SiblingStore]) -> None:
        """Show a session; `stores` are those of the same specimens, its own among them."""
        settings, fixed = session.comparison.settings, session.comparison.fixed_gamma
        self.session, self._listed = None, []
        self.gamma.setValue(session.gamma)
        self.difference.setChecked(settings.signed)
        self.method.clear()
        for store in stores:
            self.method.addItem(store.label, store.location)
        self.method.setCurrentIndex(next((i for i, store in enumerate(stores) if store.current), 0))
        self.method.setEnabled(len(stores) > 1)
        self.gamma.setEnabled(fixed is None)
        self.weighting.clear()
        self.weighting.addItems([weighting for weighting in WEIGHTINGS if fixed is None or weighting != "released"])
        self.weighting.setCurrentText(settings.weighting)
        self.above.clear()
        self.above.addItems([name for name in BASELINES if fixed is None or name not in LOOKED_THROUGH])
        self.above.setCurrentText(settings.above)
        self.reason.setText("" if fixed is None else why_fixed(session.store.provenance.method, fixed))
        self.reason.setVisible(fixed is not None)
        self.session = session

    def show_specimen(self) -> None:
        """List the references of the current specimen."""
        if self.session is None:
            return
        self.show_state()
        specimen, common_names = self.session.specimen, self.session.common_names
        classes = (
            ()
            if specimen.record is None
            else zip(specimen.record.classes, specimen.record.tiers, specimen.used, strict=True)
        )
        listed = list(classes)[1:]
        if listed == self._listed:
            return
        self._filling, self._listed = True, listed
        row = max(0, self.references.currentRow())
        self.references.clear()
        for name, tier, used in listed:
            item = QListWidgetItem(captions.reference_line(name, tier, common_names.get(name, "")))
            item.setData(_NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
            self.references.addItem(item)
        self.references.setCurrentRow(min(row, self.references.count() - 1))
        self._filling = False

    def picked_reference(self) -> str:
        """The reference picked in the list, whose specimens are shown; "" if there is none."""
        item = self.references.currentItem()
        return "" if item is None else str(item.data(_NAME))

    def _on_method(self, _index: int) -> None:
        self.store_chosen.emit(self.method.currentData())
        self.done.emit()

    def _on_row(self, _row: int) -> None:
        if not self._filling:
            self.reference_picked.emit()

    def _on_gamma(self, value: float) -> None:
        if self.session is not None:
            with self.errors_told():
                self.session.gamma = float(value)
            self._changed()

    def _on_weighting(self, name: str) -> None:
        if self.session is not None:
            with self.errors_told():
                self.session.set_weighting(next(weighting for weighting in WEIGHTINGS if weighting == name))
            self._changed()

    def _on_above(self, name: str) -> None:
        if self.session is not None:
            with self.errors_told():
                self.session.set_above(next(baseline for baseline in BASELINES if baseline == name))
            self._changed()

    def _on_difference(self, signed: bool) -> None:
        if self.session is not None:
            self.session.comparison.settings.signed = signed
            self._changed()

    def _on_references(self, _item: QListWidgetItem) -> None:
        if self.session is None or self._filling:
            return
        items = [self.references.item(i) for i in range(self.references.count())]
        chosen = [str(item.data(_NAME)) for item in items if item.checkState() == Qt.CheckState.Checked]
        self._listed = []  # the check marks differ from it now
        with self.errors_told():
            self.session.use(chosen)
        self._changed()

    def _changed(self) -> None:
        self.show_state()
        self.changed.emit()

    def show_state(self) -> None:
        """Say what the map is where it is not a plain comparison: at γ = 0, with no look-alike, above a baseline."""
        if self.session is not None:
            self.state.setText(captions.map_state(self.session.comparison_made(), self.session.specimen.done))
            self.state.setVisible(bool(self.state.text()))
            self.baseline.setText(captions.baseline_state(self.session.comparison.shown(self.session.specimen)))
            self.baseline.setVisible(bool(self.baseline.text()))
            self.legend.show_ramp(signed=self.session.comparison.settings.signed)

    def toggle_gamma(self) -> None:
        """Switch between the base method (γ = 0) and the previous γ."""
        if self.gamma.value():
            self._previous_gamma = self.gamma.value()
            self.gamma.setValue(0.0)
        else:
            self.gamma.setValue(self._previous_gamma)

    def next_reference(self) -> None:
        """Compare with one reference after another, then with all again."""
        if self.session is None or self.session.specimen.record is None or not self.references.count():
            return
        names = self.session.specimen.record.classes[1:]
        used = [i for i, chosen in enumerate(self.session.specimen.used[1:]) if chosen]
        following = used[0] + 1 if len(used) == 1 else 0
        alone = following < len(names)
        with self.errors_told():
            self.session.use([names[following]] if alone else list(names))
        self.show_specimen()
        self.references.setCurrentRow(following if alone else 0)
        self._changed()
