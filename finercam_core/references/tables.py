"""References from a table: given by hand, or the classes that the classifier confused."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.errors import ComparisonError, counted
from finercam_core.io.tables import open_binary, read_certain_table
from finercam_core.references.policies import Classes, Floats, Positions, Settings
from finercam_core.taxonomy.names import parse_names


class PairTable:
    """Numbers of pairs of names, looked up for the classes of a classifier.

    Parameters
    ----------
    table : DataFrame
        Columns species, other, and value: lower is closer.
    sha256 : str
        Hash of the file that it was read from, for the provenance.
    """

    def __init__(self, table: pd.DataFrame, sha256: str) -> None:
        self.table = table
        self.sha256 = sha256
        self._values: dict[int, dict[int, float]] = {}

    def locate(self, classes: Classes) -> tuple[pd.Series, pd.Series]:
        """Look the names up among the classes: positions of species and other, -1 for a name of no class."""
        positions = {name: i for i, name in enumerate(classes.names)}
        species, other = (_positions(self.table[column], positions) for column in ("species", "other"))
        self._values = {}
        for i, k, value in zip(species, other, self.table["value"], strict=True):
            if i >= 0 and k >= 0:
                self._values.setdefault(int(i), {})[int(k)] = float(value)
        return species, other

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Numbers of the table (rows, candidates), lower is closer; ``inf`` for pairs that are not in it."""
        numbers = np.full((len(rows), len(candidates)), np.inf)
        columns = {int(k): column for column, k in enumerate(candidates)}
        for i, row in enumerate(rows):
            for k, value in self._values.get(int(row), {}).items():
                if k in columns:
                    numbers[i, columns[k]] = value
        return numbers


def _positions(names: pd.Series, positions: dict[str, int]) -> pd.Series:
    """Position of each name as it is written, else of its cleaned form; -1 for a name of no class."""
    exact = names.map(positions)
    return exact.fillna(parse_names(names)["canonical"].map(positions)).fillna(-1).astype(np.int64)


class ByHand:
    """Exactly the references that a person listed; species that the list lacks are compared by tier."""

    exclusive = True

    def __init__(self, pairs: PairTable) -> None:
        self._pairs = pairs

    @property
    def settings(self) -> Settings:
        """Hash of the table."""
        return {"order": "by hand; others by tier, weight cosine, name", "table_sha256": self._pairs.sha256}

    def start(self, classes: Classes) -> None:
        """Look up the names; raises `ComparisonError` with every reference that is not another class."""
        species, other = self._pairs.locate(classes)
        bad = self._pairs.table[(other < 0) | ((species >= 0) & (species == other))]
        if len(bad):
            rows = "; ".join(f"row {row}: {name!r}" for row, name in bad["other"].head(20).items())
            problem = f"not another class of the classifier: {counted(len(bad), 'reference')} given by hand ({rows})"
            raise ComparisonError(problem, "name classes of the classifier, as its classes.csv has them")

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Place of each candidate in the list of the species."""
        return self._pairs.rank(rows, candidates)

    def reason(self, value: float) -> str:
        """Whether a person chose it."""
        return "given by hand" if np.isfinite(value) else "none given by hand"


class Confusions:
    """The classes that the classifier most often took the species for on held-out images."""

    exclusive = False

    def __init__(self, pairs: PairTable) -> None:
        self._pairs = pairs

    @property
    def settings(self) -> Settings:
        """Hash of the table."""
        return {"order": "confusions, tier, weight cosine, name", "table_sha256": self._pairs.sha256}

    def start(self, classes: Classes) -> None:
        """Look up the names; those of no class are ignored."""
        self._pairs.locate(classes)

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Minus the number of confused images."""
        return self._pairs.rank(rows, candidates)

    def reason(self, value: float) -> str:
        """How often the classifier confused the two."""
        return f"taken for it in {counted(round(-value), 'image')}" if np.isfinite(value) else "never taken for it"


def write_confusions(path: Path, images: Mapping[tuple[str, str], int]) -> None:
    """Write a table of confusions that `read_references` takes: number of images by (species, predicted species)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["species", "predicted", "images"])
        writer.writerows((*pair, count) for pair, count in sorted(images.items()))


def read_references(path: str | Path) -> ByHand | Confusions:
    """Read a table of pairs: ``species,reference`` in order of preference, or ``species,predicted,images``.

    Raises
    ------
    ComparisonError
        Columns are missing, or numbers of images are not numbers; every such row is named.
    """
    with open_binary(str(path)) as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    frame = read_certain_table(str(path)).frame
    columns = {str(column).strip().lower(): str(column) for column in frame.columns}
    species = _first(columns, ("species", "scientificname", "target"))
    if species and (other := _first(columns, ("reference", "references", "reference_species"))):
        return ByHand(PairTable(_preferences(frame[species], frame[other]), digest))
    if species and (other := _first(columns, ("predicted", "prediction", "taken_for"))):
        images = _first(columns, ("images", "count", "n"))
        counts = _counts(frame[species], frame[other], frame[images] if images else None, str(path))
        return Confusions(PairTable(counts, digest))
    problem = f"{path} lists no references; it has the columns {', '.join(map(str, frame.columns))}"
    raise ComparisonError(problem, "name them species,reference or species,predicted,images")


def _first(columns: dict[str, str], wanted: Sequence[str]) -> str | None:
    return next((columns[name] for name in wanted if name in columns), None)


def _preferences(species: pd.Series, other: pd.Series) -> pd.DataFrame:
    """References of each species numbered in their order."""
    table = pd.DataFrame({"species": species.str.strip(), "other": other.str.strip()})
    return table.assign(value=table.groupby("species").cumcount().astype(np.float64))


def _counts(species: pd.Series, predicted: pd.Series, images: pd.Series | None, path: str) -> pd.DataFrame:
    """Minus the confused images of each pair; one per row where the table has no numbers."""
    table = pd.DataFrame({"species": species.str.strip(), "other": predicted.str.strip()})
    numbers = pd.Series(1.0, table.index) if images is None else pd.to_numeric(images, errors="coerce")
    bad = numbers[~np.isfinite(numbers) | (numbers < 0)].index
    if len(bad):
        rows = f"{counted(len(bad), 'row')}: {', '.join(map(str, bad[:20]))}"
        raise ComparisonError(f"{path} has no number of images in {rows}", "correct these rows")
    table = table.assign(value=-numbers)
    table = table[(table["species"] != table["other"]) & (numbers > 0)]
    return table.groupby(["species", "other"], as_index=False)["value"].sum()
