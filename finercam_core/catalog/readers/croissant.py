"""Croissant metadata (JSON-LD, MLCommons): its record sets say which columns of which files hold what.

The metadata are read and checked by `mlcroissant`; the tables themselves are read as any other table, so that a
million rows do not pass through Python one by one and no image is fetched.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finercam_core.catalog.columns import guess_columns, split_name
from finercam_core.catalog.readers.named_files import named_file
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.extras import install_hint
from finercam_core.io.addresses import is_url
from finercam_core.io.faults import first_line
from finercam_core.io.raw_tables import Notice
from finercam_core.io.tables import read_table

SIGN = "croissant.json"
_FORMATS = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/x-parquet": "parquet",
    "application/vnd.apache.parquet": "parquet",
}


def read_croissant(location: str) -> CatalogSource:
    """Read a collection from its Croissant file; relative addresses start from the file's folder.

    Parameters
    ----------
    location : str
        The JSON-LD file (path or URL), or the folder that holds `croissant.json`.

    Raises
    ------
    CatalogError
        mlcroissant is not installed, the file is not valid Croissant, or no record set describes images of species.
    """
    remote = is_url(location)
    path = Path(location) / SIGN if not remote and Path(location).is_dir() else Path(location)
    metadata = _metadata(location if remote else str(path))
    root = location.rsplit("/", 1)[0] if remote else str(path.resolve().parent)
    files = {node.id: node for node in metadata.distribution}
    licence = _license(metadata)
    by_set = {str(records.id): list(_tables(records, files, root, licence)) for records in metadata.record_sets}
    tables = [table for of_set in by_set.values() for table in of_set]
    if not tables:
        problem = f"{location} has no record set with a species and an image from a CSV, TSV or Parquet file"
        raise CatalogError(problem, "write a manifest for its tables")
    unread = [name for name, of_set in by_set.items() if not of_set]
    notice = Notice("parts_not_read", location, len(unread), f"the record sets {', '.join(unread)}")
    return CatalogSource(str(metadata.name or path.stem), root, tables, notices=[notice] if unread else [])


def _metadata(location: str) -> Any:
    try:
        import mlcroissant
    except ImportError as error:
        raise CatalogError("Croissant needs mlcroissant", install_hint("croissant")) from error
    try:
        with _quiet():
            return mlcroissant.Dataset(jsonld=location).metadata
    except Exception as error:  # mlcroissant lets through whatever its libraries raise
        problem = f"{location} is not valid Croissant: {first_line(error)}"
        raise CatalogError(problem, "check it with: mlcroissant validate --jsonld FILE") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence mlcroissant's recommendations, which are for the authors of the metadata, not for their readers."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _license(metadata: Any) -> str:
    """The licence, or the first of several."""
    licence = metadata.license
    licence = licence[0] if isinstance(licence, list) and licence else licence
    return licence if isinstance(licence, str) else ""


def _tables(records: Any, files: dict[str, Any], root: str, licence: str) -> Iterator[MappedTable]:
    """One table per file that gives the record set both a species and an image."""
    by_file: dict[str, dict[str, str]] = {}
    for field in records.fields:
        source = field.source
        file, column = getattr(source, "file_object", None), getattr(getattr(source, "extract", None), "column", None)
        if file and column:
            by_file.setdefault(str(file), {})[str(field.name or field.id).rsplit("/", 1)[-1]] = str(column)
    for file, fields in by_file.items():
        columns = {term: [fields[name]] for term, name in guess_columns(fields).items()}
        if "scientificName" in columns and {"path", "accessURI"} & columns.keys() and file in files:
            yield _table(files[file], fields, columns, root, licence)


def _table(node: Any, fields: dict[str, str], columns: dict[str, list[str]], root: str, licence: str) -> MappedTable:
    location = named_file(SIGN, root, str(node.content_url or ""))
    kind = next((_FORMATS[name] for name in node.encoding_formats or () if name in _FORMATS), None)
    raw = read_table(location, name=str(node.id), kind=kind, columns=list(dict.fromkeys(fields.values())))
    constants = {"license": licence} if licence and "license" not in columns else {}
    return MappedTable(raw, columns, constants, split_name(Path(location).stem.rsplit("_", 1)[-1]) or "")
