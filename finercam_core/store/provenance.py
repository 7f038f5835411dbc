"""How the maps of a store were made: the settings of its run, and the record that its root group keeps as JSON."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

import zarr
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from finercam_core.errors import StoreError
from finercam_core.finer import compared_gamma

ATTRIBUTE = "finercam"
# What does not determine the stored numbers.
_NOT_THE_RUN = ("versions", "route_check", "precision_check")


class _Record(BaseModel):
    """Keeps what it does not know, and writes exactly the fields that it was given: JSON in, the same JSON out."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    def to_json(self) -> dict[str, JsonValue]:
        """Plain JSON values, in the order of the fields."""
        return self.model_dump(mode="json", exclude_unset=True)


class ClassifierRecord(_Record):
    """The classifier of a run.

    Attributes
    ----------
    model, weights_sha256, target_layer, route : str
    execution : dict
        Precision and the like, see `finercam_core.explain.model.execution`.
    classes_sha256 : str
    prompts : dict of str to list of str
        Texts of each class, for classifiers whose classes are prompts.
    species : tuple of str
        Names of the scores.
    folds : dict, optional
        Of a cross-fitted classifier: count and sha256 of the heads that each leave a fold out.
    """

    model: str = ""
    weights_sha256: str = ""
    target_layer: str = ""
    route: str = ""
    execution: dict[str, JsonValue] = {}
    classes_sha256: str = ""
    prompts: dict[str, list[str]] = {}
    species: tuple[str, ...] = ()
    folds: dict[str, JsonValue] | None = None


class TraitRecord(_Record):
    """Traits that the values of a collection's masks stand for.

    Attributes
    ----------
    names, uberon : dict of str to str
        Name and UBERON term by mask value.
    whole : bool
        Whether the masks show whole specimens instead of traits.
    """

    names: dict[str, str] = {}
    uberon: dict[str, str] = {}
    whole: bool = False


class PartsRecord(_Record):
    """The lists of images that the classifier came with.

    Attributes
    ----------
    listed : int
        Images in them.
    folds : int
        Heads of a cross-fitted classifier, else 0.
    """

    listed: int = 0
    folds: int = 0


class RunSettings(_Record):
    """Everything about a classifier and a method that determines the stored numbers.

    Attributes
    ----------
    classifier : ClassifierRecord
    method, kind : str
        Base method, and "evidence" or "comparison".
    gamma : float
        For methods that are not linear in the scores: the γ that is stored.
    preparation, decoding : dict
        How images become the model's input.
    versions : dict of str to str
        Of the packages that computed; they do not make another run.
    route_check : dict
        What the first image said about the route: `image_id`, and `error`, the largest difference from a backward
        through the tail as a share of the evidence's range; `not_in_double` says why the route was proven in the
        model's own precision alone, where it was. It does not make another run.
    precision_check : dict
        What the first images said about bfloat16 where the precision was left to them: `error` as a share of the
        evidence's range, and `limit`. It does not make another run.
    """

    classifier: ClassifierRecord = ClassifierRecord()
    method: str = "gradcam"
    kind: str = "evidence"
    gamma: float | None = None
    preparation: dict[str, JsonValue] = {}
    decoding: dict[str, JsonValue] = {}
    versions: dict[str, str] = {}
    route_check: dict[str, JsonValue] = {}
    precision_check: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From plain values; tuples become lists, as in JSON."""
        return cls.model_validate_json(json.dumps(dict(values)))


class Provenance(RunSettings):
    """The settings of a run, its references, its collection and its place.

    Attributes
    ----------
    references : dict
        How the references were chosen; `per_image` if each image has its own.
    grid : (int, int)
        Height and width of the maps, in cells.
    collection : str
    schema_version : int
    run : str
        12 hexadecimal digits, from everything that determines the stored numbers.
    created : str
        ISO 8601, UTC.
    catalog, images_root, images_root_relative : str
        Where the catalog and the images were, the latter also relative to the store.
    traits : TraitRecord, optional
        For collections with masks.
    without_relatives : tuple of str
        Species that had no relative to be compared with.
    parts : PartsRecord, optional
        None where the classifier came without lists of its images, and in stores that are older than those.
    """

    references: dict[str, JsonValue] = {}
    grid: tuple[int, int] = (0, 0)
    collection: str = ""
    schema_version: int = 0
    run: str = ""
    created: str = ""
    catalog: str = ""
    images_root: str = ""
    images_root_relative: str = ""
    traits: TraitRecord | None = None
    without_relatives: tuple[str, ...] = ()
    parts: PartsRecord | None = None

    @property
    def per_image(self) -> bool:
        """Whether each image has references of its own."""
        return bool(self.references.get("per_image"))

    @property
    def never_references(self) -> tuple[str, ...]:
        """Species that no image may be compared with, where each image has references of its own."""
        names = self.references.get("never", [])
        return tuple(map(str, names)) if isinstance(names, list) else ()

    @property
    def compared_at(self) -> float | None:
        """The γ at which the maps were already compared; None for evidence, which can be taken to any γ."""
        return compared_gamma({"kind": self.kind, "gamma": self.gamma})


def run_id(fixed: Mapping[str, JsonValue]) -> str:
    """Short hash of everything that determines the stored numbers; 12 hexadecimal digits."""
    text = json.dumps({key: value for key, value in fixed.items() if key not in _NOT_THE_RUN}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_provenance(root: zarr.Group) -> Provenance | None:
    """The record of a store's root group, None if the group has none.

    Raises
    ------
    StoreError
        If the record is damaged.
    """
    record = root.attrs.get(ATTRIBUTE)
    if not isinstance(record, Mapping):
        return None
    try:
        return Provenance.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise StoreError(f"{field} is {first['input']!r} in {root.store_path}", "restore its zarr.json") from error


def has_own_references(root: zarr.Group) -> bool:
    """Whether each image of a store has references of its own; reads this alone, as it is asked for every chunk."""
    record: Any = root.attrs.get(ATTRIBUTE, {})
    return bool(record.get("references", {}).get("per_image"))
