"""Masks as a Darwin Core Archive: occurrences, their media, and what was found at them as measurements or facts."""

import csv
import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import quoteattr

from finercam_core.export.formats.mask_writer import MaskWriter, region_id
from finercam_core.export.mask_records import MaskDescription, MaskRecord
from finercam_core.io.atomic import complete_or_absent, write_whole
from finercam_core.io.disk.formulas import neutralised
from finercam_core.regions.shape import region_shape
from finercam_core.review.qualities import quality_of
from finercam_core.store import Store

META, CORE, FACTS, MEDIA = "meta.xml", "occurrence.csv", "extended_measurement_or_fact.csv", "multimedia.csv"
DWC, AC, OBIS = "http://rs.tdwg.org/dwc/terms/", "http://rs.tdwg.org/ac/terms/", "http://rs.iobis.org/obis/terms/"
DCTERMS, RIGHTS = "http://purl.org/dc/terms/", "http://ns.adobe.com/xap/1.0/rights/"
OBO = "http://purl.obolibrary.org/obo/"
_OF_CORE = (
    *(f"{DWC}{term}" for term in ("occurrenceID", "catalogNumber", "scientificName", "order", "family", "genus",
                                  "specificEpithet", "infraspecificEpithet", "taxonRank", "vernacularName")),
    f"{DCTERMS}license", f"{DCTERMS}rightsHolder",
)  # fmt: skip
_OF_FACTS = (
    f"{DWC}measurementID", f"{DWC}occurrenceID", f"{DWC}measurementType", f"{OBIS}measurementTypeID",
    f"{DWC}measurementValue", f"{OBIS}measurementValueID", f"{DWC}measurementUnit", f"{OBIS}measurementUnitID",
    f"{DWC}measurementDeterminedDate", f"{DWC}measurementDeterminedBy", f"{DWC}measurementMethod",
    f"{DWC}measurementRemarks",
)  # fmt: skip
_OF_MEDIA = (f"{DCTERMS}identifier", f"{AC}accessURI", f"{DCTERMS}type", f"{RIGHTS}UsageTerms", f"{RIGHTS}Owner")
TABLES = {
    CORE: (f"{DWC}Occurrence", _OF_CORE),
    FACTS: (f"{OBIS}ExtendedMeasurementOrFact", _OF_FACTS),
    MEDIA: (f"{AC}Multimedia", _OF_MEDIA),
}
"""Row type and terms of each table; its first column is the id of the core's row."""
# Of the ontology of qualities, PATO: area, length, width.
_MEASURED = {"area": "PATO:0001323", "length": "PATO:0000122", "breadth": "PATO:0000921"}


class DarwinCoreWriter(MaskWriter):
    """Streams ``occurrence.csv`` and the extensions ExtendedMeasurementOrFact and Multimedia; ``meta.xml`` ties them.

    A region is an entity and a quality: the trait's anatomy term and PATO's term of what differs there. Its area and
    axes are facts of their own, in pixels.
    """

    files = (META, *TABLES)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self._stack = ExitStack()
        self._tables: dict[str, csv.DictWriter[str]] = {}

    def __enter__(self) -> Self:
        for name, (_, terms) in TABLES.items():
            file = self._stack.enter_context(complete_or_absent(self.folder / name))
            self._tables[name] = csv.DictWriter(file, ["id", *map(_local, terms)], restval="")
            self._tables[name].writeheader()
        return self

    def _write(self, name: str, row: dict[str, object]) -> None:
        shown = row if self.settings.raw_text else {key: neutralised(value) for key, value in row.items()}
        self._tables[name].writerow(shown)

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        first = records[0]
        row = self.store.row(first.image_id)
        known = {_local(term): row[_local(term)] for term in _OF_CORE if _local(term) in row.index}
        self._write(CORE, {"id": first.image_id, "occurrenceID": first.image_id, **known})
        self._write(
            MEDIA,
            {
                "id": first.image_id, "identifier": first.image_id, "accessURI": first.place, "type": "StillImage",
                "UsageTerms": first.about.license, "Owner": first.about.rightsHolder,
            },
        )  # fmt: skip
        for record in records:
            for fact in _facts(record):
                self._write(FACTS, {"id": first.image_id, "occurrenceID": first.image_id, **fact})
            self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, t)
        if kind is None:
            write_whole(self.folder / META, _meta())


def _facts(record: MaskRecord) -> list[dict[str, object]]:
    """What is said of a region: its quality first, then its size."""
    about, region = record.about, region_id(record)
    entity = about.trait or "discriminative region"
    made = {
        "measurementDeterminedDate": about.time, "measurementDeterminedBy": about.reviewer or "",
        "measurementMethod": _method(about), "measurementRemarks": _remarks(about),
    }  # fmt: skip
    term, words = quality_of(about.note)
    facts: list[dict[str, object]] = [
        {
            "measurementID": region, "measurementType": f"quality of {entity}", "measurementTypeID": _iri(about.uberon),
            "measurementValue": words, "measurementValueID": _iri(term), **made,
        }
    ]  # fmt: skip
    shape = region_shape(record.mask)
    sizes = {"area": shape.area, "length": round(shape.major_axis, 2), "breadth": round(shape.minor_axis, 2)}
    for name, value in sizes.items() if shape.area else ():
        facts.append(
            {
                "measurementID": f"{region}-{name}", "measurementType": f"{name} of the region at {entity}",
                "measurementTypeID": _iri(_MEASURED[name]), "measurementValue": value, "measurementUnit": "pixel",
                **made,
            }
        )  # fmt: skip
    return facts


def _method(about: MaskDescription) -> str:
    compared = ", ".join(about.references) or "nothing"
    threshold = json.dumps(dict(about.threshold))
    snapped = f", snapped to edges {json.dumps(dict(about.snapped))}" if about.snapped else ""
    mean = "" if about.above_mean is None else f" of {about.above_mean:.4g} a cell"
    above = "" if about.above == "none" else f", map above its baseline {about.above}{mean}"
    return (
        f"Finer-CAM over {about.method} against {compared}, gamma {about.gamma:g}, references weighted by "
        f"{about.weighting}{above}; region by {about.source} {threshold}, {about.painted_share:.0%} of it "
        f"painted{snapped}; "
        f"model {about.model}, layer {about.target_layer}, weights SHA-256 {about.weights_sha256}, run {about.run}"
    )


def _remarks(about: MaskDescription) -> str:
    return "; ".join(part for part in (about.decision, about.note) if part)


def _iri(term: str) -> str:
    return f"{OBO}{term.replace(':', '_')}" if re.fullmatch(r"[A-Za-z]+:\d+", term) else term


def _local(term: str) -> str:
    return term.rsplit("/", 1)[-1]


def _meta() -> str:
    """The description of the tables, by the Darwin Core text guide."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<archive xmlns="http://rs.tdwg.org/dwc/text/">']
    written = 'encoding="UTF-8" fieldsTerminatedBy="," fieldsEnclosedBy="&quot;" linesTerminatedBy="\\r\\n"'
    for name, (row_type, terms) in TABLES.items():
        kind, key = ("core", "id") if name == CORE else ("extension", "coreid")
        parts.append(f'  <{kind} {written} ignoreHeaderLines="1" rowType={quoteattr(row_type)}>')
        parts.append(f"    <files><location>{name}</location></files>")
        parts.append(f'    <{key} index="0"/>')
        parts += [f'    <field index="{i}" term={quoteattr(term)}/>' for i, term in enumerate(terms, 1)]
        parts.append(f"  </{kind}>")
    return "\n".join([*parts, "</archive>"]) + "\n"
