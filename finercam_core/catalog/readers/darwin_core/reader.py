"""Darwin Core Archives, also as GBIF and iDigBio hand them out: occurrences joined with their media."""

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from finercam_core.catalog.columns import PICTURE_ENDING
from finercam_core.catalog.readers.darwin_core.archive import Archive
from finercam_core.catalog.readers.darwin_core.descriptor import DataFile, read_descriptor
from finercam_core.catalog.readers.darwin_core.events import media_of_occurrences, occurrences_of_events
from finercam_core.catalog.readers.darwin_core.media_types import not_pictures
from finercam_core.catalog.readers.darwin_core.scales import SCALE, WANTED, with_scales
from finercam_core.catalog.readers.packages.json_files import PACKAGE, read_json
from finercam_core.catalog.readers.packed import read_packed_images
from finercam_core.catalog.readers.repeated_ids import first_rows
from finercam_core.catalog.readers.table import table_source
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.raw_tables import Notice, RawTable
from finercam_core.io.table_forms import Dialect
from finercam_core.io.tables import table_format
from finercam_core.io.text_tables import EmptyTableError, read_text

SIGN = "meta.xml"
# Simple Multimedia of GBIF, Audiovisual Core (Audubon Core), and GBIF's older Image extension.
MEDIA = ("gbif/terms/1.0/multimedia", "gbif.org/terms/1.0/multimedia", "tdwg.org/ac/terms/multimedia",
         "gbif.org/terms/1.0/image", "gbif/terms/1.0/image")  # fmt: skip
_CORE = ("#id", "scientificName", "family", "genus", "specificEpithet", "infraspecificEpithet", "order", "taxonRank",
         "vernacularName", "catalogNumber", "occurrenceID", "license", "rights", "rightsHolder",
         "associatedMedia", "kingdom")  # fmt: skip
_NAMES = _CORE[1:6]
_MEDIUM = ("#id", "type", "format", "accessURI", "goodQualityAccessURI", "identifier", "license", "rights",
           "UsageTerms", "WebStatement", "rightsHolder", "subjectOrientation", "hashFunction", "hashValue",
           "variantLiteral", "variant", "subtype", "subtypeLiteral", "occurrenceID")  # fmt: skip
_COLUMNS = {
    **{term: [term] for term in _CORE[1:10]},
    "group_id": ["occurrence"],
    "accessURI": ["medium.accessURI", "medium.goodQualityAccessURI", "medium.identifier"],
    "license": ["medium.license", "medium.rights", "medium.WebStatement", "medium.UsageTerms", "license", "rights"],
    "rightsHolder": ["medium.rightsHolder", "rightsHolder"],
    "subjectOrientation": ["medium.subjectOrientation"],
    SCALE: [SCALE],
    "hashFunction": ["medium.hashFunction"],
    "hashValue": ["medium.hashValue"],
}


# Several addresses or file names in one cell.
_AFTER_PICTURE = "|".join(
    rf"(?<=\.{end})[;,]" for end in ("jpg", "png", "tif", "gif", "bmp", "jp2", "jpeg", "tiff", "webp")
)
_SEPARATORS = rf"(?i)\s*(?:\||;(?=\s|\w+://|$)|{_AFTER_PICTURE}|,(?=\s|\w+://)|\s(?=\w+://))\s*"
_ASIDE = re.compile(r"(?:^|/)(?:__MACOSX/|\.|readme|licen[cs]e|citations?\.|rights\.)", re.IGNORECASE)


def read_archive(path: Path) -> CatalogSource:
    """Read an archive, one row per image; images without an occurrence and vice versa are recorded as broken rows.

    Parameters
    ----------
    path : Path
        A zip or a folder, with `meta.xml`, or with exactly one table.

    Raises
    ------
    CatalogError
        It cannot be read, its tables cannot be joined, or it lists no images.
    """
    archive = Archive(path)
    descriptor = archive.find(SIGN)
    if descriptor is None:
        return _single_table(archive)
    with archive.open(descriptor) as file:
        core, extensions = read_descriptor(file.read())
    folder = descriptor.removesuffix(SIGN)
    present = [e for e in extensions if not e.faults and _is_there(archive, folder, e)]
    media = [_read(archive, folder, extension, _MEDIUM) for extension in present if _is_media(extension)]
    observed = next((e for e in present if e.row_type.lower().endswith("/occurrence")), None)
    if core.row_type.lower().endswith("/event") and observed is not None:
        core = observed
        occurrences = occurrences_of_events(_read(archive, folder, core, _CORE))
        media = [media_of_occurrences(table, occurrences) for table in media]
    else:
        occurrences = _read(archive, folder, core, _CORE)
    measured = [_read(archive, folder, e, WANTED) for e in present if e.row_type.lower().endswith("measurementorfact")]
    occurrences = with_scales(occurrences, measured)
    joined = [_join(table, occurrences) for table in media]
    joined += _associated(occurrences, core, joined)
    notices = _absent(archive, folder, extensions)
    empty = [table for table in joined if len(table.frame)]
    if not empty and not any(table.broken for table in joined):
        lacking = "".join(f"; {notice.text}" for notice in notices[:2])
        raise CatalogError(f"{path} lists no images{lacking}", "ask for an archive with a multimedia extension")
    missing = _without_media(occurrences, joined)
    tables = [MappedTable(table, _present(table, _COLUMNS)) for table in (*joined, missing)]
    return CatalogSource(path.stem, _root(archive, folder), tables, notices=notices)


def _is_media(extension: DataFile) -> bool:
    return extension.row_type.lower().endswith(MEDIA)


def _is_there(archive: Archive, folder: str, extension: DataFile) -> bool:
    return bool(extension.locations) and all(archive.has(f"{folder}{location}") for location in extension.locations)


def _absent(archive: Archive, folder: str, extensions: list[DataFile]) -> list[Notice]:
    """Tables that `meta.xml` describes wrongly, or names although the archive lacks them."""
    texts = [f"{SIGN}: {fault}" for extension in extensions for fault in extension.faults]
    lost = [e for e in extensions if not e.faults and not _is_there(archive, folder, e)]
    texts += [f"{name} is missing, although {SIGN} names it" for e in lost for name in e.locations]
    return [Notice("archive", archive.path.name, 1, text) for text in texts]


def _root(archive: Archive, folder: str) -> str:
    """Where relative paths of images start: in the archive, if it holds pictures or is a folder; else beside it."""
    path = archive.path.resolve()
    pictures = any(re.search(PICTURE_ENDING, name, re.IGNORECASE) for name in archive.names())
    if path.is_dir() or pictures:
        return f"{path}/{folder}".rstrip("/")
    return str(path.parent)


def _single_table(archive: Archive) -> CatalogSource:
    """A zip that holds one table and no `meta.xml`, as GBIF's simple download is."""
    names = [name for name in archive.names() if not _ASIDE.search(name)]
    tables = [name for name in names if table_format(name)]
    package = archive.find(PACKAGE)
    if package is not None:
        return read_json(f"{archive.path.resolve()}/{package}")
    if any(re.search(PICTURE_ENDING, name, re.IGNORECASE) for name in names):
        return read_packed_images(archive.path.resolve())
    if len(tables) != 1:
        problem = f"{archive.path} has no {SIGN} and {counted(len(tables), 'table')}"
        raise CatalogError(problem, "give a Darwin Core Archive, or unpack it and give the table")
    with archive.open(tables[0]) as file:
        raw = read_text(file, tables[0], Dialect(""))
    return table_source(raw, archive.path.stem, str(archive.path.parent.resolve()), str(archive.path))


def _read(archive: Archive, folder: str, described: DataFile, wanted: tuple[str, ...]) -> RawTable:
    """All files of one table, only the columns that are needed, constants filled in."""
    header = [name if name in wanted else "" for name in described.dialect.header or ()]
    dialect = replace(described.dialect, header=_named(header))
    columns = [name for name in header if name]
    if not columns:
        raise CatalogError(f"{described.locations[0]} has none of the columns that are needed", "check meta.xml")
    tables = []
    for location in described.locations:
        with archive.open(f"{folder}{location}") as file:
            name = PurePosixPath(location).name
            try:
                tables.append(read_text(file, name, dialect, columns))
            except EmptyTableError:
                nothing = pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
                tables.append(RawTable(name, nothing, notices=[Notice("archive", name, 1, "it has no rows")]))
    frame = tables[0].frame if len(tables) == 1 else pd.concat([t.frame for t in tables], ignore_index=True)
    for name, value in described.constants.items():
        if name in wanted:
            frame[name] = value
    for name, value in described.defaults.items():
        if name in frame:
            frame[name] = frame[name].mask(frame[name].str.strip() == "", value)
    for name in described.aliases:
        if name in wanted:
            frame[name] = frame["#id"]
    return RawTable(
        tables[0].name,
        frame,
        [fault for table in tables for fault in table.broken],
        [notice for table in tables for notice in table.notices],
    )


def _named(header: list[str]) -> list[str]:
    """Columns that are not needed get names of their own, since the reader of tables wants them to differ."""
    return [name or f"#{i}" for i, name in enumerate(header)]


def _join(media: RawTable, occurrences: RawTable) -> RawTable:
    """Media with the columns of their occurrence; what is not a picture or has no occurrence is set aside."""
    if "#id" not in occurrences.frame or "#id" not in media.frame:
        raise CatalogError(f"{media.name} cannot be joined: the archive gives no ids", "check meta.xml")
    core, _, contradicted = first_rows(occurrences, "#id", _NAMES)
    frame = media.frame.rename(columns={name: f"medium.{name}" for name in media.frame.columns if name != "#id"})
    reasons = not_pictures(frame)
    other = reasons != ""
    position = core.index.get_indexer(frame["#id"])
    picture = ~other.to_numpy(bool)
    orphan = (position < 0) & picture
    broken = [*media.broken]
    broken += [(int(i), reasons[i]) for i in frame.index[other]]
    broken += [(int(i), f"no occurrence has the id {frame.at[i, '#id']}") for i in frame.index[orphan]]
    unclear = frame["#id"].isin(contradicted).to_numpy(bool) & picture
    broken += [(int(i), f"several occurrences have the id {frame.at[i, '#id']}") for i in frame.index[unclear]]
    known = picture & (position >= 0) & ~unclear
    kept = frame[known]
    rows = core.take(position[known]).set_axis(kept.index)
    joined = pd.concat([kept.drop(columns="#id"), rows], axis=1).assign(occurrence=kept["#id"])
    return RawTable(media.name, joined, broken, media.notices)


def _associated(occurrences: RawTable, core: DataFile, joined: list[RawTable]) -> list[RawTable]:
    """One row per address in `associatedMedia` of occurrences that no extension has media of.

    Several addresses are separated as `meta.xml` says, or as usual.
    """
    frame = occurrences.frame
    ids = frame["#id"] if "#id" in frame else pd.Series(frame.index.astype(str), frame.index)
    known = pd.concat([table.frame["occurrence"] for table in joined]) if joined else pd.Series(dtype="str")
    frame = frame.assign(occurrence=ids)[~ids.isin(known).to_numpy(bool)]
    given = core.delimiters.get("associatedMedia", "")
    pattern = rf"\s*{re.escape(given)}\s*" if given else _SEPARATORS
    listed = frame.get("associatedMedia", pd.Series("", index=frame.index)).str.split(pattern, regex=True)
    rows = frame.assign(**{"medium.accessURI": listed}).explode("medium.accessURI")
    rows["medium.accessURI"] = rows["medium.accessURI"].fillna("").astype("str")
    rows = rows[rows["medium.accessURI"] != ""]
    return [RawTable(occurrences.name, rows, [])] if len(rows) or not joined else []


def _without_media(occurrences: RawTable, joined: list[RawTable]) -> RawTable:
    """No rows, but the faults of the occurrences: those without a picture, and those that could not be read."""
    frame = occurrences.frame
    broken, notices = [*occurrences.broken], [*occurrences.notices]
    if "#id" in frame:
        notices += first_rows(occurrences, "#id", ())[1]
        shared = frame["#id"].duplicated(keep=False)
        seen = pd.concat([table.frame["occurrence"] for table in joined])
        without = frame.index[~frame["#id"].isin(seen).to_numpy(bool)]
        reasons = (
            "the occurrence has no picture",
            "other occurrences have its id, so no picture is known to be its own",
        )
        broken += [(int(i), reasons[int(shared[i])]) for i in np.asarray(without)]
    return RawTable(occurrences.name, frame.head(0), broken, notices)


def _present(table: RawTable, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """The source columns of each term that the table has."""
    present = {term: [name for name in names if name in table.frame] for term, names in columns.items()}
    return {term: names for term, names in present.items() if names}
