"""Dialog of an export: its format, whose regions, and the folder."""

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

from napari_finercam.session.export import ExportRequest
from napari_finercam.window.controls import name_controls

FORMAT_TEXTS = {
    "coco": "COCO: one JSON file, polygons or run lengths",
    "png": "PNG and JSON per specimen, like Fish-Vista's masks",
    "ome-zarr": "OME-Zarr per specimen: photograph, labels, evidence",
    "geojson": "GeoJSON: one file of polygons",
    "csv": "CSV: measurements, Audiovisual Core, masks as PNG",
    "yolo": "YOLO segments, with the photographs",
    "label-studio": "Label Studio: tasks with brush masks",
    "cvat": "CVAT: XML with masks, and its labels",
    "web-annotation": "Web Annotation: one JSON-LD file",
    "iiif": "IIIF manifest with annotations, and photographs",
    "darwin-core": "Darwin Core Archive: measurements or facts",
}


class ExportDialog(QDialog):
    """Asks for the format, the folder, and whose accepted regions.

    Parameters
    ----------
    parent : QWidget
    reviewer : str
    folder : Path
        Initial content of the folder's field.
    """

    def __init__(self, parent: QWidget, reviewer: str, folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export accepted regions")
        self.format, self.whose = QComboBox(), QComboBox()
        for name, text in FORMAT_TEXTS.items():
            self.format.addItem(text, name)
        self.whose.addItem("of all reviewers", None)
        self.whose.addItem(f"only of {reviewer}", reviewer)
        self.folder = QLineEdit(str(folder))
        self.folder.setMinimumWidth(320)
        name_controls({self.format: "format", self.whose: "whose regions", self.folder: "folder"})
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder)
        row.addWidget(browse)
        fields = QFormLayout()
        fields.addRow("format", self.format)
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

    def request(self) -> ExportRequest:
        """The export that was asked for."""
        folder = Path(self.folder.text()).expanduser().absolute()
        return ExportRequest(self.format.currentData(), folder, self.whose.currentData())
