"""What is the same in all rows of a specimen: its catalog's fields, its photograph, its map and its scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from finercam_core.catalog import open_catalog
from finercam_core.errors import ComparisonError, FinercamError
from finercam_core.export.mask_records import SpecimenError, read_record
from finercam_core.export.verdict_table.scale import Scale, scale_of
from finercam_core.finer import coefficients
from finercam_core.images.decoder import load_image
from finercam_core.images.preparation import to_image
from finercam_core.regions.masks import read_mask
from finercam_core.review import Comparison, Verdict
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.strengths import Baseline, Weighting

Mask = npt.NDArray[np.bool_]
FROM_CATALOG = (
    "family", "genus", "specificEpithet", "infraspecificEpithet", "order", "taxonRank", "vernacularName",
    "catalogNumber", "group_id", "subjectOrientation", "license", "rightsHolder", "split", "pixelsPerMillimetre",
)  # fmt: skip


class CatalogFields:
    """Fields of specimens that a store does not keep, from the catalog that it was made of.

    Parameters
    ----------
    store : Store
    catalog : str, optional
        The catalog, if it has moved.

    Attributes
    ----------
    problem : str
        Why the catalog could not be read, in words; the fields are then those that the store keeps.
    """

    def __init__(self, store: Store, catalog: str = "") -> None:
        self.store, self.problem = store, ""
        self._rows: dict[str, dict[str, str]] = {}
        source = catalog or _place(store)
        try:
            opened = open_catalog(source).specimens
            columns = [name for name in ("image_id", *FROM_CATALOG) if name in opened]
            kept = opened[columns].set_index("image_id")
            self._rows = {str(key): row for key, row in kept.astype(str).to_dict("index").items()}
        except (FinercamError, OSError, ValueError) as error:
            if catalog:
                raise
            reason = error.problem if isinstance(error, FinercamError) else str(error)
            self.problem = f"the catalog cannot be read ({reason}), so its fields are those that the store keeps"

    def of(self, image_id: str) -> dict[str, str]:
        """The fields of a specimen; those of the store stand where the catalog has none."""
        row = self.store.row(image_id)
        held = {name: str(row[name]) for name in FROM_CATALOG if name in row.index}
        return held | {name: value for name, value in self._rows.get(image_id, {}).items() if value}


def _place(store: Store) -> str:
    """Where the catalog of a store is: as the store names it, which may be relative to the store."""
    named, local = store.provenance.catalog, store.files.local
    beside = None if local is None or "://" in named else (local / named)
    return str(beside) if named and beside is not None and beside.exists() else named


@dataclass
class JudgedSpecimen:
    """A specimen with everything that its rows need; what is not known is None, and `problems` says why.

    Attributes
    ----------
    image_id : str
    fields : dict of str to str
    scale : Scale
    record : SpecimenRecord or None
    photograph : uint8 array (height, width, 3) or None
    own_mask : int array (height, width) or None
        The collection's trait mask.
    problems : list of str
    """

    store: Store
    image_id: str
    fields: Mapping[str, str]
    scale: Scale
    record: SpecimenRecord | None = None
    photograph: npt.NDArray[np.uint8] | None = None
    own_mask: npt.NDArray[np.integer] | None = None
    problems: list[str] = field(default_factory=list)

    def evidence_share(self, made: Comparison, references: Sequence[str], mask: Mask) -> float | None:
        """Share of a map's positive evidence inside a region, at the strength and weighting of its comparison.

        Parameters
        ----------
        made : Comparison
        references : sequence of str
            What the map compares with here.
        mask : bool array (height, width)

        Returns
        -------
        float in [0, 1], or None where the store has no such map, also where it lacks one of the references or their
        background, or has one without positive evidence.
        """
        record = self.record
        if record is None or made.method != self.store.provenance.method:
            return None
        if not set(references) <= set(record.classes[1:]):
            return None
        use = np.array([False, *(name in references for name in record.classes[1:])])
        gamma = made.gamma if references else 0.0
        # Of those that the formulas know, or they say which they know.
        weighting, baseline = cast(Weighting, made.weighting), cast(Baseline, made.above)
        weights = coefficients(
            record.logit, record.log_sum_exp, gamma=gamma, weighting=weighting, use=use,
            compared_at=record.compared_at,
        )  # fmt: skip
        try:
            shown = backgrounds_of(self.store).above(record, weights, gamma, baseline).values
        except ComparisonError:
            return None
        size = mask.shape[1], mask.shape[0]
        values = to_image(np.maximum(shown, 0), self.store.preparation.window(size), size)
        positive = np.maximum(np.nan_to_num(values), 0)
        whole = float(positive.sum(dtype=np.float64))
        return float(positive[mask].sum(dtype=np.float64)) / whole if whole else None


def judged_specimen(store: Store, catalog: CatalogFields, image_id: str, verdicts: Sequence[Verdict]) -> JudgedSpecimen:
    """Read what the rows of a specimen need; the photograph only if there is a region to measure."""
    fields = catalog.of(image_id)
    scale = scale_of(fields, verdicts)
    found = JudgedSpecimen(store, image_id, fields, scale, problems=[scale.problem] if scale.problem else [])
    try:
        record = read_record(store, image_id)
        found.record = record if record.status == Status.DONE else None
        if found.record is None:
            found.problems.append("it has no map")
    except SpecimenError as error:
        found.problems.append(error.problem)
    if any(verdict.regions for verdict in verdicts):
        _open_pictures(found)
    return found


def _open_pictures(found: JudgedSpecimen) -> None:
    store, image_id = found.store, found.image_id
    try:
        found.photograph = np.asarray(load_image(store.place(image_id), root=store.images_root))
    except (FinercamError, OSError) as error:
        found.problems.append(f"no colours: {error.problem if isinstance(error, FinercamError) else error}")
    try:
        found.own_mask = read_mask(store, image_id)
    except (FinercamError, OSError) as error:
        found.problems.append(f"no trait mask: {error.problem if isinstance(error, FinercamError) else error}")
