"""`ds.finercam`: maps from a dataset that xarray itself opened."""

from collections.abc import Sequence

import xarray as xr

from finercam_core.finer import finer_cam
from finercam_core.strengths import Baseline, Weighting


@xr.register_dataset_accessor("finercam")  # type: ignore[no-untyped-call]
class FinercamAccessor:
    """Finer-CAM of a species' dataset, as ``xr.open_zarr("maps.zarr/FAMILY/GENUS/SPECIES")`` gives it.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `evidence`, `logit` and `log_sum_exp`.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def __repr__(self) -> str:
        """What a notebook shows."""
        return f"<finercam: {self.species} against {', '.join(self.references)}; .map(against=…, gamma=…)>"

    @property
    def species(self) -> str:
        """The species itself."""
        return str(self._dataset["class"].values[0])

    @property
    def references(self) -> list[str]:
        """The species that it was compared with."""
        return [str(name) for name in self._dataset["class"].values[1:]]

    def map(
        self,
        against: str | Sequence[str] | None = None,
        *,
        gamma: float | None = None,
        weighting: Weighting = "mean",
        baseline: Baseline = "none",
    ) -> xr.DataArray:
        """Maps (specimen, y, x) in logits, see `finercam_core.finer.finer_cam`.

        A dataset holds one species: baselines that need the look-alike's specimens are those of `finercam.Maps.map`.
        """
        return finer_cam(self._dataset, gamma=gamma, references=against, weighting=weighting, baseline=baseline)
