"""Evidence beside the atlas' pages, from which their script computes every map anew.

The specimens that the pages show are copied into a small store of their own, in the layout of the store they come from:
a species' page then loads a few kilobytes of its own species, from any static host. The values are the stored ones, bit
for bit, and each keeps its checksum.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.core.group import GroupMetadata
from zarr.core.metadata.v2 import ArrayV2Metadata
from zarr.core.metadata.v3 import ArrayV3Metadata

from finercam_core.images.palette import DIFFERENCE, HEAT, Ramp
from finercam_core.regions.traits import Trait, offered_traits
from finercam_core.report.named_cells import named_cells, part_names
from finercam_core.report.pooled import PooledDifference
from finercam_core.report.specimen_views import SpecimenView
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.store.integrity.checksums import chunk_codecs
from finercam_core.store.layout import REFERENCE, array_nodes, value_names
from finercam_core.strengths import Baseline

FOLDER = "evidence.zarr"
SCRIPT = Path(__file__).with_name("web") / "finercam.js"
LICENCES = SCRIPT.with_name("finercam.js.LICENSES.txt")
FACTS_VERSION = 3
BACKGROUND, BACKGROUNDS = "background", "backgrounds"
"""The array of mean evidence of references' specimens, and the attribute that names them; not where none is known."""


@dataclass(frozen=True)
class SpecimenPlace:
    """Where a specimen's evidence lies, and what of its photograph the maps cover.

    Attributes
    ----------
    group : str
        Path of the species' group below the evidence.
    slot : int
        Index along `specimen`; the script compares the id there with the figure's.
    window : dict
        Part of the photograph that the model saw: left, top, right, bottom as shares of its width and height.
    size : (int, int)
        Width and height of the photograph in pixels.
    species, credit : str
    classes : tuple of str
        The species and its references, where each image has its own; otherwise empty, and the group's hold.
    parts : tuple of int
        The part that each cell lies on, see `named_cells`.
    """

    group: str
    slot: int
    window: dict[str, float]
    size: tuple[int, int]
    species: str
    credit: str
    classes: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class LiveFacts:
    """What a page tells the script, as JSON; `viewer/web/src/page.ts` reads it."""

    version: int
    evidence: str
    collection: str
    run: str
    method: str
    citation: str
    gamma: float
    above: Baseline
    comparedAt: float | None
    ramps: dict[str, Ramp]
    traits: tuple[Trait, ...]
    parts: dict[str, str]
    specimens: dict[str, SpecimenPlace]
    pooled: PooledDifference | None = None

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


class LiveEvidence:
    """Collects the specimens that pages show, and writes their evidence once all pages are made.

    Parameters
    ----------
    store : Store
    gamma : float
        Strength of the comparison that pages begin with.
    citation : str
        How the atlas is cited.
    above : str
        Baseline that pages begin with, see `finercam_core.baselines`.
    """

    def __init__(self, store: Store, gamma: float, citation: str, above: Baseline = "none") -> None:
        self.store, self.gamma, self.citation, self.above = store, gamma, citation, above
        self._slots: dict[str, dict[str, int]] = {}

    def facts(self, views: Iterable[SpecimenView], up: str, pooled: PooledDifference | None = None) -> LiveFacts:
        """What a page with these specimens tells the script; `up` leads from the page to the atlas' folder."""
        made = self.store.provenance
        return LiveFacts(
            version=FACTS_VERSION,
            evidence=f"{up}{FOLDER}",
            collection=made.collection,
            run=made.run,
            method=made.method,
            citation=self.citation,
            gamma=self.gamma,
            above=self.above,
            comparedAt=made.compared_at,
            ramps={"heat": HEAT, "difference": DIFFERENCE},
            traits=offered_traits(self.store),
            parts=part_names(self.store),
            specimens={view.image_id: self._place(view) for view in views},
            pooled=pooled,
        )

    def _place(self, view: SpecimenView) -> SpecimenPlace:
        group = str(self.store.row(view.image_id)["group"])
        slots = self._slots.setdefault(group, {})
        slot = slots.setdefault(view.image_id, len(slots))
        width, height = view.full_size
        left, top, right, bottom = self.store.preparation.window(view.full_size)
        window = {"left": left / width, "top": top / height, "right": right / width, "bottom": bottom / height}
        credit = " ".join(part for part in (view.rightsHolder, view.license) if part)
        own = self.store.record(view.image_id).classes if self.store.provenance.per_image else ()
        parts = named_cells(self.store, view.image_id, view.full_size)
        return SpecimenPlace(group, slot, window, view.full_size, view.name, credit, own, parts)

    def write(self, atlas: Path) -> None:
        """Write the script and the evidence of all specimens that were placed into the atlas' folder."""
        shutil.rmtree(atlas / FOLDER, ignore_errors=True)
        shutil.copyfile(SCRIPT, atlas / SCRIPT.name)
        shutil.copyfile(LICENCES, atlas / LICENCES.name)
        root = zarr.create_group(atlas / FOLDER)
        for group, slots in self._slots.items():
            self._write_group(root, group, list(slots))

    def _write_group(self, root: zarr.Group, group: str, image_ids: list[str]) -> None:
        store, made = self.store, self.store.provenance
        records = [store.record(image_id) for image_id in image_ids]
        classes = store.classes_in(group)
        nodes = array_nodes(len(records), len(classes), made.grid, value_names(per_image=made.per_image))
        attributes: dict[str, Any] = {
            key: value for key, value in made.to_json().items() if key in ("method", "kind", "gamma")
        }
        backgrounds = self._backgrounds(records)
        if backgrounds:
            attributes[BACKGROUNDS] = list(backgrounds)
        described = GroupMetadata(attributes={"scientificName": records[0].scientificName, **attributes})
        hierarchy: dict[str, GroupMetadata | ArrayV2Metadata | ArrayV3Metadata] = {group: described}
        hierarchy |= {f"{group}/{name}": node for name, node in nodes.items()}
        for _ in zarr.create_hierarchy(store=root.store, nodes=hierarchy, overwrite=True):
            pass
        if backgrounds:
            values = np.stack(list(backgrounds.values())).astype(np.float32)
            root.create_array(
                f"{group}/{BACKGROUND}", data=values, chunks=values.shape, compressors=chunk_codecs(),
                dimension_names=("reference", "evidence_for", "y", "x"),
            )  # fmt: skip
        columns = self._columns(records) | {"class": np.array(classes, object)}
        for name, column in columns.items():
            if name in nodes:
                root[f"{group}/{name}"][:] = column  # type: ignore[index]

    def _backgrounds(self, records: list[SpecimenRecord]) -> dict[str, npt.NDArray[np.float64]]:
        """Mean evidence of the references' own specimens, by name, where it is known."""
        made = self.store.provenance
        # Of images with references of their own a page would need those of a hundred species.
        if made.compared_at is not None or made.per_image:
            return {}
        known = backgrounds_of(self.store)
        names = dict.fromkeys(name for record in records for name in record.classes[1:])
        pairs = {name: known.known(records[0].scientificName, name) for name in names}
        return {name: pair for name, pair in pairs.items() if pair is not None}

    def _columns(self, records: list[SpecimenRecord]) -> dict[str, npt.NDArray[Any]]:
        known = {name: k for k, name in enumerate(self.store.provenance.classifier.species)}
        return {
            "evidence": np.stack([record.evidence for record in records]).astype(np.float16),
            "logit": np.stack([record.logit for record in records]),
            "log_sum_exp": np.array([record.log_sum_exp for record in records], np.float32),
            "predicted": np.array([known.get(record.predicted, -1) for record in records], np.int32),
            REFERENCE: np.array([[known.get(name, -1) for name in record.classes] for record in records], np.int32),
            "specimen": np.array([record.image_id for record in records], object),
            # Last, as everywhere: what says that a specimen is done.
            "state": np.full(len(records), Status.DONE.value, np.uint64),
        }
