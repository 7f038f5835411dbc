"""Prompts of a CLIP-like model: for each class the texts that stand for it, from a TOML file.

.. code-block:: toml

    model = "hf-hub:imageomics/bioclip"       # open_clip's name of a model, or a folder "local-dir:weights"
    templates = ["a photo of {}."]            # each text is put into each template
    table = "classes.csv"                     # one row per class, with Darwin Core columns
    texts = ["{scientificName}", "{vernacularName}", "{kingdom} {phylum} {class} {order} {family} {scientificName}"]

    [concepts]                                # free classes: a name and its texts
    "adipose fin" = ["adipose fin", "a fish with a small fleshy fin before its tail"]
"""

import csv
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finercam_core.errors import ClassifierError

TEMPLATES = ("a photo of {}.",)
TEXTS = ("{scientificName}",)
_KEYS = {"model", "pretrained", "templates", "table", "texts", "concepts", "target_layer"}


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
        raise ClassifierError(f"{path} cannot be read: {error}", "see finercam_core.explain.model.prompts") from error
    unknown = sorted(set(content) - _KEYS)
    if unknown or "model" not in content:
        wrong = f"an unknown key {unknown[0]!r}" if unknown else "no model"
        raise ClassifierError(f"{path} has {wrong}", f"use the keys {', '.join(sorted(_KEYS))}")
    texts = dict(content.get("concepts", {}))
    if "table" in content:
        texts = {**texts_of_table(path.parent / content["table"], content.get("texts", TEXTS)), **texts}
    classes = fill_templates(texts, content.get("templates", TEMPLATES))
    pretrained = str(content.get("pretrained", ""))
    if (path.parent / pretrained).is_file():
        pretrained = str(path.parent / pretrained)
    return ClipSettings(_model(content, path), classes, pretrained, str(content.get("target_layer", "")))


def _model(content: Mapping[str, Any], path: Path) -> str:
    scheme, _, folder = str(content["model"]).partition("local-dir:")
    return f"local-dir:{path.parent / folder}" if folder and not scheme else str(content["model"])


def texts_of_table(table: Path, patterns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Texts of each row's species: patterns with names of columns in braces; those with an empty cell are left out.

    Raises
    ------
    ClassifierError
        If the table or a column is missing, a species is listed twice, or all its texts have empty cells.
    """
    if not table.is_file():
        raise ClassifierError(f"there is no table of classes at {table}", "give a CSV file with scientificName")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    classes: dict[str, tuple[str, ...]] = {}
    for row in rows:
        try:
            name = row["scientificName"]
            texts = tuple(pattern.format_map(row) for pattern in patterns if all(row[key] for key in _fields(pattern)))
        except KeyError as error:
            raise ClassifierError(f"{table} has no column {error}", f"its columns are {', '.join(row)}") from error
        if name in classes or not texts:
            wrong = "is listed twice" if name in classes else "has empty cells in every text"
            raise ClassifierError(f"{name!r} in {table} {wrong}", "correct the table, or add '{scientificName}'")
        classes[name] = texts
    return classes


def _fields(pattern: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(pattern) if name]


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
