"""What a page shows of a specimen: its photograph and its maps against each reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from finercam_core.errors import StoreError
from finercam_core.finer import coefficients, gamma_for
from finercam_core.images.faults import ImageError
from finercam_core.report.photographs import PhotographFiles
from finercam_core.report.thumbnails import overlay_uri, photo_uri, thumbnail
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.strengths import GAMMA, Baseline

ALL = "all its references"  # what the menu calls the map against all of them
SMALL = 168  # pixels of the longer side, twice what the index shows, for dense screens
PREVIEW, ROUGH = 96, 60  # pixels of the longer side, and quality, of what stands in the page itself


@dataclass(frozen=True)
class Overlay:
    """One map: what the species is compared with, the picture as a data URI, and a text for those who cannot see it.

    `above` says what the map is above, "" for a plain one, and why where that is not what was asked for.
    """

    reference: str
    source: str
    words: str
    above: str = ""


class _Photo(NamedTuple):
    """A photograph as shown: its file and a preview of it, its width and height, and the size of the original."""

    address: str
    preview: str
    size: tuple[int, int]
    full_size: tuple[int, int]


@dataclass(frozen=True)
class SpecimenView:
    """One specimen on a page.

    `photo` is the address of its photograph below the atlas' folder, `preview` a small one as a data URI, which is all
    that is seen of it where the page was saved or sent alone. `width` and `height` are those of the photograph shown,
    `full_size` of the original.
    """

    image_id: str
    name: str
    photo: str
    preview: str
    width: int
    height: int
    full_size: tuple[int, int]
    overlays: tuple[Overlay, ...]
    predicted: str
    probability: float
    license: str
    rightsHolder: str

    @property
    def right(self) -> bool:
        """Whether the classifier's first choice is the specimen's species."""
        return self.predicted == self.name


class SpecimenViews:
    """Makes views of a store's specimens; a photograph is read once for several pages.

    Parameters
    ----------
    store : Store
    photographs : PhotographFiles
        Where they are written to.
    gamma : float
        Strength of the comparison in the maps shown.
    above : str
        What maps are looked at above, see `finercam_core.baselines`; where the look-alike's specimens are not known,
        what is left of it, and the map says so.
    """

    def __init__(
        self, store: Store, photographs: PhotographFiles, gamma: float = GAMMA, above: Baseline = "none"
    ) -> None:
        self.store = store
        self.photographs = photographs
        self.gamma, self.above = gamma, above
        self.unreadable: dict[str, str] = {}
        self._photo = lru_cache(maxsize=512)(self._read_photo)

    def _read_photo(self, image_id: str) -> _Photo | None:
        try:
            whole = self.store.image(image_id)
            small = thumbnail(whole)
        except ImageError as error:
            self.unreadable[image_id] = str(error)
            return None
        preview = photo_uri(thumbnail(small, PREVIEW), ROUGH)
        return _Photo(self.photographs.keep(image_id, small), preview, small.size, whole.size)

    def small_photo(self, image_ids: Sequence[str]) -> str:
        """Address of the first photograph that can be read, small; "" if none can."""
        for image_id in image_ids:
            try:
                return self.photographs.keep(image_id, thumbnail(self.store.image(image_id), SMALL), "small")
            except ImageError as error:
                self.unreadable[image_id] = str(error)
        return ""

    def some(self, image_ids: Sequence[str], count: int, references: Sequence[str] | None = None) -> list[SpecimenView]:
        """Views of at most `count` specimens, spread evenly over those given; unreadable ones are skipped."""
        step = max(1, len(image_ids) // max(count, 1))
        order = [*image_ids[::step], *(image_id for i, image_id in enumerate(image_ids) if i % step)]
        views: list[SpecimenView] = []
        for image_id in order:
            if len(views) == count:
                break
            if (view := self.view(image_id, references)) is not None:
                views.append(view)
        return views

    def view(self, image_id: str, references: Sequence[str] | None = None) -> SpecimenView | None:
        """View of one specimen, None if it has no maps or its photograph cannot be read (see `unreadable`).

        Parameters
        ----------
        image_id : str
        references : sequence of str, optional
            Maps against each of these; by default against all together and then against each.
        """
        try:
            record = self.store.record(image_id)
        except StoreError as error:
            self.unreadable[image_id] = str(error)
            return None
        photo = self._photo(image_id) if record.status == Status.DONE else None
        if photo is None:
            return None
        row = self.store.row(image_id)
        return SpecimenView(
            image_id, record.scientificName, photo.address, photo.preview, *photo.size, photo.full_size,
            self._overlays(record, photo.size, references),
            record.predicted, float(record.probability[0]), str(row["license"]), str(row["rightsHolder"]),
        )  # fmt: skip

    def _overlays(
        self, record: SpecimenRecord, size: tuple[int, int], references: Sequence[str] | None
    ) -> tuple[Overlay, ...]:
        names = np.array(record.classes)
        wanted = [ALL, *record.classes[1:]] if references is None else list(references)
        overlays = []
        for name in wanted:
            use = np.ones(len(names), bool) if name == ALL else names == name
            at = record.compared_at
            gamma = gamma_for(at, self.gamma)
            weights = coefficients(record.logit, record.log_sum_exp, gamma=gamma, use=use, compared_at=at)
            shown = backgrounds_of(self.store).nearest(record, weights, gamma, self.above)
            values, said = np.maximum(shown.values, 0), shown.in_words()
            words = f"Heat map of what tells specimen {record.image_id} of {record.scientificName} from {name}: "
            source = overlay_uri(values, self.store.preparation, size)
            overlays.append(Overlay(name, source, words + where(values) + (f"; {said}" if said else ""), said))
        return tuple(overlays)


def where(values: npt.NDArray[np.float32]) -> str:
    """In which part of the picture a map is strongest, in words."""
    if not values.max() > 0:
        return "it shows nothing"
    y, x = np.unravel_index(int(np.argmax(values)), values.shape)
    rows, columns = ("top", "middle", "bottom"), ("left", "centre", "right")
    return f"strongest at the {rows[3 * int(y) // values.shape[0]]} {columns[3 * int(x) // values.shape[1]]}"
