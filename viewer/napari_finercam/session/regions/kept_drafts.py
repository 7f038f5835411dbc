"""Drafts that are kept even where the store cannot be written: on this machine, until it can be written again."""

import hashlib
from pathlib import Path

from platformdirs import user_data_path

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.io.addresses import is_url
from finercam_core.review import Draft, Drafts
from napari_finercam.session.verdicts import require_store


def shelter(location: str | Path) -> Path:
    """Folder on this machine for the drafts of a store that cannot be written."""
    whole = str(location if is_url(str(location)) else Path(location).absolute())
    name = f"{Path(location).name}-{hashlib.blake2b(whole.encode(), digest_size=6).hexdigest()}"
    return user_data_path("finercam") / "drafts" / name


class KeptDrafts:
    """The drafts of one reviewer: in the store, else in `shelter`, else in memory. Saving one never fails.

    Parameters
    ----------
    location : str or Path
        The store.
    reviewer : str
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        self._location = location
        self._drafts, self._folder = Drafts(location, reviewer), shelter(location)
        self._sheltered = Drafts(self._folder, reviewer)
        self._memory: dict[str, Draft] = {}
        self._outside = {draft.image_id for draft in self._sheltered.read_all()}
        self._reason = ""
        if self._outside:
            self.bring_home()

    @property
    def obstacle(self) -> str:
        """Why nothing can be written into the store, as a sentence; "" if it can."""
        return self._drafts.obstacle

    @property
    def trouble(self) -> str:
        """Why drafts are not in the store, and where they are, as a sentence; "" if all are in it."""
        if not self._outside and not self._memory:
            return ""
        count = len(self._outside | self._memory.keys())
        drafts = "1 draft is" if count == 1 else f"{count} drafts are"
        place = "in memory only: do not close the window" if self._memory else f"kept in {self._folder}"
        return f"{self._reason}. {drafts} {place} until the store can be written again."

    def save(self, draft: Draft) -> None:
        """Keep a draft in place of the specimen's earlier one."""
        try:
            self._write_home(draft)
        except (FinercamError, OSError) as error:
            self._reason = error.problem if isinstance(error, FinercamError) else str(error)
            self._shelter(draft)
        else:
            self._forget(draft.image_id)
            if self._outside or self._memory:
                self.bring_home()

    def _write_home(self, draft: Draft) -> None:
        require_store(self._location)
        self._drafts.save(draft)

    def _shelter(self, draft: Draft) -> None:
        try:
            self._sheltered.save(draft)
        except (FinercamError, OSError):
            self._memory[draft.image_id] = draft
        else:
            self._memory.pop(draft.image_id, None)
            self._outside.add(draft.image_id)

    def load(self, image_id: str) -> Draft | None:
        """The draft of a specimen, None if there is none.

        Raises
        ------
        ReviewError
            If its file is damaged, or cannot be read now.
        """
        if image_id in self._memory:
            return self._memory[image_id]
        try:
            return (self._sheltered if image_id in self._outside else self._drafts).load(image_id)
        except OSError as error:
            raise ReviewError(f"the draft of {image_id} cannot be read: {error}", "bring the store back") from error

    def discard(self, image_id: str) -> None:
        """Delete the draft of a specimen, if there is one."""
        self._forget(image_id)
        self._drafts.discard(image_id)

    def _forget(self, image_id: str) -> None:
        self._memory.pop(image_id, None)
        if image_id in self._outside:
            self._outside.discard(image_id)
            self._sheltered.discard(image_id)

    def bring_home(self) -> bool:
        """Write all drafts that are elsewhere into the store; False if it still cannot be written."""
        for image_id in [*self._memory, *self._outside]:
            try:
                draft = self.load(image_id)
                if draft is not None:
                    self._write_home(draft)
            except (FinercamError, OSError) as error:
                self._reason = error.problem if isinstance(error, FinercamError) else str(error)
                return False
            self._forget(image_id)
        return True
