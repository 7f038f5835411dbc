"""Dialog of an export: in which form, whose regions, and where to."""

from pathlib import Path

from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_finercam.session.export import Wanted

FORMS = {
    "coco": "COCO: one JSON file, run lengths",
    "png": "PNG and JSON a specimen, as Fish-Vista's masks",
    "ome-zarr": "OME-Zarr a specimen: photograph, labels, evidence",
    "geojson": "GeoJSON: one file of polygons",
    "csv": "CSV: measurements, Audiovisual Core, masks as PNG",
}


class ExportDialog(QDialog):
    """Asks for the form, the folder, and whose accepted regions.

    Parameters
    ----------
    parent : QWidget
    reviewer : str
    folder : Path
        What the folder's field begins with.
    """

    def __init__(self, parent: QWidget, reviewer: str, folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export accepted regions")
        self.form, self.whose = QComboBox(), QComboBox()
        for form, text in FORMS.items():
            self.form.addItem(text, form)
        self.whose.addItem("of all reviewers", None)
        self.whose.addItem(f"of {reviewer} alone", reviewer)
        self.folder = QLineEdit(str(folder))
        self.folder.setMinimumWidth(320)
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder)
        row.addWidget(browse)
        fields = QFormLayout()
        fields.addRow("form", self.form)
        fields.addRow("regions", self.whose)
        fields.addRow("folder", row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Export")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(fields)
        layout.addWidget(QLabel("The same as <code>finercam export</code>; the review can go on meanwhile."))
        layout.addWidget(buttons)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder for the masks", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def wanted(self) -> Wanted:
        """What was asked for."""
        return Wanted(self.form.currentData(), Path(self.folder.text()).expanduser(), self.whose.currentData())
