"""A store as a scientist sees it: species, maps of one against another, photographs, tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from finercam.answers import Answer
from finercam.places import with_places
from finercam_core.baselines import IN_WORDS, LOOKED_THROUGH
from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.survey import survey, survey_table
from finercam_core.errors import StoreError, counted
from finercam_core.finer import compared_gamma, finer_cam, gamma_for
from finercam_core.images.faults import ImageError
from finercam_core.images.overlay import laid_over, scaled_to_one
from finercam_core.images.pictures import without_formulas
from finercam_core.images.preparation import to_image
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store, open_store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.strengths import Baseline, Weighting
from finercam_core.suggestions import did_you_mean

SHOWN = 4
"""Specimens that `PairMap.plot` shows where nothing is said."""


def open(location: str | Path, *, images: str | Path | None = None) -> "Maps":
    """Open a store of evidence maps.

    Parameters
    ----------
    location : str or Path
        Folder, or a URL such as ``s3://bucket/maps.zarr``.
    images : str or Path, optional
        Folder of the photographs, if they have moved.

    Returns
    -------
    Maps
    """
    return Maps(open_store(location, images=images))


@dataclass(frozen=True)
class PairMap:
    """Finer-CAM maps of the specimens of one species, against one or more others.

    Attributes
    ----------
    values : xarray.DataArray
        float32 (specimen, y, x) in units of the logit. Coordinates by specimen: `y_fraction`, `x_fraction` (centres of
        the cells as fractions of the photograph, y down) and `y_pixel`, `x_pixel`; NaN where the photograph is gone.
        Cells beyond the photograph, which some models see as a border, lie below 0 or above 1.
    store : Store
    """

    values: xr.DataArray
    store: Store

    @property
    def specimens(self) -> list[str]:
        """Ids of the specimens that have a map."""
        done = np.isfinite(self.values.values).all(axis=(1, 2))
        return [str(name) for name in self.values["specimen"].values[done]]

    def __repr__(self) -> str:
        """What a notebook shows."""
        made = self.values.attrs
        n, (h, w) = counted(len(self.specimens), "specimen"), self.values.shape[1:]
        against = " and ".join(made["references"]) or "nothing"
        return (
            f"<PairMap: {made['target']} against {against}, γ = {made['gamma']:g}{_above(made)}, {n}, {h} × {w} cells>"
        )

    def on_photograph(self, image_id: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        """The photograph of a specimen, uint8 (height, width, 3), and its map at the same size, float32.

        Raises
        ------
        ImageError
            If the photograph cannot be read.
        """
        image = self.store.image(image_id)
        grid = self.values.sel(specimen=image_id).values
        return np.asarray(image), to_image(grid, self.store.preparation.window(image.size), image.size)

    def plot(self, specimens: str | Sequence[str] | None = None) -> Figure:
        """Show maps on their photographs; in a notebook the figure appears by itself.

        Parameters
        ----------
        specimens : str or sequence of str, optional
            Ids; by default the first few with a photograph, held-out ones first.

        Returns
        -------
        matplotlib.figure.Figure, to save with ``savefig``.

        Raises
        ------
        StoreError
            If no photograph can be read.
        """
        pictures = dict(self._pictures(specimens))
        if not pictures:
            raise StoreError("no photograph of these specimens can be read", "give their folder: open(…, images=…)")
        figure = Figure(figsize=(3 * len(pictures), 3.4), layout="constrained")
        axes = figure.subplots(1, len(pictures), squeeze=False)[0]
        for axis, (image_id, picture) in zip(axes, pictures.items(), strict=True):
            axis.imshow(picture)
            axis.set_title(image_id, fontsize=8)
            axis.set_axis_off()
        made = self.values.attrs
        against = ", ".join(made["references"])
        title = f"{made['target']} against {against}, γ = {made['gamma']:g}{_above(made)}"
        figure.suptitle(title, fontsize=10, style="italic")
        without_formulas(figure)
        return figure

    def _pictures(self, specimens: str | Sequence[str] | None) -> list[tuple[str, npt.NDArray[np.uint8]]]:
        wanted = [specimens] if isinstance(specimens, str) else specimens
        made: list[tuple[str, npt.NDArray[np.uint8]]] = []
        for image_id in self._in_order() if wanted is None else wanted:
            try:
                photograph, values = self.on_photograph(image_id)
            except ImageError:
                if wanted is not None:
                    raise
                continue
            made.append((image_id, laid_over(photograph, scaled_to_one(values))))
            if wanted is None and len(made) == SHOWN:
                break
        return made

    def _in_order(self) -> list[str]:
        """Specimens with a map, held-out ones first."""
        split = self.store.rows["split"]
        return sorted(self.specimens, key=lambda image_id: split.get(image_id, "") != "test")

    def to_pandas(self) -> pd.DataFrame:
        """One row per cell: specimen, y_fraction, x_fraction, y_pixel, x_pixel, value in logits."""
        table = self.values.rename("value").to_dataframe().reset_index()
        return table[["specimen", "y_fraction", "x_fraction", "y_pixel", "x_pixel", "value"]]


def _above(made: Mapping[str, Any]) -> str:
    """What a map is above, to go on after how it was made; "" for a plain one."""
    return f", {IN_WORDS[made['above']]}" if "above" in made else ""


class Maps:
    """A store opened for reading.

    Parameters
    ----------
    store : Store
        From `finercam_core.open_store`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def __repr__(self) -> str:
        """What a notebook shows."""
        return repr(self.store).replace("<Store", "<Maps", 1)

    @property
    def species(self) -> list[str]:
        """Scientific names of all species."""
        return sorted(self.store.species)

    @property
    def specimens(self) -> pd.DataFrame:
        """One row per specimen: image_id, scientificName, split, path … and the status in words."""
        rows = self.store.rows.drop(columns="image_id").reset_index()
        codes = {name: self.store.status(name) for name in self.store.species}
        status = [
            Status(int(codes[name][slot])).sentence
            for name, slot in zip(rows["scientificName"], rows["slot"], strict=True)
        ]
        return rows.assign(status=status)

    def references(self, species: str) -> list[str]:
        """The species that one can be compared with, closest first."""
        return list(self.store.classes(self._known(species))[1:])

    def dataset(self, species: str) -> xr.Dataset:
        """Everything stored about a species: evidence (specimen, class, y, x), logit, log_sum_exp, predicted, state."""
        return self.store.species_dataset(self._known(species))

    def map(
        self,
        species: str,
        against: str | Sequence[str] | None = None,
        *,
        gamma: float | None = None,
        weighting: Weighting = "mean",
        signed: bool = False,
        baseline: Baseline = "none",
    ) -> PairMap:
        """Maps of what tells a species from another.

        Parameters
        ----------
        species : str
        against : str or sequence of str, optional
            What it is compared with; all its references by default.
        gamma : float, optional
            Strength of the comparison, 0.6 by default; 0 is the base method alone.
        weighting : {"mean", "softmax", "released"}
            See `finercam_core.finer.coefficients`.
        signed : bool
            Keep negative values: what speaks for the others.
        baseline : {"none", "mean", "look-alike", "both", "quantile", "sharp"}
            What maps are looked at above, see `finercam_core.baselines`.

        Raises
        ------
        StoreError, ComparisonError
            If the store has no such species, it was not compared with the other, or the baseline needs specimens of the
            other that were not compared with it.
        """
        dataset, background = self.dataset(species), None
        at = gamma_for(compared_gamma(dataset.attrs), gamma)
        if baseline in LOOKED_THROUGH:
            background = backgrounds_of(self.store).of_species(dataset, at, against, weighting)
        maps = finer_cam(
            dataset, gamma=gamma, references=against, weighting=weighting, relu=not signed, background=background,
            baseline=baseline,
        )  # fmt: skip
        return PairMap(with_places(maps, self.store), self.store)

    def ask(self, a: str, b: str) -> Answer:
        """What tells two species apart and how sure that is, from held-out specimens alone.

        Raises
        ------
        ComparisonError
            If the two were not compared with each other, or one has no held-out specimen.
        """
        return Answer(Diagnosis(self.store).answer(self._known(a), self._known(b)))

    def survey(self) -> pd.DataFrame:
        """What tells each pair of species apart that was compared both ways: one row per pair and place.

        Columns as in `finercam_core.diagnosis.survey.survey_table`; pairs without an answer have no row.
        """
        return survey_table(survey(Diagnosis(self.store)))

    def record(self, image_id: str) -> SpecimenRecord:
        """Evidence, scores and status of one specimen."""
        return self.store.record(image_id)

    def _known(self, species: str) -> str:
        if species not in self.store.groups:
            remedy = did_you_mean(species, self.store.species) or f"it has {', '.join(self.species[:5])} …"
            raise StoreError(f"{species!r} is not in {self.store.location}", remedy)
        return species
