"""What is done, failed and missing in a store, and why: the figures behind `finercam info`."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from finercam_core.status import Status
from finercam_core.store.files import Files
from finercam_core.store.layout import FAILURES, status_of
from finercam_core.store.read import Store
from finercam_core.store.states import first_rows, read_states


@dataclass(frozen=True)
class StoreSummary:
    """Figures of a store.

    Attributes
    ----------
    species : DataFrame
        Per species: scientificName, specimens, done, failed, pending.
    failures : DataFrame
        Per failed specimen: image_id, scientificName, place, status, detail.
    rejected : DataFrame
        Rows of the catalog without a slot: table, row, image_id, reason.
    provenance : dict
    """

    species: pd.DataFrame
    failures: pd.DataFrame
    rejected: pd.DataFrame
    provenance: dict[str, Any]

    @property
    def totals(self) -> dict[str, int]:
        """Specimens, done, failed and pending over all species, and rejected rows."""
        counts = {key: int(self.species[key].sum()) for key in ("specimens", "done", "failed", "pending")}
        return {**counts, "rejected": len(self.rejected)}

    @property
    def causes(self) -> dict[str, int]:
        """Number of failed specimens by cause, most frequent first."""
        return dict(Counter(self.failures["status"]).most_common())


def summarise(store: Store) -> StoreSummary:
    """Read the state of every specimen and the reasons of the failed ones."""
    table = store.read_plan()
    code = status_of(read_states(store.files, table).words)
    listed = table["listed"].to_numpy(bool)
    failed = table[listed & (code > Status.DONE)]
    reasons = _explained(store.files, failed, code[listed & (code > Status.DONE)])
    return StoreSummary(_counts(table, code, listed), reasons, store.rejected, store.provenance)


def _counts(table: pd.DataFrame, code: Any, listed: Any) -> pd.DataFrame:
    _, starts = first_rows(table)

    def count(which: Any) -> Any:
        return np.add.reduceat((which & listed).astype(np.int64), starts) if len(starts) else np.zeros(0, np.int64)

    done, pending, everyone = count(code == Status.DONE), count(code == Status.PENDING), count(np.True_)
    names = table["scientificName"].to_numpy(object)[starts]
    counts = {"specimens": everyone, "done": done, "failed": everyone - done - pending, "pending": pending}
    return pd.DataFrame({"scientificName": names.astype(str), **counts})


def _explained(files: Files, failed: pd.DataFrame, code: Any) -> pd.DataFrame:
    """Add to each failed specimen the sentence that its writer left."""
    details: dict[str, str] = {}
    for content in files.read_many(files.names(FAILURES)):
        details |= {} if content is None else json.loads(content)
    return pd.DataFrame(
        {
            "image_id": failed["image_id"],
            "scientificName": failed["scientificName"],
            "place": failed["path"].where(failed["path"] != "", failed["accessURI"]),
            "status": [Status(int(one)).name for one in code],
            "detail": [details.get(image_id, "") for image_id in failed["image_id"]],
        }
    ).reset_index(drop=True)
