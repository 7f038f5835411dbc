"""The picture of an answer: the mean specimen of each species in one frame, with the pooled difference on it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from finercam_core.diagnosis.aligned_specimens import SIDE, AlignedSpecimens
from finercam_core.diagnosis.alignment.frame import Mask
from finercam_core.diagnosis.alignment.frame_regions import AS_PICTURED
from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.findings import PairAnswer, PlaceFinding
from finercam_core.diagnosis.rule import LEVEL
from finercam_core.diagnosis.sentences import first_sentence
from finercam_core.errors import FinercamError, StoreError, counted
from finercam_core.images.overlay import laid_over

MOST = 40  # specimens of each species that are averaged
_WIDTH = 11  # inches
_MARGIN = 0.12  # inches above and below what is drawn, and above the headings
_SHOWN = 0.05  # share of the specimens that must reach a pixel for it to be shown
Floats = npt.NDArray[np.float64]
_OUTLINES = {"supported": "-", "suggested": ":"}


@dataclass(frozen=True)
class MeanSpecimen:
    """Means over a species' specimens in the common frame.

    Attributes
    ----------
    photograph : float64 array (side, side, 3)
        From 0 to 255.
    own, other : float64 array (side, side)
        Evidence for the species and for the one it is compared with; of finished comparisons the first is their map,
        the second 0.
    parts : dict of int to float64 array (side, side)
        Share of the specimens that show each part there.
    body : float64 array (side, side)
        Share of the specimens that lie there.
    n : int
        Specimens.
    unreadable : int
        Specimens that are not among them, as their photographs or maps cannot be read.
    """

    photograph: Floats
    own: Floats
    other: Floats
    parts: dict[int, Floats]
    body: Floats
    n: int
    unreadable: int = 0

    @property
    def counted(self) -> str:
        """Of how many specimens it is the mean, in words; those that could not be read are said."""
        missing = f" ({self.unreadable} more cannot be read)" if self.unreadable else ""
        return f"mean of {counted(self.n, 'specimen')}{missing}"

    @property
    def difference(self) -> Floats:
        """D = E_own - E_other."""
        return self.own - self.other


def mean_specimen(
    aligned: AlignedSpecimens, image_ids: Sequence[str], other: str, traits: Sequence[int] = ()
) -> MeanSpecimen:
    """Mean specimen of a species, and the mean of its evidence against another.

    Raises
    ------
    StoreError
        If no photograph can be read.
    """
    photographs, maps, parts, unreadable = [], [], [], 0
    for image_id in image_ids[:: max(1, len(image_ids) // MOST)][:MOST]:
        try:
            one = aligned(image_id)
        except (FinercamError, OSError, ValueError):
            unreadable += 1
            continue
        column = one.record.evidence[one.record.classes.index(other)]
        finished = one.record.compared_at is not None
        pair = (column, np.zeros_like(column)) if finished else (one.record.evidence[0], column)
        photographs.append(one.photograph)
        maps.append([one.map(values) for values in pair])
        parts.append(one.parts(traits))
    if not photographs:
        raise StoreError(f"no photograph of {image_ids[0]} and its kind can be read", "give --images")
    *shares, body = np.mean(parts, axis=0)
    named = dict(zip(traits, shares, strict=True))
    own, against = np.mean(maps, axis=0)
    mean: Floats = np.asarray(np.mean(photographs, axis=0, dtype=np.float64))
    return MeanSpecimen(mean, own, against, named, body, len(photographs), unreadable)


def mean_specimens(
    diagnosis: Diagnosis, answer: PairAnswer, aligned: AlignedSpecimens | None = None
) -> tuple[MeanSpecimen, MeanSpecimen]:
    """Mean specimens of both species of an answer, with the parts that its findings are about.

    Parameters
    ----------
    diagnosis : Diagnosis
    answer : PairAnswer
    aligned : AlignedSpecimens, optional
        Of the same store, for whoever draws several answers.

    Raises
    ------
    StoreError
        If no photograph of either can be read.
    """
    shown = [*answer.worded("supported"), *answer.worded("suggested")]
    traits = [one.test.place.trait_id for one in shown if one.test.place.trait_id is not None]
    a, b, known = answer.a, answer.b, aligned or AlignedSpecimens(diagnosis.store)
    return (
        mean_specimen(known, diagnosis.places(a).image_ids, b, traits),
        mean_specimen(known, diagnosis.places(b).image_ids, a, traits),
    )


def draw_answer(
    diagnosis: Diagnosis,
    answer: PairAnswer,
    target: Path | BinaryIO,
    *,
    dpi: int = 100,
    title: bool = True,
    means: tuple[MeanSpecimen, MeanSpecimen] | None = None,
) -> None:
    """Draw the mean specimens of both species and the pooled difference on the mean of both; writes a PNG.

    Supported places have a solid outline, suggested ones a dotted one.

    Parameters
    ----------
    diagnosis : Diagnosis
    answer : PairAnswer
    target : Path or binary file
    dpi : int
        The picture is `_WIDTH` inches wide.
    title : bool
        Write the sentence above it.
    means : pair of MeanSpecimen, optional
        Those of the answer, where they were made before.
    """
    shown = [*answer.worded("supported"), *answer.worded("suggested")]
    here, there = means or mean_specimens(diagnosis, answer)
    # D is E_A - E_B, which is minus what the specimens of B have against A: their means add up to the separation.
    pooled = here.difference + there.difference
    ends = frame_ends(here, there)
    rows, columns = (last - first for first, last in ends)
    height = _WIDTH / 3 * rows / columns + (1.0 if title else 0.5) + 2 * _MARGIN
    layout = ConstrainedLayoutEngine(h_pad=_MARGIN, rect=(0, 0, 1, 1 - _MARGIN / height))
    figure = Figure((_WIDTH, height), layout=layout, facecolor="white")
    axes = figure.subplots(1, 3)
    both, panel = (here.photograph + there.photograph) / 2, _panel(answer, shown)
    for axis, pixels, heading in (
        (axes[0], here.photograph, f"{answer.a}\n{here.counted}"),
        (axes[1], there.photograph, f"{answer.b}\n{there.counted}"),
        (axes[2], laid_over(_pixels(both), np.maximum(pooled, 0) / max(pooled.max(), 1e-12)), panel),
    ):
        axis.imshow(_pixels(pixels))
        style = "normal" if heading == panel else "italic"
        axis.set_title(heading, fontsize=11, fontstyle=style, parse_math=False)  # a name may hold a dollar sign
        axis.set_axis_off()
        axis.set_xlim(*ends[1])
        axis.set_ylim(*ends[0][::-1])
        for one in shown:
            _outline(axis, one, here, there)
    if title:
        words = "\n".join(textwrap.wrap(first_sentence(answer, mark=""), 110))
        figure.suptitle(words, fontsize=11, ha="center", parse_math=False)
    if isinstance(target, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(target, dpi=dpi, format="png")


def frame_ends(here: MeanSpecimen, there: MeanSpecimen) -> list[tuple[float, float]]:
    """First and last row, and first and last column, of what the specimens cover, with some ground around it."""
    body: Mask = np.maximum(here.body, there.body) > _SHOWN
    found = []
    for axis in (1, 0):
        lines = np.flatnonzero(body.any(axis=axis)) if body.any() else np.array([0, SIDE - 1])
        edge = 0.15 * (np.ptp(lines) + 1)
        found.append((max(-0.5, lines.min() - edge), min(SIDE - 0.5, lines.max() + edge)))
    return found


_SCALE = "little (clear) to much (purple)"


def _panel(answer: PairAnswer, shown: Sequence[PlaceFinding]) -> str:
    """Heading of the map: where nothing is found its colours are no finding, and that is said."""
    if not answer.told_apart.p < LEVEL:
        return "not told apart: these colours are chance"
    if not shown:
        return f"the classifier's evidence, no place supported\n{_SCALE}"
    return f"what separates them, to the classifier\n{_SCALE}"


def _pixels(values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    return np.rint(np.asarray(values, np.float64)).clip(0, 255).astype(np.uint8)


def _outline(axis: Axes, finding: PlaceFinding, here: MeanSpecimen, there: MeanSpecimen) -> None:
    """Outline of a finding's place, with its name beside it."""
    region = _region(finding, here, there)
    if region is None or not region.any() or region.all():
        return
    axis.contour(region, levels=[0.5], colors="#0072b2", linewidths=1.6, linestyles=_OUTLINES[finding.word])
    ys, xs = np.nonzero(region)
    low = ys.mean() > 0.45 * SIDE  # the middle of the frame is that of the specimen: names go outwards
    at, align = (ys.max() + 3, "top") if low else (ys.min() - 2, "bottom")
    name = "\n".join(textwrap.wrap(finding.test.place.name.replace(AS_PICTURED, ""), 16))
    axis.annotate(name, (xs.mean(), at), ha="center", va=align, fontsize=8, color="#0072b2", parse_math=False)


def _region(finding: PlaceFinding, here: MeanSpecimen, there: MeanSpecimen) -> Mask | None:
    place = finding.test.place
    if place.cells is not None:
        rows = np.arange(SIDE) * len(place.cells) // SIDE
        return np.asarray(place.cells[rows][:, rows])
    if place.kind != "part" or place.trait_id is None:
        return None
    return np.asarray(np.maximum(here.parts[place.trait_id], there.parts[place.trait_id]) > 0.4)
