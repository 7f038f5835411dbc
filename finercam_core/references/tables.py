"""References from a table: given by hand, or what the classifier mixed up."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finercam_core.errors import ComparisonError
from finercam_core.io.tables import open_binary, read_table
from finercam_core.references.policies import Classes, Floats, Places
from finercam_core.taxonomy.names import parse_names


class _Numbers:
    """Numbers of pairs of names, looked up for the classes of a classifier."""

    def __init__(self, table: pd.DataFrame, sha256: str) -> None:
        self.table = table
        self.sha256 = sha256

    def start(self, classes: Classes) -> None:
        """Turn names into positions, after all rows that name no class are told at once."""
        places = {name: i for i, name in enumerate(classes.names)}
        left, right = (self._places(self.table[column], places) for column in ("species", "other"))
        self._check(left, right)
        kept = ((left >= 0) & (right >= 0)).to_numpy(bool)
        self._pairs: dict[int, list[tuple[int, float]]] = {}
        for i, k, value in zip(left[kept], right[kept], self.table["value"][kept], strict=True):
            self._pairs.setdefault(int(i), []).append((int(k), float(value)))

    @staticmethod
    def _places(names: pd.Series, places: dict[str, int]) -> pd.Series:
        """Position of each name as it stands, else of its cleaned form; -1 for no class."""
        found = names.map(places)
        return found.fillna(parse_names(names)["canonical"].map(places)).fillna(-1).astype(np.int64)

    def _check(self, left: pd.Series, right: pd.Series) -> None:
        """Nothing to refuse."""

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """Numbers of the table, lower is closer; ``inf`` for pairs that are not in it."""
        found = np.full((len(rows), len(candidates)), np.inf)
        place = {int(k): j for j, k in enumerate(candidates)}
        for i, row in enumerate(rows):
            for k, value in self._pairs.get(int(row), ()):
                if k in place:
                    found[i, place[k]] = value
        return found


class ByHand(_Numbers):
    """Exactly the references that a person listed; species that the list lacks are compared by tier."""

    exclusive = True

    @property
    def settings(self) -> dict[str, Any]:
        """Hash of the table."""
        return {"order": "by hand; others by tier, weight cosine, name", "table_sha256": self.sha256}

    def reason(self, value: float) -> str:
        """Whether a person chose it."""
        return "given by hand" if np.isfinite(value) else "none given by hand"

    def _check(self, left: pd.Series, right: pd.Series) -> None:
        bad = self.table[(right < 0) | ((left >= 0) & (left == right))]
        if len(bad):
            told = "; ".join(f"row {row}: {name!r}" for row, name in bad["other"].head(20).items())
            problem = f"{len(bad)} references given by hand are no other class of the classifier: {told}"
            raise ComparisonError(problem, "name classes of the classifier, as its classes.csv has them")


class Confusions(_Numbers):
    """The classes that the classifier most often took the species for on held-out images."""

    exclusive = False

    @property
    def settings(self) -> dict[str, Any]:
        """Hash of the table."""
        return {"order": "confusions, tier, weight cosine, name", "table_sha256": self.sha256}

    def reason(self, value: float) -> str:
        """How often."""
        return f"taken for it in {-value:.0f} images" if np.isfinite(value) else "never taken for it"


def read_references(path: str | Path) -> "ByHand | Confusions":
    """Read a table of pairs: ``species,reference`` in order of preference, or ``species,predicted,images``.

    Raises
    ------
    ComparisonError
        Columns are missing, or numbers of images are not numbers; every such row is named.
    """
    with open_binary(str(path)) as file:
        content = file.read()
    raw = read_table(str(path)).frame
    digest = hashlib.sha256(io.BytesIO(content).getbuffer()).hexdigest()
    named = {str(column).strip().lower(): column for column in raw.columns}
    species = _first(named, ("species", "scientificname", "target"))
    if species and (other := _first(named, ("reference", "references", "reference_species"))):
        return ByHand(_pairs(raw[species], raw[other]), digest)
    if species and (other := _first(named, ("predicted", "prediction", "taken_for"))):
        images = _first(named, ("images", "count", "n"))
        return Confusions(_counts(raw[species], raw[other], raw[images] if images else None, str(path)), digest)
    problem = f"{path} lists no references; it has the columns {', '.join(map(str, raw.columns))}"
    raise ComparisonError(problem, "name them species,reference or species,predicted,images")


def _first(named: dict[str, str], wanted: Sequence[str]) -> str | None:
    return next((named[name] for name in wanted if name in named), None)


def _pairs(species: pd.Series, other: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"species": species.str.strip(), "other": other.str.strip()})
    return table.assign(value=table.groupby("species").cumcount().astype(np.float64))


def _counts(species: pd.Series, predicted: pd.Series, images: pd.Series | None, path: str) -> pd.DataFrame:
    table = pd.DataFrame({"species": species.str.strip(), "other": predicted.str.strip()})
    numbers = pd.Series(1.0, table.index) if images is None else pd.to_numeric(images, errors="coerce")
    bad = numbers[~np.isfinite(numbers) | (numbers < 0)].index
    if len(bad):
        told = ", ".join(map(str, bad[:20]))
        raise ComparisonError(f"{path} has no number of images in {len(bad)} rows: {told}", "correct these rows")
    table = table.assign(value=-numbers)
    table = table[(table["species"] != table["other"]) & (numbers > 0)]
    return table.groupby(["species", "other"], as_index=False)["value"].sum()
