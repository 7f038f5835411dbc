"""One specimen to look at: photograph, stored evidence, trait mask; what is missing is said and the rest is shown."""

from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock

import numpy as np
import numpy.typing as npt

from finercam_core.errors import FinercamError
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Window
from finercam_core.regions.masks import read_mask, specimen_of
from finercam_core.regions.traits import traits_of
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from napari_finercam.session.scores import UNREADABLE

KEPT = 12
_LATER = 0.06
_BLANK = 235


@dataclass
class View:
    """The specimen on screen.

    Attributes
    ----------
    image_id, species : str
    record : SpecimenRecord or None
        What is stored about it; None if its maps cannot be read.
    image : uint8 array (height, width, 4)
        Its photograph, opaque RGBA, which a graphics card takes as it is; a plain page in the shape of the model's
        input where there is none.
    photographed : bool
        Whether `image` is the photograph.
    problem : str
        One sentence on what is missing, "" if nothing is.
    used : bool array (C,)
        Which classes the map compares with; the first, the species itself, is False.
    traits : integer array (height, width) or None
        The collection's own trait mask.
    """

    image_id: str
    species: str
    record: SpecimenRecord | None
    image: npt.NDArray[np.uint8]
    photographed: bool = True
    problem: str = ""
    used: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    traits: npt.NDArray[np.integer] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.image.shape[1], self.image.shape[0]

    @property
    def done(self) -> bool:
        """Whether there are maps."""
        return self.record is not None and self.record.status == Status.DONE

    def window(self, store: Store) -> Window:
        """Part of the picture that the model saw, in pixels."""
        return store.preparation.window(self.size)


def load_view(store: Store, image_id: str) -> View:
    """Read everything about a specimen; never raises for what is wrong with it."""
    row, problems = store.row(image_id), []
    record = None
    try:
        record = store.record(image_id)
        if record.status != Status.DONE:
            problems.append(f"no map: {record.status.sentence}")
    except (FinercamError, *UNREADABLE) as error:
        problems.append(f"the maps of this species cannot be read: {_plain(error)}")
    image, photographed = _blank(store), False
    try:
        image, photographed = np.asarray(store.image(image_id).convert("RGBA")), True
    except ImageError as error:
        moved = " (if the photographs have moved, say where to: Queue, Images…)"
        problems.append(f"{error.status.sentence}: {error.location}{moved if error.status is Status.MISSING else ''}")
    used = np.arange(0 if record is None else len(record.classes)) > 0
    sentence = "; ".join(problems)
    traits = _trait_mask(store, image_id, image.shape[:2]) if photographed else None
    return View(image_id, str(row["scientificName"]), record, image, photographed, sentence, used, traits)


def _plain(error: BaseException) -> str:
    if isinstance(error, FinercamError):
        return error.problem
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]


def _blank(store: Store) -> npt.NDArray[np.uint8]:
    made = store.preparation
    scale = max(1, round(600 / max(made.height, made.width)))
    page = np.full((made.height * scale, made.width * scale, 4), _BLANK, np.uint8)
    page[..., 3] = 255
    return page


def _trait_mask(store: Store, image_id: str, shape: tuple[int, ...]) -> npt.NDArray[np.integer] | None:
    """The collection's mask of a specimen, 1 for all of it where no traits are told apart.

    None where it has none, or one that does not fit its photograph.
    """
    try:
        mask = read_mask(store, image_id)
    except (ImageError, OSError):
        return None
    if mask is None or mask.shape != tuple(shape):
        return None
    if traits_of(store):
        return mask
    whole = specimen_of(store, mask)
    return None if whole is None else whole.astype(np.uint8)


class Loader:
    """Loads views in threads, ahead of their use, and keeps the last ones.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="finercam-view")
        self._views: OrderedDict[str, Future[View]] = OrderedDict()
        self._lock = Lock()
        self._hurry = Event()

    def ahead(self, image_ids: Iterable[str]) -> None:
        """Load specimens that will be wanted, as soon as the one that is on had the time to be drawn."""
        for image_id in image_ids:
            self._future(image_id, self._hurry)

    def get(self, image_id: str) -> View:
        """A specimen's view, loaded now if it was not loaded before."""
        self._hurry.set()
        try:
            return self._future(image_id).result()
        finally:
            self._hurry.clear()

    def _future(self, image_id: str, wait: Event | None = None) -> Future[View]:
        with self._lock:
            if image_id not in self._views:
                self._views[image_id] = self._pool.submit(self._load, image_id, wait)
            self._views.move_to_end(image_id)
            while len(self._views) > KEPT:
                self._views.popitem(last=False)[1].cancel()
            return self._views[image_id]

    def _load(self, image_id: str, wait: Event | None) -> View:
        if wait is not None:
            wait.wait(_LATER)
        return load_view(self.store, image_id)

    def forget(self) -> None:
        """Load everything again from now on: the images have moved, or a flow has written more."""
        with self._lock:
            self._views.clear()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
