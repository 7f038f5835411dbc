"""Pictures of several specimens and their maps side by side, for readers of a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text

from finercam_core.images.palette import HEAT
from finercam_core.io.atomic import replacing

HEAT_COLORMAP = LinearSegmentedColormap.from_list("finercam-heat", HEAT)


@dataclass(frozen=True)
class PictureRow:
    """One specimen of a picture.

    Attributes
    ----------
    title : str
    image : uint8 array (height, width, 3)
    maps : sequence of arrays (height, width)
        Maps at image resolution, shown from zero to each one's own largest value.
    truth : bool array (height, width), optional
        True region, drawn as an outline in every panel but the first.
    """

    title: str
    image: npt.NDArray[np.uint8]
    maps: Sequence[npt.NDArray[np.float32]]
    truth: npt.NDArray[np.bool_] | None = None


def maps_picture(rows: Sequence[PictureRow], names: Sequence[str], path: str | Path, *, footer: str = "") -> None:
    """Draw specimens and their maps side by side into a PNG, one specimen per row.

    Parameters
    ----------
    rows : sequence of PictureRow
    names : sequence of str
        Headings of the maps' columns.
    path : str or Path
        PNG to write.
    footer : str
        How the maps were made.
    """
    truth = any(row.truth is not None for row in rows)
    columns = ["specimen", *names, *(["true difference"] if truth else [])]
    figure = Figure(figsize=(2.9 * len(columns), 2.25 * len(rows) + 0.6), layout="constrained")
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        _draw_row(line, row, len(names))
        line[0].set_ylabel(row.title, fontsize=9)
    for axis, name in zip(axes[0], columns, strict=True):
        axis.set_title(name, fontsize=11)
    if footer:
        figure.supxlabel(footer, fontsize=8, color="0.35")
    save_png(figure, Path(path))


def without_formulas(figure: Figure) -> None:
    """Have all texts of a figure drawn as they are: a dollar sign in a name is no formula of TeX."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)


def save_png(figure: Figure, path: Path) -> None:
    """Draw a figure into a PNG, whole or not at all, its texts as they are."""
    without_formulas(figure)
    with replacing(path) as partial:
        FigureCanvasAgg(figure).print_png(str(partial))  # type: ignore[no-untyped-call]


def _draw_row(axes: Sequence[Axes], row: PictureRow, maps: int) -> None:
    for axis in axes:
        axis.imshow(row.image)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
    for axis, values in zip(axes[1 : 1 + maps], row.maps, strict=True):
        axis.imshow(values, cmap=HEAT_COLORMAP, vmin=0, vmax=max(float(np.max(values)), 1e-12), interpolation="nearest")
        _outline(axis, row.truth)
    if row.truth is not None:
        overlay = np.zeros((*row.truth.shape, 4))
        overlay[row.truth] = (0.0, 0.35, 0.7, 0.6)
        axes[-1].imshow(overlay, interpolation="nearest")


def _outline(axis: Axes, truth: npt.NDArray[np.bool_] | None) -> None:
    if truth is not None and truth.any() and not truth.all():
        axis.contour(truth, levels=[0.5], colors="#00589b", linewidths=0.9)
