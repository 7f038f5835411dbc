"""Whether patch correspondence places specimens better than the frame: `… diagnosis_alignment.py DEMO [--species 15]`.

Held-out specimens of a rendered collection whose masks are not shown to the alignment. Landmarks are the middles of
the named parts, whose places the masks give. Each specimen is brought onto the template of its species (the medoid of
the landmarks' places in the frame): by the frame alone, from masks and from outlines on the background; and from
outlines with an affine map fitted to mutual nearest neighbours among the classifier's own features at the target layer.
Prints how far landmarks lie from the template's, in roots of the body's area and in cells of the map.
"""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import torch
from demo_folder import demo_from_arguments

from finercam_core.diagnosis.alignment.frame import Placement
from finercam_core.diagnosis.alignment.specimen_pictures import SpecimenPicture, outlined, specimen_picture
from finercam_core.explain import Classifier
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store

Floats = npt.NDArray[np.float64]
TRIMMED = 0.3  # roots of the area beyond which a match is left out, three times over


def landmarks(picture: SpecimenPicture, where: Placement, traits: list[int]) -> dict[int, Floats]:
    """Middle of each part that a specimen shows, in the frame."""
    found = {}
    for trait in traits:
        ys, xs = np.nonzero(picture.labels == trait)
        if len(ys) >= 8:
            found[trait] = where.to_frame(np.array([xs.mean(), ys.mean()]))
    return found


def patches(store: Store, classifier: Classifier, image_id: str, seen: SpecimenPicture) -> tuple[Floats, Floats]:
    """Features (n, C), of unit length, and places in the frame (n, 2) of the grid's cells on a specimen."""
    pixels = classifier.preparation(store.image(image_id))
    with torch.no_grad():
        activation, _ = classifier.route.forward(torch.from_numpy(pixels[None]))
    features = activation[0].double().numpy()
    _, h, w = features.shape
    height, width = seen.labels.shape
    y, x = (np.arange(h) + 0.5) * height / h - 0.5, (np.arange(w) + 0.5) * width / w - 0.5
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    on = seen.body[points[:, 1].round().astype(int), points[:, 0].round().astype(int)]
    flat = features.reshape(len(features), -1).T[on]
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12), seen.where.to_frame(points[on])


def fitted(own: tuple[Floats, Floats], template: tuple[Floats, Floats]) -> tuple[Floats, int]:
    """Affine map (3, 2) from a specimen's frame to the template's by mutual nearest neighbours, and their number."""
    alike = own[0] @ template[0].T
    there, back = alike.argmax(1), alike.argmax(0)
    mutual = np.flatnonzero(back[there] == np.arange(len(there)))
    x, y = np.c_[own[1][mutual], np.ones(len(mutual))], template[1][there[mutual]]
    keep, moved = np.ones(len(x), bool), np.eye(3)[:, :2]
    for _ in range(3):
        if keep.sum() < 6:
            return np.eye(3)[:, :2], int(keep.sum())
        moved = np.linalg.lstsq(x[keep], y[keep], rcond=None)[0]
        keep = np.linalg.norm(x @ moved - y, axis=1) < TRIMMED
    return moved, int(keep.sum())


def main() -> None:
    """Align and print."""
    store, classifier, most = demo_from_arguments(__doc__, "species", 15)
    traits, errors = [trait.id for trait in traits_of(store)], defaultdict[str, list[float]](list)
    cells: list[float] = []
    matches: list[int] = []
    for species in sorted(store.species)[:most]:
        rows = store.rows[(store.rows["scientificName"] == species) & (store.rows["split"] == "test")]
        shown = {image_id: specimen_picture(store, image_id) for image_id in sorted(rows["image_id"])}
        blind = {image_id: outlined(image_id, one.pixels) for image_id, one in shown.items()}
        cells += [store.preparation.height / store.provenance.grid[0] / one.where.scale for one in blind.values()]
        for kind, frames in (("frame, from masks", shown), ("frame, from outlines", blind)):
            marks = {image_id: landmarks(shown[image_id], one.where, traits) for image_id, one in frames.items()}
            middle = {trait: np.median([m[trait] for m in marks.values() if trait in m], axis=0)
                      for trait in traits if any(trait in m for m in marks.values())}  # fmt: skip
            off = {image_id: np.mean([np.linalg.norm(m[t] - middle[t]) for t in m]) for image_id, m in marks.items()}
            template = min(off, key=off.__getitem__)
            for image_id, own in marks.items():
                shared = [t for t in own if t in marks[template] and image_id != template]
                errors[kind] += [float(np.linalg.norm(own[t] - marks[template][t])) for t in shared]
                if kind.endswith("outlines") and shared:
                    moved, count = fitted(
                        *(patches(store, classifier, one, blind[one]) for one in (image_id, template))
                    )
                    matches.append(count)
                    places = [np.append(own[t], 1) @ moved for t in shared]
                    off_by = (place - marks[template][t] for place, t in zip(places, shared, strict=True))
                    errors["outlines, then patch correspondence"] += [float(np.linalg.norm(one)) for one in off_by]
    cell = float(np.median(cells))
    print(
        f"a cell of the map is {cell:.3f} roots of the body's area; {np.median(matches):.0f} mutual matches a specimen"
    )
    for kind, values in errors.items():
        middle, high = np.median(values), np.quantile(values, 0.9)
        print(f"{kind}: landmarks {middle:.3f} [90%: {high:.3f}] off, {middle / cell:.2f} [{high / cell:.2f}] cells, "
              f"n = {len(values)}")  # fmt: skip


if __name__ == "__main__":
    main()
