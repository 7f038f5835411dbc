"""Read a store: one species as an xarray dataset, one specimen as arrays, never more than what was requested."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from PIL import Image

from finercam_core.catalog.columns import image_location
from finercam_core.errors import StoreError, counted
from finercam_core.images.decoder import image_size, load_image
from finercam_core.images.preparation import Preparation, Window
from finercam_core.io.faults import first_line, store_errors
from finercam_core.io.files import Files
from finercam_core.parts import NO_FOLD
from finercam_core.status import Status
from finercam_core.store.integrity.digests import contradiction
from finercam_core.store.integrity.plan_table import never_planned, read_plan, restored
from finercam_core.store.layout import REFERENCE, REJECTED, SCHEMA_VERSION, SPECIMENS, status_of
from finercam_core.store.planning.slots import with_parts
from finercam_core.store.provenance import Provenance, read_provenance
from finercam_core.store.states import KeptChunks, Opened, class_names, open_species, read_states, settled_values

KEPT_OPEN = 64  # species


@dataclass(frozen=True)
class SpecimenRecord:
    """Everything stored about one specimen.

    Attributes
    ----------
    image_id, scientificName : str
    classes : tuple of str
        The species itself, then its references; where each image has its own, those of this specimen.
    tiers : tuple of str
        How each class is related: "target", then "congener" …
    evidence : float32 array (C, h, w)
        Signed evidence in units of the logit; NaN if the specimen is not done.
    logit : float32 array (C,)
    log_sum_exp : float
        Over all classes of the classifier, so that ``exp(logit - log_sum_exp)`` is the probability.
    predicted : str
        The classifier's first choice, "" if the specimen is not done.
    status : Status
    compared_at : float or None
        For methods that are not linear in the scores: the γ at which each map was already compared with its reference
        (the first is the species alone). None for evidence. Give it to `finercam_core.finer.coefficients`.
    fold : int
        Of a cross-fitted classifier: whose head the values are of; `finercam_core.parts.NO_FOLD` for its own head.
    """

    image_id: str
    scientificName: str
    classes: tuple[str, ...]
    tiers: tuple[str, ...]
    evidence: npt.NDArray[np.float32]
    logit: npt.NDArray[np.float32]
    log_sum_exp: float
    predicted: str
    status: Status
    compared_at: float | None = None
    fold: int = NO_FOLD

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """Softmax probability of each class over all classes of the classifier; float64 (C,)."""
        return np.asarray(np.exp(self.logit.astype(np.float64) - self.log_sum_exp))


def open_store(location: str | Path, *, images: str | Path | None = None) -> "Store":
    """Open a store for reading; a flow may be writing to it meanwhile.

    Parameters
    ----------
    location : str or Path
        Local folder or fsspec URL.
    images : str or Path, optional
        Folder of the collection's images, if it moved since the store was written.

    Raises
    ------
    StoreError
        If nothing is there, it is not a finercam store, or it was written by a newer version.
    """
    files = Files(location)
    try:
        with store_errors(files.location):
            root = files.group()
            provenance = read_provenance(root)
    except StoreError:
        raise
    except Exception as error:  # Zarr raises whatever damaged JSON makes it raise
        if not isinstance(error, FileNotFoundError) and files.exists("zarr.json"):
            raise StoreError(f"zarr.json of {location} is damaged: {first_line(error)}", restored(location)) from error
        if files.exists(SPECIMENS):
            raise StoreError(f"zarr.json of {location} is gone", restored(location)) from error
        raise StoreError(f"there is no store at {location}", "write one with `finercam annotate`") from error
    if provenance is None:
        raise StoreError(f"{location} is a Zarr group but no finercam store", "give the folder that annotate wrote")
    if provenance.schema_version > SCHEMA_VERSION:
        problem = f"{location} has schema version {provenance.schema_version}, newer than {SCHEMA_VERSION}"
        raise StoreError(problem, "update finercam")
    if damage := contradiction(root.attrs):
        raise StoreError(f"zarr.json of {location} is damaged: {damage}", restored(location))
    return Store(files, provenance, images)


class Store:
    """A store opened for reading; see `open_store`.

    Attributes
    ----------
    location : str
    provenance : Provenance
        Classifier, method, preparation, references, versions and run.
    """

    def __init__(self, files: Files, provenance: Provenance, images: str | Path | None = None) -> None:
        self.files = files
        self.location = files.location
        self.provenance = provenance
        self._images = None if images is None else str(images)
        self._opened, self._chunks = dict[str, Opened](), KeptChunks()

    def __repr__(self) -> str:
        """What a notebook shows: where, how much of it is done, and what made it; the states are read anew."""
        table = self.read_plan()
        table = table[table["listed"].to_numpy(bool)]
        done = int((status_of(read_states(self.files, table).words) == Status.DONE).sum())
        classifier, gamma = self.provenance.classifier, self.provenance.compared_at
        return (
            f"<Store {self.location!r}: {table['group'].nunique():,} species, {counted(len(table), 'specimen')}, "
            f"{done:,} done; {self.provenance.method} of {classifier.model or 'an unnamed classifier'} at "
            f"{classifier.target_layer or 'an unnamed layer'}, {'any γ' if gamma is None else f'γ = {gamma:g}'}>"
        )

    @cached_property
    def specimens(self) -> pd.DataFrame:
        """One row per specimen: image_id, scientificName, group, slot, path, split, part, fold, license and more."""
        return self.read_plan()

    def read_plan(self) -> pd.DataFrame:
        """The current table of `specimens`, even if a flow has extended the store since it was opened."""
        try:
            return with_parts(read_plan(self.files))
        except FileNotFoundError as error:
            raise never_planned(self.location) from error

    @cached_property
    def rejected(self) -> pd.DataFrame:
        """Rows of the catalog that have no slot, with the reason: table, row, image_id, reason."""
        try:
            return self.files.read_table(REJECTED, remedy="the next `finercam annotate` writes it anew")
        except FileNotFoundError as error:
            problem = f"{REJECTED} is gone from {self.location}"
            raise StoreError(problem, "the next `finercam annotate` writes it") from error

    @cached_property
    def groups(self) -> dict[str, str]:
        """Path of each species' group by scientific name, in the order of the store."""
        first = self.specimens.drop_duplicates("group")
        return dict(zip(first["scientificName"], first["group"], strict=True))

    @property
    def species(self) -> list[str]:
        """Scientific names of all species with a group."""
        return list(self.groups)

    @cached_property
    def preparation(self) -> Preparation:
        """How images became the model's input."""
        return Preparation.from_dict(self.provenance.preparation)

    @cached_property
    def images_root(self) -> str:
        """Folder or URL of the images: as given, else beside the store, else where they were when it was written."""
        if self._images is not None:
            return self._images
        relative, local = self.provenance.images_root_relative, self.files.local
        there = (local / relative).resolve() if relative and local is not None else None
        own = self.provenance.images_root
        return str(there) if there is not None and (there.is_dir() or not own) else own

    def species_dataset(self, name: str) -> xr.Dataset:
        """All specimens of a species, lazily: evidence, logit, log_sum_exp, predicted, state by specimen and class.

        Raises
        ------
        StoreError
            If the store has no such species.
        """
        opened: xr.Dataset = xr.open_zarr(
            f"{self.location}/{self._group(name)}",
            consolidated=False,
            zarr_format=3,  # version 2 has a codec that unpickles
            chunks=None,
            storage_options=self.files.storage_options,
        )
        return opened

    def _group(self, name: str) -> str:
        if name not in self.groups:
            raise StoreError(f"{name!r} is not in {self.location}", f"it has {len(self.groups)} species, see info")
        return self.groups[name]

    def classes(self, name: str) -> tuple[str, ...]:
        """A species and its references, in the order of the dimension `class`."""
        return self.classes_in(self._group(name))

    def classes_in(self, group: str) -> tuple[str, ...]:
        """Like `classes`, for a species whose group is known: the table of all specimens is not read."""
        return class_names(self.files.group(path=group), group)

    def status(self, name: str) -> npt.NDArray[np.uint8]:
        """`Status` code of each slot of a species; uint8 (specimen,)."""
        return status_of(np.asarray(self.files.group()[f"{self._group(name)}/state"][:]))  # type: ignore[index]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The listed specimens indexed by image_id."""
        return self.specimens[self.specimens["listed"]].set_index("image_id", drop=False)

    def row(self, image_id: str) -> pd.Series:
        """The plan's row of one specimen.

        Raises
        ------
        StoreError
            If the store has no such specimen.
        """
        if image_id not in self.rows.index:
            raise StoreError(f"specimen {image_id!r} is not in {self.location}", "see specimens.parquet for the ids")
        return self.rows.loc[image_id]

    def record(self, image_id: str) -> SpecimenRecord:
        """Evidence, scores and status of one specimen, read from its own chunk alone.

        Raises
        ------
        StoreError
            If the store has no such specimen, or what it has of it is damaged or missing although it is done.
        """
        row = self.row(image_id)
        slot = int(row["slot"])
        arrays, classes, tiers = self._arrays(str(row["group"]))
        if slot >= arrays["state"].shape[0]:  # a flow has extended the species since it was opened
            self._opened.pop(str(row["group"]), None)
            arrays, classes, tiers = self._arrays(str(row["group"]))
        settled = settled_values if self.files.local is not None else self._chunks.settled
        status, values = settled(str(row["group"]), arrays, slot, len(self.provenance.classifier.species))
        predicted = int(values["predicted"])
        return SpecimenRecord(
            image_id,
            str(row["scientificName"]),
            self._own_classes(values.get(REFERENCE), classes),
            tiers,
            values["evidence"].astype(np.float32),
            values["logit"].astype(np.float32),
            float(values["log_sum_exp"]),
            "" if predicted < 0 else self.provenance.classifier.species[predicted],
            status,
            self.provenance.compared_at,
            int(row["fold"]),
        )

    def _own_classes(self, reference: npt.NDArray[np.int32] | None, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Names of the classes that one specimen was compared with; ranks until it is done."""
        if reference is None or (reference < 0).any():
            return classes
        return tuple(self.provenance.classifier.species[k] for k in reference)

    def _arrays(self, group: str) -> Opened:
        found = self._opened.get(group)
        if found is None:
            if len(self._opened) >= KEPT_OPEN:
                self._opened.clear()
            found = self._opened[group] = open_species(self.files, group, per_image=self.provenance.per_image)
        return found

    def place(self, image_id: str) -> str:
        """Path or URL of a specimen's image, relative to `images_root` where it is local."""
        return image_location(self.row(image_id))

    def image(self, image_id: str) -> Image.Image:
        """Photograph of a specimen, upright and RGB; raises `ImageError` if it is unavailable."""
        return load_image(self.place(image_id), root=self.images_root)

    def image_size(self, image_id: str) -> tuple[int, int]:
        """Width and height of a specimen's photograph, upright; raises `ImageError` if it is unavailable."""
        return image_size(self.place(image_id), root=self.images_root)

    def window(self, image_id: str) -> Window:
        """Part of a specimen's photograph that the model saw, in image pixels."""
        return self.preparation.window(self.image_size(image_id))
