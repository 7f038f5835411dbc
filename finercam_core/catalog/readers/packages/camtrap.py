"""Camtrap DP (TDWG 2023, https://camtrap-dp.tdwg.org): media of camera traps joined with what was observed on them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finercam_core.catalog.columns import PICTURE_ENDING
from finercam_core.catalog.readers.named_files import named_file
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.addresses import is_url
from finercam_core.io.raw_tables import Notice, RawTable
from finercam_core.io.tables import read_table

SIGN = "datapackage.json"
_COLUMNS = {
    "image_id": ["mediaID"],
    "path": ["path"],
    "accessURI": ["address"],
    "scientificName": ["scientificName"],
    "vernacularName": ["vernacularName"],
    "family": ["family"],
    "order": ["order"],
    "license": ["license"],
    "group_id": ["deploymentID"],
}
_RANKS = ("kingdom", "order", "family", "vernacularName")


def read_camtrap(package: dict[str, Any], folder: str, location: str) -> CatalogSource:
    """Read a Camtrap data package, one row per photograph of one species.

    What was observed on a medium itself counts; else what was observed in the time of its event at its deployment.
    Photographs of one deployment are one group, so that no camera's background is in two splits. Videos, blank images
    and those of several species are set aside by name.

    Parameters
    ----------
    package : dict
        The content of `datapackage.json`.
    folder, location : str
        Its folder or address, and the file itself.

    Raises
    ------
    CatalogError
        It has no media or no observations, or they cannot be read.
    """
    media, observations = (_table(package, name, folder, location) for name in ("media", "observations"))
    missing = [f"{media.name}: {c}" for c in ("mediaID", "deploymentID", "filePath") if c not in media.frame]
    needed = ("deploymentID", "scientificName")
    missing += [f"{observations.name}: {column}" for column in needed if column not in observations.frame]
    if missing:
        raise CatalogError(f"{location} lacks the columns {', '.join(missing)}", "export the package again")
    frame = media.frame
    seen, orphans = _species(frame, observations.frame)
    reasons = _reasons(frame, seen)
    broken = [*media.broken, *((int(i), reason) for i, reason in reasons.items() if reason)]
    kept = frame[reasons == ""].copy()
    kept["scientificName"] = [seen[i][0] for i in kept.index]
    remote = kept["filePath"].map(is_url).astype(bool)
    kept = kept.assign(path=kept["filePath"].mask(remote, ""), address=kept["filePath"].where(remote, ""))
    kept = kept.assign(license=_licence(package), **_taxonomy(package, kept["scientificName"]))
    notices = [*media.notices, *_boxes(observations.frame)]
    rest = RawTable(
        observations.name, observations.frame.head(0), [*observations.broken, *orphans], observations.notices
    )
    # Without a row pandas forgets that these columns hold text.
    tables = [MappedTable(RawTable(media.name, kept.astype("str"), broken, notices), _COLUMNS), MappedTable(rest, {})]
    return CatalogSource(str(package.get("name") or Path(location).parent.name), folder, tables)


def _table(package: dict[str, Any], name: str, folder: str, location: str) -> RawTable:
    """One of the package's tables, from all of its files; rows within the description itself are not read."""
    resources = (r for r in package["resources"] if isinstance(r, dict) and r.get("name") == name)
    resource = next(resources, None)
    paths = resource.get("path") if resource else None
    paths = [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []
    if not paths:
        has = ", ".join(str(r.get("name")) for r in package["resources"] if isinstance(r, dict)) or "nothing"
        raise CatalogError(
            f"{location} is a Camtrap data package without {name}.csv; it has {has}", "export it with both"
        )
    tables = [read_table(named_file(location, folder, str(path)), name=str(path)) for path in paths]
    starts = np.cumsum([0, *(len(table.frame) + len(table.broken) for table in tables)])
    frames = [t.frame.set_axis(t.frame.index + start) for t, start in zip(tables, starts, strict=False)]
    broken = [(n + int(start), why) for t, start in zip(tables, starts, strict=False) for n, why in t.broken]
    notices = [notice for table in tables for notice in table.notices]
    return RawTable(str(paths[0]), pd.concat(frames).fillna(""), broken, notices)


def _species(media: pd.DataFrame, observations: pd.DataFrame) -> tuple[dict[int, list[str]], list[tuple[int, str]]]:
    """What was observed on each medium, in words, and the observations that belong to none."""
    said = _words(observations)
    rows = pd.Series(media.index, index=media["mediaID"])
    ids = observations.get("mediaID", pd.Series("", index=observations.index))
    seen: dict[int, list[str]] = {int(i): [] for i in media.index}
    orphans: list[tuple[int, str]] = []
    for number, medium in ids[ids != ""].items():
        if medium in rows.index:
            for row in np.atleast_1d(rows.loc[medium]):
                seen[int(row)].append(said[number])
        else:
            orphans.append((int(str(number)), f"no medium has the id {medium}"))
    events = observations[ids == ""]
    spans = _events(events)
    times = pd.to_datetime(
        media.get("timestamp", pd.Series("", index=media.index)), errors="coerce", utc=True, format="ISO8601"
    )
    by_place = {str(place): rows.index for place, rows in media.groupby("deploymentID")}
    unsaid = {row for row, words in seen.items() if not words}
    for number, (place, start, end) in spans.items():
        there = times[by_place.get(place, media.index[:0])]
        found = there.index[(there >= start) & (there <= end)]
        for row in found.intersection(list(unsaid)):
            seen[int(row)].append(said[number])
        if found.empty:
            where = f"no medium of the deployment {place} lies in the time of the event"
            orphans.append((int(str(number)), "its eventStart is not a time" if pd.isna(start) else where))
    return {row: sorted(set(words)) for row, words in seen.items()}, orphans


def _events(events: pd.DataFrame) -> dict[object, tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Deployment, start and end of each observation of an event."""
    start, end = (
        pd.to_datetime(events.get(name, pd.Series("", index=events.index)), errors="coerce", utc=True, format="ISO8601")
        for name in ("eventStart", "eventEnd")
    )
    # Times are given to the second.
    end = end.where(end.notna(), start) + pd.Timedelta(seconds=1)
    return {i: (str(events.at[i, "deploymentID"]), start[i], end[i]) for i in events.index}


def _words(observations: pd.DataFrame) -> "pd.Series[str]":
    """The species of each observation, or in brackets what it is of: blank, human, vehicle, unknown."""
    name = observations["scientificName"].str.strip()
    kind = observations.get("observationType", pd.Series("animal", index=observations.index)).str.strip().str.lower()
    return name.where((name != "") & kind.isin(["animal", ""]), "[" + kind.where(kind != "", "unknown") + "]")


def _reasons(media: pd.DataFrame, seen: dict[int, list[str]]) -> pd.Series:
    """Why a medium is set aside; "" for a photograph of one species."""
    kinds = media.get("fileMediatype", pd.Series("", index=media.index)).str.lower()
    picture = kinds.str.startswith("image/") | (
        (kinds == "") & media["filePath"].str.contains(PICTURE_ENDING, case=False, regex=True)
    )
    reasons = []
    for i, is_picture in picture.items():
        words = seen[int(str(i))]
        if not is_picture:
            reasons.append(f"it is not a picture: {kinds[i] or 'of unknown kind'}")
        elif not words:
            reasons.append("nothing was observed on it")
        elif len(words) > 1:
            reasons.append(f"{len(words)} things were observed on it: {', '.join(words[:3])}")
        else:
            reasons.append(f"it shows no species: {words[0][1:-1]}" if words[0].startswith("[") else "")
    return pd.Series(reasons, index=media.index, dtype="str")


def _licence(package: dict[str, Any]) -> str:
    """The licence of the media, where the package has one."""
    licences = [row for row in package.get("licenses") or [] if isinstance(row, dict) and row.get("scope") == "media"]
    return str(licences[0].get("name") or licences[0].get("path") or "") if licences else ""


def _taxonomy(package: dict[str, Any], names: pd.Series) -> dict[str, pd.Series]:
    """Higher ranks and the common name of each row, from the package's list of taxa."""
    taxa = [row for row in package.get("taxonomic") or [] if isinstance(row, dict) and row.get("scientificName")]
    known = {str(row["scientificName"]): row for row in taxa}
    for row in taxa:
        common = row.get("vernacularNames")
        if isinstance(common, dict) and common:
            row["vernacularName"] = str(common.get("eng") or common.get("en") or next(iter(common.values())))
    return {
        rank: names.map(lambda name, r=rank: str(known.get(name, {}).get(r) or "")).astype("str") for rank in _RANKS
    }


def _boxes(observations: pd.DataFrame) -> list[Notice]:
    """Boxes are in fractions of the image, whose size nobody knows before it is opened."""
    boxes = int((observations.get("bboxX", pd.Series("", index=observations.index)).str.strip() != "").sum())
    text = f"{counted(boxes, 'box', 'boxes')} in fractions of the image, which are not read"
    return [Notice("boxes", "observations", boxes, text)] if boxes else []
