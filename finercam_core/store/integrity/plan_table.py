"""The plan, `specimens.parquet`, under its seal: read by everybody, written by the planner and by the repair."""

from collections.abc import Sequence

import pandas as pd

from finercam_core.io.files import Files
from finercam_core.store.layout import PROVENANCE, SPECIMENS


def remedy(location: str) -> str:
    """What to do about a plan that is damaged or gone."""
    return f"`finercam repair {location}` rebuilds it from the maps"


def restored(location: object) -> str:
    """What to do about a root whose description is damaged."""
    return f"`finercam repair {location}` restores it from {PROVENANCE}"


def read_plan(files: Files, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The plan of a store, or some of its columns; FileNotFoundError if there is none.

    Raises
    ------
    StoreError
        If it is not what was written.
    """
    return files.read_table(SPECIMENS, columns, remedy=remedy(files.location))
