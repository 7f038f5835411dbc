"""Prompts of a CLIP-like model: for each class the texts that stand for it, from a TOML file.

.. code-block:: toml

    model = "hf-hub:imageomics/bioclip"       # open_clip's name of a model, or a folder "local-dir:weights"
    templates = ["a photo of {}."]            # each text is put into each template
    table = "classes.csv"                     # one row per class, with Darwin Core columns
    texts = ["{scientificName}", "{vernacularName}", "{kingdom} {phylum} {class} {order} {family} {scientificName}"]

    [concepts]                                # free classes: a name and its texts
    "adipose fin" = ["adipose fin", "a fish with a small fleshy fin before its tail"]
"""

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from finercam_core.errors import ClassifierError
from finercam_core.taxonomy.class_names import COLUMN, class_table

TEMPLATES = ("a photo of {}.",)
TEXTS = ("{scientificName}",)
_NAME = re.compile(r"[^{}.\[\]!:]+").fullmatch


@dataclass(frozen=True)
class ClipSettings:
    """A CLIP-like model and the texts of its classes.

    Attributes
    ----------
    model : str
        open_clip's name of a model, ``hf-hub:owner/name``, or ``local-dir:folder``.
    classes : dict of str to tuple of str
        Texts of each class by its name, in the order of the scores.
    pretrained : str
        open_clip's tag of the weights, or a file; "" where the model's name says it.
    target_layer : str
        "" for the default.
    """

    model: str
    classes: dict[str, tuple[str, ...]]
    pretrained: str = ""
    target_layer: str = ""


def read_settings(path: str | Path) -> ClipSettings:
    """Read a TOML file as described above; relative paths in it start at its folder.

    Raises
    ------
    ClassifierError
        If it cannot be read, holds unknown keys, or names no class or no model.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClassifierError(
            f"{path} cannot be read: {error}", "see finercam_core.explain.model.clip.prompts"
        ) from error
    unknown = sorted(set(content) - set(_PromptFile.model_fields))
    if unknown or "model" not in content:
        wrong = f"an unknown key {unknown[0]!r}" if unknown else "no model"
        raise ClassifierError(f"{path} has {wrong}", f"use the keys {', '.join(sorted(_PromptFile.model_fields))}")
    file = _checked(content, path)
    texts = {name: tuple(values) for name, values in file.concepts.items()}
    if file.table:
        texts = {**texts_of_table(path.parent / file.table, file.texts), **texts}
    classes = fill_templates(texts, file.templates)
    weights = path.parent / file.pretrained
    pretrained = str(weights) if file.pretrained and weights.is_file() else file.pretrained
    return ClipSettings(_model(file.model, path), classes, pretrained, file.target_layer)


def _listed(value: object) -> object:
    """A text stands for a list of one."""
    return [value] if isinstance(value, str) else value


_Texts = Annotated[list[str], BeforeValidator(_listed)]


class _PromptFile(BaseModel):
    """What a prompt file may hold."""

    model_config = ConfigDict(strict=True)

    model: str
    pretrained: str = ""
    templates: _Texts = list(TEMPLATES)
    table: str = ""
    texts: _Texts = list(TEXTS)
    concepts: dict[str, _Texts] = {}
    target_layer: str = ""


def _checked(content: Mapping[str, Any], path: Path) -> _PromptFile:
    try:
        return _PromptFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        problem = f"{key} in {path} is {first['input']!r}"
        raise ClassifierError(problem, "give a text, or a list of texts where several may stand") from error


def _model(name: str, path: Path) -> str:
    scheme, _, folder = name.partition("local-dir:")
    return f"local-dir:{path.parent / folder}" if folder and not scheme else name


def texts_of_table(table: Path, patterns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Texts of each row's species: patterns with names of columns in braces; those with an empty cell are left out.

    Raises
    ------
    ClassifierError
        If the table or a column is missing, a species is listed twice, or all its texts have empty cells.
    """
    if not table.is_file():
        raise ClassifierError(f"there is no table of classes at {table}", "give a CSV file with scientificName")
    fields = {pattern: _fields(pattern) for pattern in patterns}
    classes: dict[str, tuple[str, ...]] = {}
    for row in class_table(table).to_dict("records"):
        name = str(row[COLUMN])
        missing = [key for keys in fields.values() for key in keys if key not in row]
        if missing:
            raise ClassifierError(f"{table} has no column {missing[0]!r}", f"its columns are {', '.join(row)}")
        texts = tuple(pattern.format_map(row) for pattern, keys in fields.items() if all(row[key] for key in keys))
        if not texts:
            raise ClassifierError(
                f"{name!r} in {table} has empty cells in every text", "correct the table, or add '{scientificName}'"
            )
        classes[name] = texts
    return classes


def _fields(pattern: str) -> list[str]:
    """Names of columns in a pattern, which may hold nothing else in braces."""
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        problem = f"the text {pattern!r} has a brace that stands alone ({error})"
        raise ClassifierError(problem, "put names of columns in braces, or double a brace") from error
    odd = [name for _, name, form, conversion in parts if name is not None and (form or conversion or not _NAME(name))]
    if odd:
        raise ClassifierError(f"the text {pattern!r} has no name of a column in its braces", "write {scientificName}")
    return [name for _, name, _, _ in parts if name]


def fill_templates(
    classes: Mapping[str, Sequence[str] | str], templates: Sequence[str] = TEMPLATES
) -> dict[str, tuple[str, ...]]:
    """Put every text of every class into every template.

    Raises
    ------
    ClassifierError
        If there is no class, a class has no text, or a template has no ``{}``.
    """
    if not classes:
        raise ClassifierError("there are no classes to ask for", "give names of species or concepts")
    bad = [template for template in templates if template.count("{}") != 1]
    if bad or not templates:
        raise ClassifierError(f"the template {bad[0] if bad else ''!r} has no place for a text", "write {} once in it")
    filled = {}
    for name, value in classes.items():
        texts = [value] if isinstance(value, str) else list(value)
        if not texts or not all(text.strip() for text in texts):
            raise ClassifierError(
                f"the class {name!r} has an empty text", "describe what it looks like, or give its name"
            )
        filled[name] = tuple(template.replace("{}", text) for text in texts for template in templates)
    return filled
