r"""What the look-alikes' own specimens show: the background of a comparison, for the baselines that need it.

For a species c and a reference d the background at γ is the mean comparison of d's specimens, as if they were of c,
:math:`B_d = \bar E_c^{(d)} - γ \bar E_d^{(d)}`; with weights of several references it is :math:`\sum_d w_d B_d`. It is
linear in γ and in the weights, so that a map above it stays live and exact.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from finercam_core.baselines import IN_WORDS, INSTEAD, LOOKED_THROUGH, MEAN_TAKEN, above
from finercam_core.errors import ComparisonError, FinercamError
from finercam_core.finer import FloatArray, choose_references, coefficients, combine
from finercam_core.status import Status
from finercam_core.store.reader import SpecimenRecord, Store
from finercam_core.strengths import Baseline, Weighting

if TYPE_CHECKING:
    import xarray as xr

SPECIMENS = 20
"""Specimens of a look-alike whose mean is its background; of the split "train" where there is one."""
CANDIDATES = 200
"""Specimens that are looked at for them, where each image has references of its own."""
_KEPT = 500  # references
_UNREADABLE = (FinercamError, OSError, KeyError, ValueError, TypeError, RuntimeError)
_Means = dict[str, npt.NDArray[np.float64]]


class Backgrounds:
    """Mean evidence of look-alikes' specimens in a store, read once for each look-alike.

    Parameters
    ----------
    store : Store
        Of evidence: finished comparisons are those of one species alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._means: OrderedDict[str, _Means] = OrderedDict()

    def forget(self) -> None:
        """Read everything again from now on, because a flow has written more."""
        self._means.clear()

    def pair(self, species: str, reference: str) -> npt.NDArray[np.float64]:
        """Mean evidence for a species and for a reference over the reference's specimens, float64 (2, h, w).

        Raises
        ------
        ComparisonError
            If the store has no evidence of the reference's specimens for the species.
        """
        try:
            means = self._means_of(reference, species)
        except _UNREADABLE as error:
            reason = error.problem if isinstance(error, FinercamError) else f"{type(error).__name__}: {error}"
            problem = f"the maps of {reference} cannot be read, so that its background is not known: {reason}"
            raise ComparisonError(problem, "use the baseline 'mean', or repair the store") from error
        if species not in means or species == reference:
            problem = f"no specimen of {reference} was compared with {species}, so that its background is not known"
            raise ComparisonError(problem, "use the baseline 'mean', or annotate with more references")
        return means[species]

    def known(self, species: str, reference: str) -> npt.NDArray[np.float64] | None:
        """Like `pair`, None where it is not known."""
        try:
            return self.pair(species, reference)
        except ComparisonError:
            return None

    def _means_of(self, reference: str, species: str) -> _Means:
        """What a reference's specimens say of every species that they were compared with, read once.

        Where each image has references of its own, of the one species alone: there may be as many as there are images.
        """
        one = species if self._store.provenance.per_image else ""
        key = f"{reference}\n{one}"
        if key not in self._means:
            records = list(self._records(reference, one))
            classes = records[0].classes if records and not one else (reference, one)
            self._means[key] = {
                name: np.mean([_evidence(record, name) for record in records], axis=0)
                for name in classes[1:]
                if records
            }
            if len(self._means) > _KEPT:
                self._means.popitem(last=False)
        return self._means[key]

    def _records(self, reference: str, species: str) -> Iterator[SpecimenRecord]:
        """Finished specimens of a reference, `SPECIMENS` at most, that were compared with a species ("" for any)."""
        store = self._store
        if reference not in store.groups:
            return
        rows = store.rows[store.rows["scientificName"] == reference]
        rows = rows[store.status(reference)[rows["slot"]] == Status.DONE]
        train = rows[rows["split"] == "train"]
        count = 0
        for image_id in (train if len(train) else rows).index[:CANDIDATES]:
            record = store.record(str(image_id))
            if record.status == Status.DONE and (not species or species in record.classes):
                yield record
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
        (result,) = self._mixed(record.classes, np.asarray(weights)[None], gamma)
        return np.asarray(result)

    def of_species(
        self, dataset: "xr.Dataset", gamma: float, references: str | Sequence[str] | None, weighting: Weighting
    ) -> npt.NDArray[np.float32]:
        """Background of the comparison of every specimen of a species, float32 (specimen, h, w).

        Parameters
        ----------
        dataset, gamma, references, weighting
            As `finercam_core.finer.finer_cam`.

        Raises
        ------
        ComparisonError
            If nothing is compared, the maps are finished comparisons, or each image has references of its own.
        """
        if gamma == 0 or self._store.provenance.compared_at is not None or self._store.provenance.per_image:
            problem = "the look-alike's background is that of evidence compared with the same species for all images"
            raise ComparisonError(problem, "use the baseline 'mean' or 'quantile'")
        names = [str(name) for name in dataset["class"].values]
        use = choose_references(names, references)
        scores = dataset["logit"].values, dataset["log_sum_exp"].values
        return self._mixed(names, coefficients(*scores, gamma=gamma, weighting=weighting, use=use), gamma)

    def _mixed(self, classes: Sequence[str], weights: FloatArray, gamma: float) -> npt.NDArray[np.float32]:
        """Backgrounds of comparisons with coefficients (n, C), float32 (n, h, w)."""
        height, width = self._store.provenance.grid
        result = np.zeros((len(weights), height, width))
        for index in np.flatnonzero(np.arange(len(classes)) * (weights != 0).any(axis=0)):
            species, look_alike = self.pair(classes[0], classes[int(index)])
            result += -weights[:, index, None, None] / gamma * (species - gamma * look_alike)
        return result.astype(np.float32)

    def above(self, record: SpecimenRecord, weights: FloatArray, gamma: float, baseline: Baseline) -> "AboveBaseline":
        """A specimen's signed comparison with coefficients (C,) above a baseline, see `finercam_core.baselines`."""
        background = self.of(record, weights, gamma) if baseline in LOOKED_THROUGH else None
        signed = combine(record.evidence, weights, relu=False)
        mean = None
        if baseline in MEAN_TAKEN:
            mean = float((signed if background is None else signed - background).mean())
        return AboveBaseline(above(signed, baseline, background), mean, baseline)

    def nearest(self, record: SpecimenRecord, weights: FloatArray, gamma: float, baseline: Baseline) -> "AboveBaseline":
        """Like `above`; where the background is not known, above what is left of the baseline, with the reason.

        What is left is said by `finercam_core.baselines.INSTEAD`, and stands in the result's `baseline`.
        """
        try:
            return self.above(record, weights, gamma, baseline)
        except ComparisonError as error:
            if baseline not in LOOKED_THROUGH:
                raise
            return replace(self.above(record, weights, gamma, INSTEAD[baseline]), missing=error.problem)


def _evidence(record: SpecimenRecord, species: str) -> npt.NDArray[np.float64]:
    """A specimen's evidence for a species and for its own, float64 (2, h, w)."""
    return record.evidence[[record.classes.index(species), 0]].astype(np.float64)


@lru_cache(maxsize=4)
def backgrounds_of(store: Store) -> Backgrounds:
    """The backgrounds of an opened store, the same ones for all that look at it."""
    return Backgrounds(store)


@dataclass(frozen=True)
class AboveBaseline:
    """A map above a baseline.

    Attributes
    ----------
    values : float32 array (h, w)
        Signed, but for "quantile" and "sharp".
    mean : float or None
        The map's own mean where the baseline takes that away: the margin is the sum over the cells of the map and of
        this.
    baseline : str
        What it is above.
    missing : str
        Why it is not above the baseline that was asked for; "" where it is.
    """

    values: npt.NDArray[np.float32]
    mean: float | None
    baseline: Baseline = "none"
    missing: str = ""

    def in_words(self) -> str:
        """What the map is above, with the mean that was taken away and why it is not above more; "" if it is plain."""
        if self.baseline == "none" and not self.missing:
            return ""
        why = f"{self.missing}: " if self.missing else ""
        mean = "" if self.mean is None else f" of {self.mean:.3g}"
        return f"{why}the map is shown {IN_WORDS[self.baseline]}{mean}"
