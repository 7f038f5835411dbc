"""A contact sheet of a run's new maps: a look at twelve of them says more than a table."""

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from prefect.artifacts import create_image_artifact

from finercam_core.finer import finer_cam
from finercam_core.images.overlay import laid_over, scaled_to_one
from finercam_core.images.photographs import ImageError
from finercam_core.images.preparation import to_image
from finercam_core.report.thumbnails import thumbnail
from finercam_core.status import Status
from finercam_core.store import Chunk, Store, open_store

Pixels = npt.NDArray[np.uint8]
CELLS, COLUMNS = 12, 3
SIDE = 420  # pixels of the longer side of a photograph


class ContactSheet:
    """Remembers some of the chunks of a run, spread over all of it, and draws their specimens at its end.

    Parameters
    ----------
    location : str
        The store.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._kept: list[Chunk] = []

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks, some of which are remembered on their way."""
        step = 1
        for number, chunk in enumerate(chunks):
            if number % step == 0:
                self._kept.append(chunk)
            if len(self._kept) == 8 * CELLS:
                self._kept, step = self._kept[::2], 2 * step
            yield chunk

    def publish(self) -> None:
        """Publish photographs and maps of at most twelve specimens, of as many species as there are."""
        store = open_store(self._location)
        chosen = choose(store, self._kept)
        if chosen:
            picture = base64.b64encode(draw(store, chosen)).decode("ascii")
            create_image_artifact(
                key="contact-sheet",
                image_url=f"data:image/jpeg;base64,{picture}",
                description=f"New maps in {self._location}",
            )


def choose(store: Store, chunks: Sequence[Chunk]) -> list[tuple[str, int, str]]:
    """Species, slot and id of specimens that are done: the first of each species, then their second ones."""
    by_species: dict[str, list[tuple[str, int, str]]] = {}
    for chunk in chunks:
        row = [(chunk.scientificName, slot, name) for slot, name in zip(chunk.slots, chunk.image_ids, strict=True)]
        by_species.setdefault(chunk.scientificName, []).extend(row[:CELLS])
    in_turn = (one for turn in zip_longest(*by_species.values()) for one in turn if one is not None)
    found: list[tuple[str, int, str]] = []
    for one in in_turn:
        if len(found) == CELLS:
            break
        if store.status(one[0])[one[1]] == Status.DONE and store.place(one[2]):
            found.append(one)
    return found


def draw(store: Store, chosen: Sequence[tuple[str, int, str]]) -> bytes:
    """JPEG with the photograph of each specimen and its Finer-CAM map against all its references beside it."""
    lines = -(-len(chosen) // COLUMNS)
    figure = Figure(figsize=(4.6 * COLUMNS, 2.0 * lines + 0.4), dpi=80, layout="constrained")
    axes = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, one in zip(axes, chosen, strict=False):
        axis.set_title(f"{one[0]}  ·  {one[2]}", fontsize=8)
        try:
            photograph, heat = _pictures(store, *one)
        except ImageError as error:
            axis.text(0.5, 0.5, str(error), ha="center", va="center", fontsize=7, wrap=True)
            continue
        axis.imshow(np.concatenate([photograph, heat], axis=1))
    figure.supxlabel(_made(store), fontsize=8, color="0.35")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_jpg(buffer, pil_kwargs={"quality": 85})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _pictures(store: Store, name: str, slot: int, image_id: str) -> tuple[Pixels, Pixels]:
    """The photograph, and the same under its map."""
    small = thumbnail(store.image(image_id), SIDE)
    grid = finer_cam(store.species_dataset(name).isel(specimen=[slot])).values[0]
    values = to_image(grid, store.preparation.window(small.size), small.size)
    photograph = np.asarray(small)
    return photograph, laid_over(photograph, scaled_to_one(values))


def _made(store: Store) -> str:
    made = store.provenance
    return f"Finer-CAM against all references; {made['classifier'].get('target_layer', '')}, run {made['run']}"
