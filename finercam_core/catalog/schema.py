"""What the columns of a specimens' table must hold: every fault of a table at once, each with its row."""

from functools import lru_cache
from typing import Any

import pandas as pd

HASHES = ("md5", "sha1", "sha256", "sha512")
_DIGEST = r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})?"
_BOX = r"(?:-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?){3})?"
# Without these a row cannot be used; a wrong value in any other column only costs that value.
REQUIRED = ("scientificName", "place")


@lru_cache(maxsize=1)
def _schema() -> Any:
    """The schema; pandera is imported here because it takes a second, which opening a folder need not pay."""
    import pandera.pandas as pa

    def column(check: Any) -> Any:
        return pa.Column(checks=check, required=False)

    def words(pattern: str, error: str) -> Any:
        return column(pa.Check.str_matches(rf"{pattern}$", error=error))

    return pa.DataFrameSchema(
        {
            "scientificName": column(pa.Check(lambda s: s != "", error="the row names no species")),
            "place": column(pa.Check(lambda s: s != "", error="the row has neither a path nor an accessURI")),
            "hashFunction": column(pa.Check.isin(["", *HASHES], error=f"not one of {', '.join(HASHES)}")),
            "hashValue": words(_DIGEST, "not a hexadecimal digest"),
            "boundingBox": words(_BOX, "not x,y,width,height in pixels"),
        }
    )


def schema_faults(table: pd.DataFrame) -> pd.DataFrame:
    """Cells that do not fit.

    Parameters
    ----------
    table : DataFrame
        Canonical columns as text, with `place`, the image's path or address.

    Returns
    -------
    DataFrame with the columns index (row label), term and reason.
    """
    from pandera.errors import SchemaErrors

    checked = [name for name in _schema().columns if name in REQUIRED or (name in table and (table[name] != "").any())]
    try:
        _schema().select_columns(checked).validate(table[checked], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        return pd.DataFrame({"index": cases["index"], "term": cases["column"], "reason": cases["check"]})
    return pd.DataFrame(columns=["index", "term", "reason"])
