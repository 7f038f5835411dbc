"""What is done, failed and missing in a store, and why: the figures behind `finercam info`."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import zarr

from finercam_core.status import Status
from finercam_core.store.layout import FAILURES, status_of
from finercam_core.store.read import Store


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
    root = zarr.open_group(store.location, mode="r")
    rows: list[dict[str, Any]] = []
    failed: list[pd.DataFrame] = []
    for group, specimens in store.specimens.groupby("group", sort=True):
        listed = specimens.sort_values("slot")
        status = status_of(np.asarray(root[f"{group}/state"][:]))[: len(listed)]  # type: ignore[index]
        listed, status = listed[listed["listed"]], status[listed["listed"].to_numpy(bool)]
        rows.append(_counts(listed, status))
        failed.append(listed[status > Status.DONE].assign(code=status[status > Status.DONE]))
    return StoreSummary(pd.DataFrame(rows), _explained(store, pd.concat(failed)), store.rejected, store.provenance)


def _counts(listed: pd.DataFrame, status: Any) -> dict[str, Any]:
    done, pending = int((status == Status.DONE).sum()), int((status == Status.PENDING).sum())
    name = "" if listed.empty else str(listed["scientificName"].iloc[0])
    failed = len(status) - done - pending
    return {"scientificName": name, "specimens": len(status), "done": done, "failed": failed, "pending": pending}


def _explained(store: Store, failed: pd.DataFrame) -> pd.DataFrame:
    """Add to each failed specimen the sentence that its writer left."""
    details: dict[str, str] = {}
    for name in store.files.names(FAILURES):
        details |= json.loads(store.files.read(name))
    return pd.DataFrame(
        {
            "image_id": failed["image_id"],
            "scientificName": failed["scientificName"],
            "place": failed["path"].where(failed["path"] != "", failed["accessURI"]),
            "status": [Status(int(code)).name for code in failed["code"]],
            "detail": [details.get(image_id, "") for image_id in failed["image_id"]],
        }
    ).reset_index(drop=True)
