"""Drafts: the regions of a specimen before its verdict, saved after every stroke so that a crash loses none."""

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile

from finercam_core.errors import ReviewError, StoreError
from finercam_core.io.files import Files
from finercam_core.review.records import Region, region_from_json
from finercam_core.store.layout import REVIEWS

DRAFTS = f"{REVIEWS}/drafts"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draft:
    """The regions and the note of a specimen that a reviewer has not judged yet.

    Attributes
    ----------
    image_id : str
    regions : tuple of Region
    note : str
    has_regions : bool
        False where only a note is known, because the photograph was away when it was written.
    """

    image_id: str
    regions: tuple[Region, ...]
    note: str = ""
    has_regions: bool = True


class Drafts:
    """The drafts of one reviewer, one small file per specimen.

    Parameters
    ----------
    location : str or Path
        The store.
    reviewer : str
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        self._files = Files(location)
        self._folder = f"{DRAFTS}/{_file_name(reviewer)}"
        self._tried = False

    @property
    def obstacle(self) -> str:
        """Why nothing can be written beside the drafts, as a sentence; "" if it can. Trying leaves nothing behind."""
        try:
            self._try()
        except (StoreError, OSError) as error:
            reason = error.problem if isinstance(error, StoreError) else error.strerror
            problem = f"{self._files.location} cannot be written ({reason}), so that no verdict will be kept"
            return f"{problem}: make it writable, or review a copy"
        return ""

    def _try(self) -> None:
        if self._files.local is None:
            if not self._tried:  # each time would be two requests for each specimen
                self._files.write(f"{self._folder}/.trying", b"")
                self._files.remove(f"{self._folder}/.trying")
                self._tried = True
            return
        folder = Path(self._files.root, self._folder)
        with TemporaryFile(dir=next(path for path in (folder, *folder.parents) if path.exists())):
            pass

    def save(self, draft: Draft) -> None:
        """Replace the specimen's earlier draft; it is always whole, the old one or the new one.

        Raises
        ------
        ReviewError
            If it cannot be written.
        """
        try:
            self._files.write(self._name(draft.image_id), json.dumps(asdict(draft), ensure_ascii=False).encode())
        except OSError as error:
            problem = f"the draft of {draft.image_id} could not be saved: {error}"
            raise ReviewError(problem, "make room on the disk, or make it writable") from error

    def load(self, image_id: str) -> Draft | None:
        """The draft of a specimen, None if there is none.

        Raises
        ------
        ReviewError
            If its file is damaged.
        """
        name = self._name(image_id)
        return self._read(name) if self._files.exists(name) else None

    def read_all(self) -> list[Draft]:
        """All drafts of the reviewer; damaged ones are left out with a warning."""
        drafts = []
        for name in self._files.names(self._folder):
            try:
                drafts.append(self._read(name))
            except FileNotFoundError:  # discarded meanwhile
                continue
            except ReviewError as error:
                log.warning("%s", error)
        return drafts

    def _read(self, name: str) -> Draft:
        try:
            values = json.loads(self._files.read(name))
            regions = tuple(region_from_json(region) for region in values["regions"])
            return Draft(
                str(values["image_id"]), regions, str(values.get("note", "")), bool(values.get("has_regions", True))
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ReviewError(f"the draft {name} cannot be read: {error}", "delete it and paint again") from error

    def discard(self, image_id: str) -> None:
        """Delete the draft of a specimen, if there is one."""
        self._files.remove(self._name(image_id))

    def _name(self, image_id: str) -> str:
        return f"{self._folder}/{_file_name(image_id)}.json"


def _file_name(text: str) -> str:
    """Readable and unique: even names that differ in one character only never share a file."""
    plain = re.sub(r"[^A-Za-z0-9\-]+", "_", text)[:60]
    return f"{plain}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"
