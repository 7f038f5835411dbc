"""What opens a dialog: stores, photographs, tables, exports, and specimens by name, by history and by the grid."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog

from napari_finercam.session import captions
from napari_finercam.window.grid import Grid
from napari_finercam.window.keys import KeySheet
from napari_finercam.window.panels.export import ExportDialog
from napari_finercam.window.panels.history import HistoryDialog
from napari_finercam.window.panels.picker import SpecimenPicker
from napari_finercam.window.side_by_side import SideBySide
from napari_finercam.window.workbench import Workbench


class Dialogs:
    """The commands of a review widget that ask or show something; none does anything while no store is open.

    Parameters
    ----------
    workbench : Workbench

    Attributes
    ----------
    sheet : KeySheet or None
        None until the keys are shown for the first time.
    beside : SideBySide
    """

    def __init__(self, workbench: Workbench) -> None:
        self._workbench, self._page = workbench, workbench.page
        self.sheet: KeySheet | None = None
        self.beside = SideBySide(workbench)

    def choose_store(self) -> None:
        """Ask for a store's folder and open it."""
        folder = QFileDialog.getExistingDirectory(self._page, "Open a finercam store")
        if folder:
            self._workbench.open_store(folder)

    def open_sample(self) -> None:
        """Open the rendered fish."""
        # The renderer takes a while to import, and few reviews need it.
        from napari_finercam.formats.sample import sample_store

        self._workbench.open_store(sample_store())

    def choose_images(self) -> None:
        """Ask where the photographs are now."""
        session = self._workbench.session
        folder = QFileDialog.getExistingDirectory(self._page, "Where are the photographs?")
        if folder and session is not None:
            self._workbench.open_store(session.store.location, folder)

    def choose_figures(self) -> None:
        """Ask for a table of figures to order the queue by."""
        session = self._workbench.session
        path, _ = QFileDialog.getOpenFileName(self._page, "A table of figures", filter="Tables (*.csv *.parquet)")
        if not path or session is None:
            return
        with self._workbench.errors_shown():
            orders = session.navigation.read_figures(path)
            self._page.queue.show_orders()
            self._page.queue.order.setCurrentText(orders[0] if orders else "")
            self._page.queue.apply()

    def export(self) -> None:
        """Ask for a folder and a format, and export the accepted regions."""
        session = self._workbench.session
        if session is None or self._workbench.exporter.busy:
            return
        local = session.store.files.local
        folder = Path.cwd() if local is None else local.absolute().parent  # "in masks" would say nobody where that is
        dialog = ExportDialog(self._page, session.reviewer, folder / "masks")
        if dialog.exec():
            self._workbench.export(dialog.request())
        self._workbench.focus_canvas()

    def _pick(self, title: str, first: list[str]) -> str:
        """Ask for a specimen; `first` are those that are offered before anything is typed."""
        session = self._workbench.session
        if session is None:
            return ""

        def find(text: str) -> list[tuple[str, str]]:
            ids = session.queue.find(text) if text.strip() or not first else first
            return [(image_id, captions.specimen_line(image_id, *session.species_of(image_id))) for image_id in ids]

        picker = SpecimenPicker(self._page, title, find)
        picked = picker.image_id if picker.exec() else ""
        self._workbench.focus_canvas()
        return picked

    def jump(self) -> None:
        """Ask for a specimen, and go to it."""
        image_id = self._pick("Jump to a specimen", [])
        session = self._workbench.session
        if not image_id or session is None:
            return
        with self._workbench.errors_shown():
            if session.navigation.go_to(image_id):
                self._workbench.show_specimen()
            else:
                self._workbench.say(f"{image_id} cannot be shown: {session.navigation.loader.get(image_id).problem}.")

    def show_history(self) -> None:
        """Show all verdicts on the current specimen."""
        session = self._workbench.session
        if session is None:
            return
        with self._workbench.errors_shown():
            image_id = session.specimen.image_id
            HistoryDialog(self._page, image_id, session.history_of(image_id), blind=not session.decision).exec()
        self._workbench.focus_canvas()

    def show_grid(self) -> None:
        """Show many specimens of the current species at once."""
        session = self._workbench.session
        if session is None:
            return
        with self._workbench.errors_shown():
            Grid(self._workbench, session).exec()

    def show_beside(self) -> None:
        """Ask for a specimen to show beside the current one, or put it away."""
        session = self._workbench.session
        if self.beside.panel is not None:
            self.beside.end()
        elif session is not None:
            reference = self._page.comparison.picked_reference()
            image_id = self._pick("Side by side with", session.queue.of_species(reference)[:50])
            if image_id:
                self.beside.show(image_id)

    def toggle_keys(self) -> None:
        """Show or hide the sheet of keys."""
        if self.sheet is None:
            self.sheet = KeySheet(self._page.window())
        self.sheet.toggle()
