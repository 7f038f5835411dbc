"""The comparison, live: maps are recombined from the stored evidence whenever γ, references or weighting change."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from finercam_core.finer import choose_references, coefficients
from finercam_core.images.preparation import Window, cell_weights
from finercam_core.review import Comparison
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import AboveBaseline, Backgrounds, backgrounds_of
from finercam_core.strengths import GAMMA, Baseline, Weighting
from napari_finercam.session.loaded_specimen import LoadedSpecimen

Map = npt.NDArray[np.float32]
HEAT_SIDE = 384
_TINY = float(np.finfo(np.float32).tiny)


@dataclass
class ComparisonSettings:
    """How maps are made; the same for every specimen until changed.

    Attributes
    ----------
    gamma : float
        Strength of the comparison; 0 gives the base method's own map.
    weighting : {"mean", "softmax", "released"}
        See `finercam_core.finer.coefficients`.
    signed : bool
        Whether the heat map also shows where the references have more evidence.
    above : {"none", "mean", "look-alike", "both", "quantile", "sharp"}
        Baseline, see `finercam_core.baselines`; where the look-alike's specimens are not known, what is left of it.
    """

    gamma: float = GAMMA
    weighting: Weighting = "mean"
    signed: bool = False
    above: Baseline = "none"


def shown_map(
    backgrounds: Backgrounds, record: SpecimenRecord, used: npt.NDArray[np.bool_], settings: ComparisonSettings
) -> AboveBaseline:
    """Signed Finer-CAM map on the model's grid above its baseline, float32 (h, w), in units of the logit.

    Parameters
    ----------
    backgrounds : Backgrounds
        Of the record's store.
    record : SpecimenRecord
    used : bool array (C,)
        The references to compare with; without any, the map is the base method's own.
    settings : ComparisonSettings

    Raises
    ------
    ComparisonError
        If finished comparisons are asked for another γ than their own, or for the weighting "released".
    """
    weights = coefficients(
        record.logit,
        record.log_sum_exp,
        gamma=settings.gamma,
        weighting=settings.weighting,
        use=used,
        compared_at=record.compared_at,
    )
    gamma = settings.gamma if used.any() else 0.0
    return backgrounds.nearest(record, weights, gamma, settings.above)


def unit_scaled(values: Map) -> Map:
    """A map divided by its largest absolute value; zeros stay zeros."""
    scaled: Map = values / max(float(np.abs(values).max()), _TINY)
    return scaled


def why_fixed(method: str, gamma: float) -> str:
    """Why γ cannot be changed, in one sentence."""
    return f"{method} is not linear in the scores: its maps were finished with γ = {gamma:g} when they were stored."


class LiveComparison:
    """The comparison of a review: its settings, and the references chosen for each species.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    settings : ComparisonSettings
    fixed_gamma : float or None
        The γ of a store of finished comparisons, where γ cannot be changed; None for evidence.
    """

    def __init__(self, store: Store) -> None:
        self.settings = ComparisonSettings()
        self.backgrounds, self._method = backgrounds_of(store), store.provenance.method
        self.fixed_gamma = store.provenance.compared_at
        if self.fixed_gamma is not None:
            self.settings.gamma = self.fixed_gamma
        self._chosen: dict[str, tuple[str, ...]] = {}

    def set_gamma(self, gamma: float) -> None:
        """Change γ; finished comparisons only have their own and 0, and ignore any other."""
        if self.fixed_gamma is None or gamma in (0, self.fixed_gamma):
            self.settings.gamma = gamma

    def choose(self, specimen: LoadedSpecimen, references: Sequence[str]) -> None:
        """Compare with these of the stored references only, from now on for all specimens of the species."""
        if specimen.record is not None:
            specimen.used = choose_references(specimen.record.classes, references)
            self._chosen[specimen.species] = tuple(references)

    def chosen(self, species: str) -> tuple[str, ...] | None:
        """The references that were chosen for a species, None where that are all."""
        return self._chosen.get(species)

    def apply_choice(self, specimen: LoadedSpecimen) -> None:
        """Let a specimen use the references that were chosen for its species, by default all."""
        if specimen.record is not None:
            specimen.used = choose_references(specimen.record.classes, self._chosen.get(specimen.species))

    def shown(self, specimen: LoadedSpecimen) -> AboveBaseline:
        """Signed map of a specimen and what it is above; a single 0 where there is none."""
        if specimen.record is None or not specimen.done:
            return AboveBaseline(np.zeros((1, 1), np.float32), None)
        return shown_map(self.backgrounds, specimen.record, specimen.used, self.settings)

    def made(self, specimen: LoadedSpecimen) -> Comparison:
        """How the map of a specimen is made; without any reference it is that of the base method, whose γ is 0."""
        record, settings, shown = specimen.record, self.settings, self.shown(specimen)
        names = () if record is None else record.classes
        references = tuple(name for name, used in zip(names, specimen.used, strict=True) if used)
        gamma = settings.gamma if references else 0.0
        return Comparison(gamma, settings.weighting, self._method, references, shown.baseline, shown.mean)

    def grid_map(self, specimen: LoadedSpecimen, *, signed: bool = False) -> Map:
        """Map of a specimen on the model's grid, float32 (h, w); a single 0 where there is none."""
        values = self.shown(specimen).values
        return values if signed else np.maximum(values, 0)

    def image_map(self, specimen: LoadedSpecimen) -> Map:
        """Map at the resolution of the photograph, float32 (height, width), in units of the logit.

        It is 0 where the model saw nothing.
        """
        return _enlarged(self.grid_map(specimen), specimen.window, specimen.size)

    def heat(self, specimen: LoadedSpecimen) -> Map:
        """Values of the heat map, at most `HEAT_SIDE` a side; the largest absolute value is 1.

        They are negative where the references have more, if the difference is shown. The graphics card enlarges the
        map, so that a slider need not move a million pixels.
        """
        width, height = specimen.size
        scale = min(1.0, HEAT_SIDE / max(width, height))
        small = max(1, round(width * scale)), max(1, round(height * scale))
        across, down = small[0] / width, small[1] / height
        seen = specimen.window
        window = Window(seen.left * across, seen.top * down, seen.right * across, seen.bottom * down)
        return unit_scaled(_enlarged(self.grid_map(specimen, signed=self.settings.signed), window, small))


def _enlarged(values: Map, window: Window, size: tuple[int, int]) -> Map:
    rows, columns = _weights(values.shape, window, size)
    enlarged: Map = rows @ (values @ columns.T)
    return enlarged


@lru_cache(maxsize=8)
def _weights(grid: tuple[int, ...], window: Window, size: tuple[int, int]) -> tuple[Map, Map]:
    return cell_weights((grid[0], grid[1]), window, size)
