"""All that is shown of a specimen: photograph, evidence, trait mask; what is missing is named."""

from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.errors import FinercamError
from finercam_core.images.decoder import image_size, load_image
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Window
from finercam_core.regions.masks import read_mask, specimen_of
from finercam_core.regions.rle import nearest
from finercam_core.regions.shape import working_size
from finercam_core.regions.traits import traits_of
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from napari_finercam.session.listing.scores import UNREADABLE

KEPT, KEPT_BYTES = 12, 300_000_000  # specimens, and what they may take together
LEAST_KEPT = 4
_DELAY = 0.06  # seconds
_BLOCK = 1 << 27  # bytes
_ONE_LARGE = Lock()  # two photographs of a hundred million pixels at once take half a gigabyte
BLANK_GREY = 235
_MOVED = "if the photographs have moved, choose their folder: Queue, Images…"
_BLANK_SIDE = 600  # pixels


@dataclass
class LoadedSpecimen:
    """A specimen with all that is shown of it.

    Attributes
    ----------
    image_id, species : str
    record : SpecimenRecord or None
        What is stored about it; None if its maps cannot be read.
    image : uint8 array (height, width, 4)
        Its photograph, opaque RGBA, which a graphics card takes as it is; without one, a plain page in the shape of
        the model's input.
    window : Window
        Part of the picture that the model saw, in pixels.
    photographed : bool
        Whether `image` is the photograph.
    problem : str
        What is missing, in one sentence; "" if nothing is.
    used : bool array (C,)
        Which classes the map compares with; the first, the species itself, is False.
    traits : integer array (height, width) or None
        The collection's own trait mask.
    full_shape : (int, int) or None
        Height and width of the photograph, if `image` is a smaller copy of it.
    """

    image_id: str
    species: str
    record: SpecimenRecord | None
    image: npt.NDArray[np.uint8]
    window: Window
    photographed: bool = True
    problem: str = ""
    used: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    traits: npt.NDArray[np.integer] | None = None
    full_shape: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.image.shape[1], self.image.shape[0]

    @property
    def nbytes(self) -> int:
        """Memory of the pictures."""
        return self.image.nbytes + (0 if self.traits is None else self.traits.nbytes)

    @property
    def done(self) -> bool:
        """Whether there are maps."""
        return self.record is not None and self.record.status == Status.DONE


def load_specimen(store: Store, image_id: str) -> LoadedSpecimen:
    """Read everything about a specimen; what is wrong with it becomes its `problem`, never an error."""
    problems: list[str] = []
    record = _record(store, image_id, problems)
    photograph, full_shape = _photograph(store, image_id, problems)
    image = _blank(store) if photograph is None else photograph
    return LoadedSpecimen(
        image_id,
        str(store.row(image_id)["scientificName"]),
        record,
        image,
        store.preparation.window((image.shape[1], image.shape[0])),
        photographed=photograph is not None,
        problem="; ".join(problems),
        used=np.arange(0 if record is None else len(record.classes)) > 0,
        traits=None if photograph is None else _trait_mask(store, image_id, photograph.shape[:2], full_shape),
        full_shape=full_shape,
    )


def _record(store: Store, image_id: str, problems: list[str]) -> SpecimenRecord | None:
    try:
        record = store.record(image_id)
    except (FinercamError, *UNREADABLE) as error:
        problems.append(f"the maps of this species cannot be read: {_plain(error)}")
        return None
    if record.status != Status.DONE:
        problems.append(f"no map: {record.status.sentence}")
    return record


def _photograph(
    store: Store, image_id: str, problems: list[str]
) -> tuple[npt.NDArray[np.uint8] | None, tuple[int, int] | None]:
    """The photograph as large as it is worked on, and the height and width of the whole one if that is larger."""
    place, root = store.place(image_id), store.images_root
    try:
        width, height = image_size(place, root=root)
        size = working_size(width, height)
        if size == (width, height):
            return np.asarray(store.image(image_id).convert("RGBA")), None
        return _smaller(place, root, size), (height, width)
    except ImageError as error:
        hint = f" ({_MOVED})" if error.status is Status.MISSING else ""
        problems.append(f"{error.status.sentence}: {error.location}{hint}")
        return None, None


def _smaller(place: str, root: str, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    with _ONE_LARGE:
        picture = load_image(place, root=root, at_least=size)
        small = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        del picture  # hundreds of megabytes
        small.putalpha(255)  # in place
        return np.asarray(small)


def _plain(error: BaseException) -> str:
    if isinstance(error, FinercamError):
        return error.problem
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]


def _blank(store: Store) -> npt.NDArray[np.uint8]:
    height, width = store.preparation.height, store.preparation.width
    scale = max(1, round(_BLANK_SIDE / max(height, width)))
    page = np.full((height * scale, width * scale, 4), BLANK_GREY, np.uint8)
    page[..., 3] = 255
    return page


def _trait_mask(
    store: Store, image_id: str, shape: tuple[int, ...], full_shape: tuple[int, int] | None
) -> npt.NDArray[np.integer] | None:
    """The collection's mask of a specimen; 1 for the whole specimen where the mask does not tell traits apart.

    None if there is no mask, or one that does not fit the photograph.
    """
    try:
        mask = read_mask(store, image_id)
    except (ImageError, OSError):
        return None
    if mask is None or mask.shape != tuple(full_shape or shape):
        return None
    if full_shape is not None:
        mask = nearest(mask, shape)
    if traits_of(store):
        return mask
    whole = specimen_of(store, mask)
    return None if whole is None else whole.astype(np.uint8)


class SpecimenLoader:
    """Loads specimens in threads, ahead of their use, and keeps the last ones.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        # Blocks of Pillow's 16 MB lie in heaps that glibc seldom gives back; larger ones are mapped, and given back.
        Image.core.set_block_size(_BLOCK)  # type: ignore[attr-defined]
        self.store = store
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="finercam-specimen")
        self._loaded: OrderedDict[str, Future[LoadedSpecimen]] = OrderedDict()
        self._lock = Lock()
        self._hurry = Event()

    def ahead(self, image_ids: Iterable[str]) -> None:
        """Load specimens that will be needed, once the current one has had time to be drawn."""
        for image_id in image_ids:
            self._future(image_id, self._hurry)

    def get(self, image_id: str) -> LoadedSpecimen:
        """A specimen, loaded now if it was not loaded before."""
        self._hurry.set()
        try:
            specimen = self._future(image_id).result()
        finally:
            self._hurry.clear()
        with self._lock:
            self._trim()
        return specimen

    def _future(self, image_id: str, wait: Event | None = None) -> Future[LoadedSpecimen]:
        with self._lock:
            if image_id not in self._loaded:
                self._loaded[image_id] = self._pool.submit(self._load, image_id, wait)
            self._loaded.move_to_end(image_id)
            self._trim()
            return self._loaded[image_id]

    def _trim(self) -> None:
        while self._too_many():
            self._loaded.popitem(last=False)[1].cancel()

    def _too_many(self) -> bool:
        loaded = [future for future in self._loaded.values() if future.done() and not future.cancelled()]
        held = sum(future.result().nbytes for future in loaded if future.exception() is None)
        return len(self._loaded) > KEPT or (held > KEPT_BYTES and len(self._loaded) > LEAST_KEPT)

    def _load(self, image_id: str, wait: Event | None) -> LoadedSpecimen:
        if wait is not None:
            wait.wait(_DELAY)
        return load_specimen(self.store, image_id)

    def forget(self) -> None:
        """Load everything again from now on, because a flow has written more."""
        with self._lock:
            self._loaded.clear()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
