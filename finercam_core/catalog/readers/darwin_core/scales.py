"""Pixels per millimetre of occurrences, from the measurements of a Darwin Core Archive."""

import re

import pandas as pd

from finercam_core.io.raw_tables import Notice, RawTable

WANTED = ("#id", "measurementType", "measurementValue", "measurementUnit")
SCALE = "pixelsPerMillimetre"
_PIXEL, _PER = r"(?:px|pix|pixels?)", r"\s*(?:/|per|\s)\s*"
_LENGTHS = {"mm": 1.0, "millimetre": 1.0, "millimeter": 1.0, "cm": 10.0, "centimetre": 10.0, "centimeter": 10.0,
            "µm": 0.001, "μm": 0.001, "um": 0.001, "micrometre": 0.001, "micrometer": 0.001}  # fmt: skip
_LENGTH = f"({'|'.join(_LENGTHS)})s?"
_PIXELS_PER = re.compile(rf"^{_PIXEL}{_PER}{_LENGTH}$", re.IGNORECASE)
_LENGTH_PER = re.compile(rf"^{_LENGTH}{_PER}{_PIXEL}$", re.IGNORECASE)


def with_scales(occurrences: RawTable, measured: list[RawTable]) -> RawTable:
    """Occurrences with a column `pixelsPerMillimetre`, "" where no measurement gives it, or two give different ones.

    A measurement is a scale if its unit is one: ``px/mm``, ``mm per pixel``, ``µm/px`` and the like.

    Parameters
    ----------
    occurrences : RawTable
        With `#id`.
    measured : list of RawTable
        Rows of Darwin Core's MeasurementOrFact, with the columns of `WANTED`.
    """
    if not measured or "#id" not in occurrences.frame:
        return occurrences
    rows = pd.concat([table.frame.reindex(columns=list(WANTED), fill_value="") for table in measured])
    values = [
        pixels_per_mm(value, unit)
        for value, unit in zip(rows["measurementValue"], rows["measurementUnit"], strict=True)
    ]
    rows = rows.assign(scale=values).dropna(subset="scale")
    kinds = rows.groupby("#id")["scale"].agg(["min", "max"])
    sure = kinds[kinds["max"] - kinds["min"] <= 1e-9 * kinds["max"]]["min"].map(lambda scale: f"{scale:.9g}")
    unclear = len(kinds) - len(sure)
    notices = [*occurrences.notices, *(notice for table in measured for notice in table.notices)]
    if unclear:
        text = f"{unclear} occurrences have several scales; theirs is taken as unknown"
        notices.append(Notice("archive", measured[0].name, 1, text))
    if not len(sure):
        return RawTable(occurrences.name, occurrences.frame, occurrences.broken, notices)
    frame = occurrences.frame.assign(**{SCALE: occurrences.frame["#id"].map(sure).fillna("").astype("str")})
    return RawTable(occurrences.name, frame, occurrences.broken, notices)


def pixels_per_mm(value: str, unit: str) -> float | None:
    """Pixels per millimetre that a measurement gives; None if it is no scale, or not above 0."""
    try:
        number = float(value.strip().replace(",", "."))
    except ValueError:
        return None
    if not 0 < number < float("inf"):
        return None
    if found := _PIXELS_PER.match(unit.strip()):
        return number / _LENGTHS[found[1].lower()]
    if found := _LENGTH_PER.match(unit.strip()):
        return 1 / (number * _LENGTHS[found[1].lower()])
    return None
