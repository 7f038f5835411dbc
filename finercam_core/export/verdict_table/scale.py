"""Pixels per millimetre of a specimen's photograph: from its catalog, or from a scale bar that a reviewer marked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finercam_core.regions.rle import decode
from finercam_core.regions.traits import is_scale_bar
from finercam_core.review import Verdict

_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "µm": 0.001, "μm": 0.001, "um": 0.001}
_LENGTH = re.compile(r"([\d.,/]*\d)\s*(mm|cm|µm|μm|um)\b", re.IGNORECASE)
# "1,000" is a thousand to some and one to others; "1/2" and ".5" are left to be written out.
_NUMBER = re.compile(r"\d+(?:[.,]\d{1,2}|\.\d+)?")
_APART = 0.05  # relative difference of two scales above which they contradict each other


@dataclass(frozen=True)
class Scale:
    """The scale of a photograph.

    Attributes
    ----------
    pixels_per_mm : float or None
        None where it is not known.
    source : str
        Where it is from, in words; "" where it is not known.
    problem : str
        What is wrong with what was given, in words.
    """

    pixels_per_mm: float | None = None
    source: str = ""
    problem: str = ""


def scale_of(catalog_row: Mapping[str, str], verdicts: Iterable[Verdict]) -> Scale:
    """The scale of a specimen: its catalog's, else that of a bar; two that contradict each other are none.

    Parameters
    ----------
    catalog_row : mapping of str to str
        With `pixelsPerMillimetre`, where the catalog has it.
    verdicts : iterable of Verdict
        All of the specimen.
    """
    bars = [bar for verdict in verdicts for bar in _bars(verdict)]
    problems = [bar.problem for bar in bars if bar.problem]
    given = catalog_row.get("pixelsPerMillimetre", "")
    found = [Scale(float(given), "catalog")] if given else []
    found += [bar for bar in bars if bar.pixels_per_mm]
    values = [scale.pixels_per_mm for scale in found if scale.pixels_per_mm]
    if not values:
        return Scale(problem="; ".join(problems))
    if max(values) / min(values) - 1 > _APART:
        said = " and ".join(f"{scale.pixels_per_mm:.4g} ({scale.source})" for scale in found)
        return Scale(problem=f"the scales contradict each other: {said} pixels per mm")
    return Scale(values[0], found[0].source, "; ".join(problems))


def _bars(verdict: Verdict) -> list[Scale]:
    regions = [region for region in verdict.regions if is_scale_bar(region.trait)]
    if not regions or verdict.decision != "accept":
        return []
    lengths = {length[0]: length for length in _LENGTH.finditer(verdict.note)}
    if not lengths:
        return [Scale(problem=f"{verdict.reviewer} marked a scale bar, and the note says no length such as 10 mm")]
    said, length = next(iter(lengths.items()))
    if len(lengths) > 1 or not _NUMBER.fullmatch(length[1]):
        told = " and ".join(lengths)
        return [Scale(problem=f"the length of the scale bar of {verdict.reviewer} is not clear from the note: {told}")]
    millimetres = float(length[1].replace(",", ".")) * _MILLIMETRES[length[2].lower()]
    pixels = [bar_length(decode(region.rle)) for region in regions]
    if not (millimetres and all(pixels)):
        return [Scale(problem=f"the scale bar of {verdict.reviewer} has no length")]
    return [Scale(each / millimetres, f"scale bar of {said}, marked by {verdict.reviewer}") for each in pixels]


def bar_length(mask: npt.NDArray[np.bool_]) -> float:
    """Length in pixels of a straight bar: the extent of its pixels along their principal axis, both ends included.

    Parameters
    ----------
    mask : bool array (height, width)
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.0
    points = np.column_stack([columns, rows]).astype(np.float64)
    centred = points - points.mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    along = centred @ axis
    return float(along.max() - along.min() + 1)
