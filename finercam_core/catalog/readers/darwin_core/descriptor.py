"""`meta.xml` of a Darwin Core Archive: which files it has, how they are written, and what their columns mean.

Darwin Core text guide, https://dwc.tdwg.org/text/ (TDWG 2009).
"""

import codecs
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from finercam_core.errors import CatalogError, counted
from finercam_core.io.faults import first_line
from finercam_core.io.table_forms import Dialect

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
_LIMIT = 10_000_000
# A field without a column is a fault of these; of others it is as if it were not described.
_NEEDED = ("scientificName", "genus", "specificEpithet", "occurrenceID", "identifier", "accessURI", "associatedMedia")


@dataclass(frozen=True)
class DataFile:
    """One table of the archive.

    Parameters
    ----------
    row_type : str
        URI of what a row is.
    locations : tuple of str
        Files, relative to `meta.xml`, that hold the rows one after another.
    dialect : Dialect
        How they are written; `header` names every column: "#id" the id of the core's row, "" those without a term.
    constants : dict of str to str
        Terms that have one value in all rows.
    aliases : tuple of str
        Terms whose column is the id itself.
    defaults : dict of str to str
        Terms that have a column, and the value where it is empty.
    delimiters : dict of str to str
        Terms whose cells are lists, and what separates their entries.
    faults : tuple of str
        What is wrong with its description: a table that has some cannot be read.
    """

    row_type: str
    locations: tuple[str, ...]
    dialect: Dialect
    constants: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)
    delimiters: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_descriptor(content: bytes) -> tuple[DataFile, list[DataFile]]:
    """Core and extensions of an archive, from the content of its `meta.xml`.

    Raises
    ------
    CatalogError
        It is not a `meta.xml`, or what it says of the core contradicts itself; all faults are named at once.
    """
    if len(content) > _LIMIT:
        raise CatalogError(f"meta.xml has {len(content):,} bytes, too many to be genuine", "do not trust this archive")
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise CatalogError(f"meta.xml is not readable XML: {first_line(error)}", "fetch the archive again") from error
    cores = [child for child in root if _local(child.tag) == "core"]
    extensions = [child for child in root if _local(child.tag) == "extension"]
    if len(cores) != 1:
        raise CatalogError(f"meta.xml describes {counted(len(cores), 'core')}", "an archive has exactly one")
    core, *others = [_data_file(element) for element in (*cores, *extensions)]
    faults = [fault for table in (core, *others) for fault in table.faults]
    if core.faults:
        raise CatalogError(f"meta.xml has {counted(len(faults), 'fault')}: {'; '.join(faults)}", "ask its publisher")
    return core, others


def _data_file(element: Element) -> DataFile:
    faults: list[str] = []
    attributes = element.attrib
    locations = tuple((node.text or "").strip() for node in element.iter() if _local(node.tag) == "location")
    row_type = attributes.get("rowType", "")
    what = row_type.rsplit("/", 1)[-1] or _local(element.tag)
    if not any(locations):
        faults.append(f"{what} names no file")
    columns, constants, aliases = _columns(element, what, faults)
    dialect = Dialect(
        delimiter=_unescape(attributes.get("fieldsTerminatedBy", ",")),
        quote=_unescape(attributes.get("fieldsEnclosedBy", '"')) or False,
        encoding=_encoding(attributes.get("encoding", "UTF-8"), what, faults),
        skip=_header_lines(attributes.get("ignoreHeaderLines", "0"), what, faults),
        header=_header(columns),
        padded=True,
    )
    if len(dialect.delimiter) != 1 or len(str(dialect.quote or "x")) != 1:
        faults.append(f"{what} separates or encloses fields by more than one character")
    defaults, delimiters = (_of_fields(element, attribute) for attribute in ("default", "delimitedBy"))
    return DataFile(
        row_type,
        tuple(filter(None, locations)),
        dialect,
        constants,
        tuple(aliases),
        defaults,
        delimiters,
        tuple(faults),
    )


def _columns(element: Element, what: str, faults: list[str]) -> tuple[dict[int, str], dict[str, str], list[str]]:
    """Names of the columns by position, constants, and terms that share the id's column."""
    columns: dict[int, str] = {}
    constants: dict[str, str] = {}
    aliases: list[str] = []
    nodes = [node for node in element if _local(node.tag) in ("id", "coreid", "field")]
    for node in sorted(nodes, key=lambda node: _local(node.tag) == "field"):
        term, index, default = node.get("term", ""), node.get("index", "").strip(), node.get("default")
        name = _free_name(term, {*columns.values(), *constants}) if _local(node.tag) == "field" else "#id"
        if index.isdigit() and int(index) < 10_000:
            if columns.get(int(index)) == "#id":
                aliases.append(name)
            else:
                columns[int(index)] = name
        elif name != "#id" and default is not None:
            constants[name] = default
        elif name == "#id" or name in _NEEDED:
            faults.append(f"{what} has a {_local(node.tag)} without a column: {term or index or 'no index'}")
    return columns, constants, aliases


def _of_fields(element: Element, attribute: str) -> dict[str, str]:
    """An attribute of the fields that have a column, by the local names of their terms."""
    fields = [node for node in element if _local(node.tag) == "field" and node.get("index") and node.get(attribute)]
    return {_free_name(node.get("term", ""), set()): _unescape(node.get(attribute, "")) for node in fields}


def _free_name(term: str, taken: set[str]) -> str:
    """The local name of a term, or the whole URI where two terms share it (dc:rights and dcterms:rights)."""
    local = term.rstrip("/").replace("#", "/").rsplit("/", 1)[-1]
    return term if local in taken else local


def _header(columns: dict[int, str]) -> list[str]:
    return [columns.get(i, "") for i in range(max(columns, default=-1) + 1)]


def _encoding(name: str, what: str, faults: list[str]) -> str:
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        faults.append(f"{what} has the unknown encoding {name!r}")
        return "utf8"
    return "utf8" if codec == "utf-8" else codec


def _header_lines(text: str, what: str, faults: list[str]) -> int:
    text = text.strip() or "0"
    if not text.isdigit() or int(text) > 1000:
        faults.append(f"{what} has {text!r} header lines")
        return 0
    return int(text)


def _unescape(text: str) -> str:
    return _ESCAPES.get(text, text)


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]
