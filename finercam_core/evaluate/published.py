"""Our figures beside published ones of the same collection."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.evaluate.protocol import EvaluationError
from finercam_core.evaluate.statistics.map_figures import FIGURES
from finercam_core.evaluate.statistics.species_tables import OVERALL

PAPER = "paper"
NEEDED = ("map", "figure", "value")
OURS = ("n", "mean", "low", "high")


def read_published(source: str | Path, collection: str) -> pd.DataFrame:
    """Published figures of a collection.

    Parameters
    ----------
    source : str or Path
        "paper" for the figures of Zhang et al., Finer-CAM, CVPR 2025, or a CSV table with the columns map, figure,
        value and optionally collection, backbone and source.
    collection : str
        Name of the collection, in upper or lower case.

    Returns
    -------
    DataFrame: map ("grad_cam", "finer_cam" …), figure ("drop_5", "deletion", "insertion", "energy" …), value (NaN where
    none is noted), backbone, source.

    Raises
    ------
    EvaluationError
        If the table cannot be read, lacks a column, or has no figure of the collection.
    """
    named = str(source) != PAPER
    file = Path(source) if named else files("finercam_core.evaluate") / "published.csv"
    try:
        table = pd.read_csv(str(file), keep_default_na=False)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"the figures {source} cannot be read: {error}", f"give {PAPER}, or a CSV with {', '.join(NEEDED)}"
        ) from error
    if missing := [name for name in NEEDED if name not in table.columns]:
        raise EvaluationError(f"{source} has no column {', '.join(missing)}", f"give {', '.join(NEEDED)}")
    if "collection" in table.columns:
        known = sorted(set(table["collection"]))
        table = table[table["collection"].str.lower() == collection.lower()]
        if table.empty:
            raise EvaluationError(
                f"{source} has no figure of {collection!r}",
                f"it has figures of {', '.join(known)}; give a CSV with {', '.join(NEEDED)} for another",
            )
    table = table.reindex(columns=[*NEEDED, "backbone", "source"], fill_value="")
    return table.assign(value=pd.to_numeric(table["value"], errors="coerce")).reset_index(drop=True)


def beside(published: pd.DataFrame, localisation: pd.DataFrame, faithfulness: pd.DataFrame) -> pd.DataFrame:
    """Our figures over all specimens beside published ones, with the gains over Grad-CAM in rows of their own.

    Parameters
    ----------
    published : DataFrame
        From `read_published`.
    localisation : DataFrame
        From `species_tables.localisation_table`.
    faithfulness : DataFrame
        From `gains.summarise`; empty where the classifier was not available.

    Returns
    -------
    DataFrame: figure, map, published, ours, low, high (95 %), n, backbone, source. Rows with the map "finer_cam -
    grad_cam" are the differences; their interval is the paired one. Ours is NaN where it was not measured.
    """
    rows = []
    for row in published.to_dict("records"):
        ours = _ours(str(row["map"]), str(row["figure"]), localisation, faithfulness)
        rows.append({"figure": row["figure"], "map": row["map"], "published": row["value"], **ours,
                     "backbone": row["backbone"], "source": row["source"]})  # fmt: skip
    table = pd.DataFrame(rows)
    return pd.concat([table, _gains(table, localisation, faithfulness)], ignore_index=True).sort_values(
        "figure", kind="stable", ignore_index=True
    )


def _ours(name: str, figure: str, localisation: pd.DataFrame, faithfulness: pd.DataFrame) -> dict[str, float]:
    table = localisation if figure in FIGURES else faithfulness
    values = [np.nan] * len(OURS)
    if len(table):
        row = table[(table["species"] == OVERALL) & (table["map"] == name) & (table["figure"] == figure)]
        values = list(row[list(OURS)].iloc[0]) if len(row) else values
    n, mean, low, high = map(float, values)
    return {"ours": mean, "low": low, "high": high, "n": n}


def _gains(table: pd.DataFrame, localisation: pd.DataFrame, faithfulness: pd.DataFrame) -> pd.DataFrame:
    """Finer-CAM less Grad-CAM for each figure that has both."""
    rows = []
    for figure, part in table.groupby("figure", sort=False):
        values = part.drop_duplicates("map").set_index("map")
        if not {"finer_cam", "grad_cam"} <= set(values.index):
            continue
        finer, grad = values.loc["finer_cam"], values.loc["grad_cam"]
        low, high = _paired(str(figure), localisation if figure in FIGURES else faithfulness)
        differences = {key: finer[key] - grad[key] for key in ("published", "ours")}
        same = {key: finer[key] for key in ("n", "backbone", "source")}
        rows.append({"figure": figure, "map": "finer_cam - grad_cam", **differences, "low": low, "high": high, **same})
    return pd.DataFrame(rows, columns=table.columns)


def _paired(figure: str, table: pd.DataFrame) -> tuple[float, float]:
    """Ends of the paired interval of the gain over Grad-CAM; NaN where it was not measured."""
    columns = ["over_grad_cam_low", "over_grad_cam_high"]
    if table.empty or not set(columns) <= set(table.columns):
        return np.nan, np.nan
    row = table[(table["species"] == OVERALL) & (table["map"] == "finer_cam") & (table["figure"] == figure)]
    return (float(row[columns[0]].iloc[0]), float(row[columns[1]].iloc[0])) if len(row) else (np.nan, np.nan)
