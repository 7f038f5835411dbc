"""What happens to a review around a monkey: the window dies, photographs go away, the disk is full."""

import resource

from qtpy.QtWidgets import QApplication

from monkey.eyes import Eyes


class Accidents(Eyes):
    """The session ends and begins again; whatever was marked is there."""

    def reopen(self) -> None:
        if self.full:  # no disk of this machine takes anything: closing is what the window warns of
            return
        image_id, screen = self.here, self.screen
        self.widget.workbench.open_store(self.store)
        QApplication.processEvents()
        self._collected_of(image_id, screen)
        self.model.begin()

    def close(self) -> None:
        """The store is closed, and opened again from the start page."""
        if self.full:
            return
        image_id, screen = self.here, self.screen
        self.widget.page.queue.close_wanted.emit()
        assert self.widget.workbench.session is None
        self.widget.workbench.start.shown_button.click()
        QApplication.processEvents()
        self._collected_of(image_id, screen)
        self.model.begin()

    def kill(self) -> None:
        """The window dies: only what is on the disk is left. A stroke that has ended is."""
        if self.full:
            return
        self.widget.workbench.take_strokes()
        self.session.drafts.bring_home()
        if self.session._recut_since:
            self.session.save_draft()
        self.session.screen = None
        self.session._recut_since = False
        self.reopen()

    def photographs(self) -> None:
        if self.full:
            return
        self.widget.workbench.take_strokes()
        self.collected()
        elsewhere = self.images.with_name("elsewhere")
        (elsewhere if self.away else self.images).rename(self.images if self.away else elsewhere)
        self.away = not self.away
        self.reopen()

    def disk(self) -> None:
        self.full = not self.full
        self.widget.workbench.take_strokes()
        self.collected()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0 if self.full else self._limits[0], self._limits[1]))
        if not self.full:
            self.session.drafts.bring_home()
