"""What needed the classifier, as files in an evaluation's folder: written by `with_model`, read without torch."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from finercam_core.evaluate.tables import write_json, write_table

FILE = "faithfulness.json"
_TABLES = ("faithfulness", "finer", "sanity")


@dataclass(frozen=True)
class Checks:
    """Faithfulness and sanity checks of a store's run.

    Attributes
    ----------
    faithfulness : DataFrame
        `gains.summarise`: species, map, figure, mean and paired gains with intervals.
    finer : DataFrame
        `gains.finer_table`: whether the difference is better than the species alone.
    sanity : DataFrame
        `with_model.sanity`: check, shuffled, similarity, n.
    about : dict
        JSON values: run, protocol, forwards, needed, cost (in words), left_out, baselines_left_out.
    """

    faithfulness: pd.DataFrame = field(default_factory=pd.DataFrame)
    finer: pd.DataFrame = field(default_factory=pd.DataFrame)
    sanity: pd.DataFrame = field(default_factory=pd.DataFrame)
    about: dict[str, Any] = field(default_factory=dict)


def write_checks(folder: Path, checks: Checks) -> None:
    """Write the tables, and then `faithfulness.json`, so that everything it speaks of is there."""
    (folder / FILE).unlink(missing_ok=True)
    for name in _TABLES:
        table: pd.DataFrame = getattr(checks, name)
        if len(table.columns):
            write_table(table, folder, name)
        else:
            for ending in ("csv", "parquet"):
                (folder / f"{name}.{ending}").unlink(missing_ok=True)
    write_json(folder / FILE, checks.about)


def read_checks(folder: Path, run: str) -> Checks:
    """Checks in a folder if they belong to this run of the store, else empty ones."""
    try:
        about = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Checks()
    if about.get("run") != run:
        return Checks()
    paths = {name: folder / f"{name}.parquet" for name in _TABLES}
    tables = {name: pd.read_parquet(path) for name, path in paths.items() if path.is_file()}
    return Checks(**tables, about=about)
