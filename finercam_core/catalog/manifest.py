"""The manifest of a collection: a TOML file that says where its tables lie and what their columns mean."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from finercam_core.catalog.columns import TERMS, split_name
from finercam_core.catalog.template import Template
from finercam_core.errors import CatalogError, counted

Layout = Literal[
    "table", "folder", "darwin-core-archive", "fish-vista", "cub-200", "birds-525", "stanford-cars", "fgvc-aircraft",
    "croissant",
]  # fmt: skip
T = TypeVar("T")
Texts = Annotated[list[str], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Collection(_Strict):
    """What the collection is.

    `root` is a folder, relative to the manifest, or a URL that fsspec opens; `layout` names how the files lie in it;
    `names` says whether the species are scientific names or any labels ("verbatim": cars, common names), by default as
    the layout has it; `synonyms` is a table of accepted names; `splits` one of the images' splits;
    `paths` one of paths that `catalog check --fix-paths` found.
    """

    name: str = Field(min_length=1)
    description: str = ""
    citation: str = ""
    root: str = "."
    layout: Layout = "table"
    names: Literal["scientific", "verbatim"] | None = None
    synonyms: str = ""
    splits: str = ""
    paths: str = ""


class Table(_Strict):
    """One table below the root: its format follows from its ending unless given, its delimiter from the header."""

    path: str = Field(min_length=1)
    split: str = ""
    format: Literal["csv", "tsv", "parquet"] | None = None
    encoding: str = "utf8"
    optional: bool = False

    @field_validator("split")
    @classmethod
    def _is_split(cls, value: str) -> str:
        name = split_name(value)
        if name is None:
            raise ValueError(f"{value!r} is not one of train, val, test")
        return name


class Masks(_Strict):
    """Masks of trait ids beside the images: a template of their paths, and a JSON file of the ids' names."""

    path: str = Field(min_length=1)
    labels: str = ""
    uberon: dict[str, str] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _is_template(cls, value: str) -> str:
        return _checked_template(value)


class Manifest(_Strict):
    """Everything that `open_catalog` needs to know about one collection; see docs/catalogs.md."""

    collection: Collection
    tables: list[Table] = Field(default_factory=list)
    columns: dict[str, Texts] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    keep: dict[str, Texts] = Field(default_factory=dict)
    masks: Masks | None = None

    @field_validator("columns", "constants")
    @classmethod
    def _has_canonical_columns(cls, value: dict[str, T]) -> dict[str, T]:
        unknown = [term for term in value if term not in TERMS]
        if unknown:
            raise ValueError(f"unknown columns {', '.join(unknown)}; the canonical ones are {', '.join(TERMS)}")
        return value

    @field_validator("columns")
    @classmethod
    def _has_templates(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for texts in value.values():
            for text in texts:
                _checked_template(text)
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> "Manifest":
        terms = self.columns.keys() | self.constants.keys()
        if self.collection.layout != "table":
            return self
        if not self.tables:
            raise ValueError("a collection of tables needs at least one [[tables]] entry")
        if self.columns and "scientificName" not in terms and not {"genus", "specificEpithet"} <= terms:
            raise ValueError("[columns] must say where scientificName stands")
        if self.columns and not terms & {"path", "accessURI"}:
            raise ValueError("[columns] must say where path or accessURI stands")
        return self


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    CatalogError
        With every fault of the file in one message.
    """
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise CatalogError(f"the manifest {path} cannot be read: {error.strerror}", "correct the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"the manifest {path} is not valid TOML: {error}", "correct that line") from error
    except ValidationError as error:
        faults = "; ".join(_fault(e["loc"], e["msg"]) for e in error.errors(include_url=False))
        raise CatalogError(
            f"the manifest {path} has {counted(error.error_count(), 'fault')}: {faults}", "correct them"
        ) from error


def _fault(keys: tuple[int | str, ...], message: str) -> str:
    """One of pydantic's faults, after the dotted name of the key that has it."""
    where = ".".join(map(str, keys))
    return f"{where}: " * bool(where) + message.removeprefix("Value error, ")


def _checked_template(text: str) -> str:
    try:
        Template(text)
    except CatalogError as error:
        raise ValueError(str(error)) from error
    return text
