"""`check_catalog`: everything that is odd in a collection, with all cases."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.files import file_findings
from finercam_core.catalog.check.findings import CatalogCheck, Finding
from finercam_core.catalog.check.images import unseen
from finercam_core.catalog.check.leaks import near_image_findings, repeated_rows, same_image_findings, split_findings
from finercam_core.catalog.check.licences import licence_findings, licences
from finercam_core.catalog.check.names import name_findings, species_table
from finercam_core.catalog.check.notices import notice_findings
from finercam_core.catalog.check.taxa import taxon_findings
from finercam_core.catalog.columns import SPLITS
from finercam_core.status import Status

_LEVELS = ("error", "warning", "note")
_SIZES = {"1": 1, "2": 2, "3-4": 4, "5-19": 19, "20 or more": np.inf}


def check_catalog(catalog: Catalog, seen: pd.DataFrame | None = None) -> CatalogCheck:
    """Say what is in a collection and what is odd in it.

    Parameters
    ----------
    catalog : Catalog
    seen : DataFrame, optional
        From `look_at_images`; without it nothing is said about the images themselves.

    Returns
    -------
    CatalogCheck
    """
    seen = unseen(catalog) if seen is None else seen
    species = species_table(catalog)
    licensed = licences(catalog.specimens)
    findings = [
        *file_findings(catalog, seen),
        *notice_findings(catalog),
        *split_findings(catalog),
        *same_image_findings(catalog, seen),
        *near_image_findings(catalog, seen),
        *taxon_findings(catalog, species),
        *name_findings(catalog, species),
        *licence_findings(catalog.specimens, licensed),
        *_few_images(species),
    ]
    return CatalogCheck(
        catalog.name,
        catalog.source,
        catalog.root,
        _how(seen),
        _counts(catalog, species, seen),
        {split: int((catalog.specimens["split"] == split).sum()) for split in (*SPLITS, "")},
        _sizes(species),
        licensed,
        tuple(sorted(findings, key=lambda finding: _LEVELS.index(finding.level))),
    )


def _how(seen: pd.DataFrame) -> str:
    if (seen["sha256"] != "").any():
        return "opened"
    return "listed" if (seen["status"] != "").any() else "not looked at"


def _counts(catalog: Catalog, species: pd.DataFrame, seen: pd.DataFrame) -> Mapping[str, int]:
    table, repeats = catalog.specimens, repeated_rows(catalog)
    usable = (table["fault"] == "") & seen["status"].isin(["", Status.DONE.name])
    different = {
        name: int(table.loc[table[term] != "", term].nunique())
        for name, term in {"genera": "genus", "families": "family", "orders": "order", "groups": "group_id"}.items()
    }
    return {
        "rows": len(table) + len(catalog.rejected) + repeats,
        "rejected": len(catalog.rejected),
        "repeats": repeats,
        "images": len(table),
        "usable": int(usable.sum()),
        "species": len(species),
        "referable": int((species["kind"] == "").sum()),
        **different,
        "masks": int((table["maskURI"] != "").sum()),
    }


def _sizes(species: pd.DataFrame) -> dict[str, int]:
    """Species by their number of images."""
    cut = pd.cut(species["images"], [0, *_SIZES.values()], labels=list(_SIZES))
    return {name: int((cut == name).sum()) for name in _SIZES}


def _few_images(species: pd.DataFrame) -> list[Finding]:
    few = species.loc[species["images"] < 5, ["species", "images"]].sort_values("images", kind="stable")
    if few.empty:
        return []
    sizes = few["images"].value_counts().sort_index()
    what = f"with fewer than 5 images ({', '.join(f'{count:,} with {size}' for size, count in sizes.items())})"
    return [
        Finding(
            "few_images",
            "note",
            len(few),
            "species",
            what,
            few.reset_index(drop=True),
            "{species} ({images})",
            "train with --minimum-images to leave them out",
        )
    ]
