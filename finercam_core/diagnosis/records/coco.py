"""Where each finding lies on every specimen that was asked, as COCO annotations in pixels of the photographs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from finercam_core.diagnosis.alignment.carried_parts import NamedParts
from finercam_core.diagnosis.alignment.frame import Mask, in_cells
from finercam_core.diagnosis.alignment.specimen_pictures import specimen_picture
from finercam_core.diagnosis.findings import PairAnswer, Place, PlaceFinding
from finercam_core.errors import FinercamError
from finercam_core.export.formats.coco import polygons, run_lengths
from finercam_core.images.preparation import Preparation
from finercam_core.regions.masks import read_mask
from finercam_core.regions.shape import region_shape
from finercam_core.store import Store

Json = dict[str, JsonValue]


class FindingRegions:
    """Regions of findings on specimens.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store, self._named = store, NamedParts(store)

    def of(self, image_id: str, place: Place) -> Mask | None:
        """Where a place lies on a photograph, bool (height, width); None where the specimen does not show it.

        A named part is that of the specimen's own mask, else the one carried from others; a region of the frame lies
        where the frame lies on the specimen.

        Raises
        ------
        ImageError
            If the photograph cannot be read.
        """
        region = self._part(image_id, place) if place.cells is None else self._cells(image_id, place.cells)
        return region if region is not None and region.any() else None

    def _part(self, image_id: str, place: Place) -> Mask | None:
        if place.kind != "part":
            return None
        mask = read_mask(self.store, image_id)
        if mask is not None and (mask > 0).any():
            return np.asarray(mask == place.trait_id)
        labels = self._named.picture(image_id).labels
        x, y = input_pixels(self.store.preparation, self.store.image_size(image_id))
        rows, columns = (np.rint(axis).astype(int) for axis in (y, x))
        seen = (rows >= 0) & (rows < labels.shape[0]) & (columns >= 0) & (columns < labels.shape[1])
        picked = labels[rows.clip(0, labels.shape[0] - 1), columns.clip(0, labels.shape[1] - 1)]
        return np.asarray(seen & (picked == place.trait_id))

    def _cells(self, image_id: str, cells: Mask) -> Mask:
        where = specimen_picture(self.store, image_id, with_pixels=False).where
        x, y = input_pixels(self.store.preparation, self.store.image_size(image_id))
        return in_cells(cells, where.to_frame(np.stack([x, y], -1)))


def input_pixels(
    preparation: Preparation, size: tuple[int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where each pixel centre of a photograph lies in the model's input: x and y, float64 (height, width)."""
    window = preparation.window(size)
    height, width = preparation.covered or (preparation.height, preparation.width)
    x = (np.arange(size[0]) + 0.5 - window.left) / (window.right - window.left) * width - 0.5
    y = (np.arange(size[1]) + 0.5 - window.top) / (window.bottom - window.top) * height - 0.5
    across, down = np.meshgrid(x, y)
    return across, down


def coco_regions(store: Store, answer: PairAnswer, image_ids: Sequence[str]) -> Json:
    """Supported and suggested findings of an answer on the specimens that were asked, as a COCO data set.

    A category is a place, with its word as the supercategory; an annotation says in `attributes` of which pair, with
    which p, and whether it is supported. Photographs that cannot be read are named in `info`.

    Parameters
    ----------
    store : Store
    answer : PairAnswer
    image_ids : sequence of str
        Of both species.
    """
    found = [*answer.worded("supported"), *answer.worded("suggested")]
    regions, images, annotations = FindingRegions(store), list[JsonValue](), list[JsonValue]()
    left_out: dict[str, JsonValue] = {}
    for image_id in image_ids:
        try:
            width, height = store.image_size(image_id)
            masks = [regions.of(image_id, one.test.place) for one in found]
        except (FinercamError, OSError, ValueError) as error:
            left_out[image_id] = str(error)
            continue
        row = store.row(image_id)
        images.append({
            "id": len(images) + 1, "file_name": store.place(image_id), "width": width, "height": height,
            "image_id": image_id, "scientificName": str(row["scientificName"]),
        })  # fmt: skip
        for number, (one, mask) in enumerate(zip(found, masks, strict=True), 1):
            if mask is not None:
                drawn = _annotation(mask, one, answer)
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": len(images), "category_id": number, **drawn}
                )
    categories: list[JsonValue] = [
        {"id": number, "name": one.test.place.name, "supercategory": one.word}
        for number, one in enumerate(found, 1)
    ]  # fmt: skip
    about: Json = {"description": f"Where {answer.a} differs from {answer.b}", "run": store.provenance.run,
                   "left_out": left_out}  # fmt: skip
    return {"info": about, "images": images, "annotations": annotations, "categories": categories}


def _annotation(mask: Mask, finding: PlaceFinding, answer: PairAnswer) -> Json:
    shape = region_shape(mask)
    outline: JsonValue = [list(ring) for ring in polygons(mask)]
    lengths = run_lengths(mask)
    return {
        "segmentation": outline or {"size": list(mask.shape), "counts": lengths["counts"]},  # type: ignore[dict-item]
        "area": shape.area, "bbox": list(shape.bbox), "iscrowd": 0 if outline else 1,
        "attributes": {
            "word": finding.word, "p": finding.test.p, "term": finding.test.place.term or None,
            "species": answer.a, "reference": answer.b, "on": finding.test.on,
        },
    }  # fmt: skip
