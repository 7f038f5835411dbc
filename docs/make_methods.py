"""Draw the pictures of docs/methods.md from a demo: `python docs/make_methods.py demo docs/images`.

One rendered specimen under every base method (rows) and γ (columns), against one congener, at two target layers.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from finercam_core.base_methods import BASE_METHODS
from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.explain import Classifier, explain, load_classifier
from finercam_core.finer import coefficients, combine
from finercam_core.images.pictures import HEAT_COLORMAP
from finercam_core.images.preparation import to_image
from finercam_core.store import Store, open_store
from finercam_core.synthetic import true_region_of

GAMMAS = (0.0, 0.3, 0.6, 1.0, 1.5)
SPECIES, REFERENCE = "Coralodon ocellatus", "Coralodon rotundus"
BLUE, BACKGROUND = "#005ab4", "white"
Mask = npt.NDArray[np.bool_]


def main(demo: Path, images: Path) -> None:
    """Draw the picture of each layer."""
    store = open_store(demo / "maps.zarr")
    test = store.specimens[(store.specimens["scientificName"] == SPECIES) & (store.specimens["split"] == "test")]
    specimen, look_alike = str(test["image_id"].iloc[0]), _first_of(store, REFERENCE)
    truth = true_region_of(demo / "collection", Path(store.place(specimen)).stem, REFERENCE)
    for layer, name in (("layer2", "methods.png"), ("layer1", "methods-earlier-layer.png")):
        classifier = load_classifier(demo / "classifier", target_layer=layer, device="cpu")
        _draw(store, classifier, specimen, look_alike, truth, images / name)


def _first_of(store: Store, species: str) -> str:
    return str(store.specimens.loc[store.specimens["scientificName"] == species, "image_id"].iloc[0])


def _draw(store: Store, classifier: Classifier, specimen: str, look_alike: str, truth: Mask, path: Path) -> None:
    figure = Figure(figsize=(9.6, 14.2), layout="constrained", facecolor=BACKGROUND)
    head, body = figure.subfigures(2, 1, height_ratios=(1.5, len(BASE_METHODS)))
    _draw_photographs(head, store, specimen, look_alike, truth)
    photo = np.asarray(store.image(specimen))
    axes = body.subplots(len(BASE_METHODS), len(GAMMAS))
    for line, method in zip(axes, BASE_METHODS.values(), strict=True):
        for axis, gamma in zip(line, GAMMAS, strict=True):
            values = _map(store, classifier, specimen, method.name, gamma)
            share = float(energy_share(values, truth))
            _panel(axis, photo, values, truth, f"{share:.0%}" if np.isfinite(share) else "–")
        line[0].set_ylabel(method.title, fontsize=11)
    for axis, gamma in zip(axes[0], GAMMAS, strict=True):
        axis.set_title(f"γ = {gamma:g}", fontsize=12)
    grid = "x".join(map(str, classifier.grid))
    area = f"the true region is {truth.mean():.1%} of the picture"
    figure.supxlabel(
        f"Target layer {classifier.target_layer}, {grid} cells. Blue outline: the true difference; in each corner the "
        f"share of the map that lies in it\n({area}). Each map is shown from zero to its own largest value.",
        fontsize=10, color="0.3",
    )  # fmt: skip
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # 256 colours are enough for a page, and a quarter of the bytes.
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(256).save(path, optimize=True)


def _draw_photographs(head: SubFigure, store: Store, specimen: str, look_alike: str, truth: Mask) -> None:
    axes = head.subplots(1, 2)
    titles = (f"{SPECIES}, the specimen", f"{REFERENCE}, the look-alike")
    for axis, image_id, title in zip(axes, (specimen, look_alike), titles, strict=True):
        _bare(axis)
        axis.imshow(np.asarray(store.image(image_id)))
        axis.set_title(title, fontsize=12, style="italic")
    _outline(axes[0], truth)


def _map(store: Store, classifier: Classifier, specimen: str, method: str, gamma: float) -> npt.NDArray[np.float32]:
    image = store.image(specimen)
    pixels = classifier.preparation(image)[None]
    classes = [[classifier.index(SPECIES), classifier.index(REFERENCE)]]
    explanation = explain(classifier, pixels, classes, method=method, gamma=gamma)
    compared_at = None if BASE_METHODS[method].linear else gamma
    weights = coefficients(np.zeros(2), 0.0, gamma=gamma, compared_at=compared_at)
    values = combine(explanation.evidence[0].numpy(), weights)
    return to_image(values, classifier.preparation.window(image.size), image.size)


def _panel(axis: Axes, photo: npt.NDArray[np.uint8], values: npt.NDArray[np.float32], truth: Mask, words: str) -> None:
    _bare(axis)
    axis.imshow(photo)
    axis.imshow(values, cmap=HEAT_COLORMAP, vmin=0, vmax=max(float(values.max()), 1e-12), interpolation="nearest")
    _outline(axis, truth)
    axis.text(0.985, 0.03, words, transform=axis.transAxes, ha="right", va="bottom", fontsize=10, weight="bold")


def _outline(axis: Axes, truth: Mask) -> None:
    """White below the blue, so that the outline is visible on any background."""
    for colour, width in (("white", 2.4), (BLUE, 1.1)):
        axis.contour(truth, [0.5], colors=colour, linewidths=width)


def _bare(axis: Axes) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
