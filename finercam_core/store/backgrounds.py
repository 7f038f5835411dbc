r"""What the look-alikes' own specimens show: the background of a comparison, for the baselines that need it.

For a species c and a reference d the background at γ is the mean comparison of d's specimens, as if they were of c,
:math:`B_d = \bar E_c^{(d)} - γ \bar E_d^{(d)}`; with weights of several references it is :math:`\sum_d w_d B_d`. It is
linear in γ and in the weights, so that a map above it stays live and exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finercam_core.baselines import LOOKED_THROUGH, MEAN_TAKEN, Baseline, above
from finercam_core.errors import ComparisonError
from finercam_core.finer import FloatArray, combine
from finercam_core.status import Status
from finercam_core.store.reader import SpecimenRecord, Store

SPECIMENS = 20
"""Specimens of a look-alike whose mean is its background; of the split "train" where there is one."""


class Backgrounds:
    """Mean evidence of look-alikes' specimens in a store, read once for each pair of species.

    Parameters
    ----------
    store : Store
        Of evidence: finished comparisons are those of one species alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pairs: dict[tuple[str, str], npt.NDArray[np.float64]] = {}

    def pair(self, species: str, reference: str) -> npt.NDArray[np.float64]:
        """Mean evidence for a species and for a reference over the reference's specimens, float64 (2, h, w).

        Raises
        ------
        ComparisonError
            If the store has no evidence of the reference's specimens for the species.
        """
        key = species, reference
        if key not in self._pairs:
            found = list(self._evidence(species, reference))
            if not found:
                problem = f"no specimen of {reference} was compared with {species}, so that its background is not known"
                raise ComparisonError(problem, "use the baseline 'mean', or annotate with more references")
            self._pairs[key] = np.mean(found, axis=0)
        return self._pairs[key]

    def _evidence(self, species: str, reference: str) -> Iterator[npt.NDArray[np.float64]]:
        rows = self._store.rows[self._store.rows["scientificName"] == reference]
        train = rows[rows["split"] == "train"]
        count = 0
        for image_id in (train if len(train) else rows).index:
            record = self._store.record(str(image_id))
            if record.status != Status.DONE or species not in record.classes:
                continue
            yield record.evidence[[record.classes.index(species), 0]].astype(np.float64)
            count += 1
            if count == SPECIMENS:
                return

    def of(self, record: SpecimenRecord, weights: FloatArray, gamma: float) -> npt.NDArray[np.float32]:
        """Background of a comparison with coefficients (C,) at a γ, float32 (h, w).

        Raises
        ------
        ComparisonError
            If nothing is compared (γ = 0), or the maps are finished comparisons.
        """
        if gamma == 0 or record.compared_at is not None:
            kind = "the map of one species alone" if gamma == 0 else "a finished comparison"
            raise ComparisonError(f"{kind} has no look-alike's background", "use the baseline 'mean' or 'quantile'")
        result = np.zeros(record.evidence.shape[-2:])
        for index in np.flatnonzero(np.arange(len(weights)) * (weights != 0)):
            species, look_alike = self.pair(record.classes[0], record.classes[index])
            result += -weights[index] / gamma * (species - gamma * look_alike)
        return result.astype(np.float32)

    def above(self, record: SpecimenRecord, weights: FloatArray, gamma: float, baseline: Baseline) -> "AboveBaseline":
        """A specimen's signed comparison with coefficients (C,) above a baseline, see `finercam_core.baselines`."""
        background = self.of(record, weights, gamma) if baseline in LOOKED_THROUGH else None
        signed = combine(record.evidence, weights, relu=False)
        mean = None
        if baseline in MEAN_TAKEN:
            mean = float((signed if background is None else signed - background).mean())
        return AboveBaseline(above(signed, baseline, background), mean)


@dataclass(frozen=True)
class AboveBaseline:
    """A map above a baseline.

    Attributes
    ----------
    values : float32 array (h, w)
        Signed.
    mean : float or None
        The map's own mean where the baseline takes that away: the margin is the sum over the cells of the map and of
        this.
    """

    values: npt.NDArray[np.float32]
    mean: float | None
