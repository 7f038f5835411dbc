"""A contact sheet of a run's new maps: twelve of them say more than a table."""

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from prefect.artifacts import create_image_artifact

from finercam_core.finer import finer_cam
from finercam_core.images.faults import ImageError
from finercam_core.images.overlay import laid_over, scaled_to_one
from finercam_core.images.pictures import without_formulas
from finercam_core.images.preparation import to_image
from finercam_core.markdown import as_text
from finercam_core.report.thumbnails import thumbnail
from finercam_core.status import Status
from finercam_core.store import Chunk, Store, open_store

Pixels = npt.NDArray[np.uint8]
CELLS, COLUMNS = 12, 3
SIDE = 420  # pixels of the longer side of a photograph


@dataclass(frozen=True)
class Pick:
    """A specimen on the sheet, and its slot among those of its species."""

    scientificName: str
    slot: int
    image_id: str


class ContactSheet:
    """Keeps some of the chunks of a run, spread over all of it, and draws their specimens at its end.

    Parameters
    ----------
    location : str
        The store.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._kept: list[Chunk] = []

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks, some of which are kept as they pass."""
        step = 1
        for number, chunk in enumerate(chunks):
            if number % step == 0:
                self._kept.append(chunk)
            if len(self._kept) == 8 * CELLS:
                self._kept, step = self._kept[::2], 2 * step
            yield chunk

    def publish(self) -> None:
        """Publish photographs and maps of at most twelve specimens, from as many species as possible."""
        store = open_store(self._location)
        chosen = choose(store, self._kept)
        if chosen:
            picture = base64.b64encode(draw(store, chosen)).decode("ascii")
            create_image_artifact(
                key="contact-sheet",
                image_url=f"data:image/jpeg;base64,{picture}",
                description=as_text(f"New maps in {self._location}"),
            )


def choose(store: Store, chunks: Sequence[Chunk]) -> list[Pick]:
    """Specimens that are done: the first of each species, then the second of each, and so on."""
    by_species: dict[str, list[Pick]] = {}
    for chunk in chunks:
        specimens = zip(chunk.slots, chunk.image_ids, strict=True)
        picks = [Pick(chunk.scientificName, slot, image_id) for slot, image_id in specimens]
        by_species.setdefault(chunk.scientificName, []).extend(picks[:CELLS])
    in_turn = (pick for turn in zip_longest(*by_species.values()) for pick in turn if pick is not None)
    done = (pick for pick in in_turn if _is_shown(store, pick))
    return list(islice(done, CELLS))


def _is_shown(store: Store, pick: Pick) -> bool:
    done = store.status(pick.scientificName)[pick.slot] == Status.DONE
    return bool(done and store.place(pick.image_id))


def draw(store: Store, chosen: Sequence[Pick]) -> bytes:
    """JPEG with the photograph of each specimen, and beside it its Finer-CAM map against all its references."""
    lines = -(-len(chosen) // COLUMNS)
    figure = Figure(figsize=(4.6 * COLUMNS, 2.0 * lines + 0.4), dpi=80, layout="constrained")
    axes = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, pick in zip(axes, chosen, strict=False):
        axis.set_title(f"{pick.scientificName}  ·  {pick.image_id}", fontsize=8)
        try:
            photograph, heat = _pictures(store, pick)
        except ImageError as error:
            axis.text(0.5, 0.5, str(error), ha="center", va="center", fontsize=7, wrap=True)
            continue
        axis.imshow(np.concatenate([photograph, heat], axis=1))
    figure.supxlabel(_footer(store), fontsize=8, color="0.35")
    without_formulas(figure)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_jpg(buffer, pil_kwargs={"quality": 85})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _pictures(store: Store, pick: Pick) -> tuple[Pixels, Pixels]:
    """The photograph, and the photograph under its map; uint8 (height, width, 3)."""
    small = thumbnail(store.image(pick.image_id), SIDE)
    grid = finer_cam(store.species_dataset(pick.scientificName).isel(specimen=[pick.slot])).values[0]
    values = to_image(grid, store.preparation.window(small.size), small.size)
    photograph = np.asarray(small)
    return photograph, laid_over(photograph, scaled_to_one(values))


def _footer(store: Store) -> str:
    made = store.provenance
    return f"Finer-CAM against all references; {made.classifier.target_layer}, run {made.run}"
