"""Licences as museums write them, grouped by what they allow."""

import re

import pandas as pd

from finercam_core.catalog.check.findings import Finding

_MISSING = frozenset(
    ["", "-", "unknown", "none", "no license", "no licence", "not specified", "unspecified", "n a", "nan"]
)
_PARTS = (
    ("NC", r"\bnc\b|non ?commercial"),
    ("ND", r"\bnd\b|no ?deriv"),
    ("SA", r"\bsa\b|share ?alike"),
)
_RESERVED = re.compile(r"all rights reserved|©|copyright(?! expired)")


def licence_group(text: str) -> str:
    """One name for the many spellings of a licence.

    Returns
    -------
    str
        "CC0", "public domain", "CC BY", "CC BY-NC-SA" … without its version; "all rights reserved"; "" if none is
        given; any other text as it is.
    """
    plain = re.sub(r"[\s_/–—.,:()-]+", " ", text.lower()).strip()
    if plain in _MISSING:
        return ""
    if re.search(r"\bcc ?0\b|cc zero|publicdomain zero|public domain dedication", plain):
        return "CC0"
    if re.search(r"public ?domain|\bpdm\b|no known copyright", plain):
        return "public domain"
    if re.search(r"\bcc\b|creative ?commons|\battribution\b", plain) and re.search(r"\bby\b|attribution", plain):
        return "-".join(["CC BY", *(name for name, pattern in _PARTS if re.search(pattern, plain))])
    return "all rights reserved" if _RESERVED.search(plain) else " ".join(text.split())


def licences(specimens: pd.DataFrame) -> pd.DataFrame:
    """Licences of a collection, the most frequent first: licence, images, spellings."""
    written = specimens["license"]
    groups = {text: licence_group(text) for text in written.unique()}
    table = pd.DataFrame({"licence": written.map(groups).astype("str"), "written": written})
    counted = table.groupby("licence", sort=True)["written"]
    summary = pd.DataFrame({"images": counted.size(), "spellings": counted.unique().map(sorted)})
    return summary.sort_values("images", ascending=False, kind="stable").reset_index()


def licence_findings(specimens: pd.DataFrame, table: pd.DataFrame) -> list[Finding]:
    """Images without a licence, and images that may not be published in changed form."""
    missing = table[table["licence"] == ""]
    strict = table[table["licence"].str.contains(r"-ND|no.?deriv", case=False)]
    findings = []
    if len(missing):
        rows = specimens.loc[specimens["license"].isin(missing["spellings"].iloc[0]), ["image_id", "license"]]
        findings.append(
            Finding(
                "licence_missing",
                "warning",
                len(rows),
                "images",
                "without a licence",
                rows,
                "{image_id}",
                "ask who owns them before publishing pictures",
            )
        )
    if len(strict):
        count = int(strict["images"].sum())
        findings.append(
            Finding(
                "licence_no_derivatives",
                "warning",
                count,
                "images",
                "that may not be published in changed form",
                strict,
                "{licence}: {images}",
                "measure on them, but publish no overlays of them",
            )
        )
    return findings
