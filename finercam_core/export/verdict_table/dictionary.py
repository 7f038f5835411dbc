"""The columns of the table of verdicts: name, type, unit and meaning, as a Frictionless Table Schema."""

from dataclasses import dataclass, field
from typing import Literal

from finercam_core.store import Store

Kind = Literal["string", "integer", "number", "boolean", "datetime"]
Cell = str | int | float | bool | None
SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name : str
    kind : Kind
        Type of Table Schema.
    meaning : str
        What a cell says, and when it is empty.
    unit : str
        "" for none.
    limits : dict
        Constraints of Table Schema.
    term : str
        The term of Darwin Core or Audiovisual Core that the column is, as an address.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    limits: dict[str, bool | float | list[str]] = field(default_factory=dict)
    term: str = ""

    def to_json(self) -> dict[str, object]:
        """The field of the Table Schema; `unit` is a property of our own, which the standard allows."""
        described: dict[str, object] = {"name": self.name, "type": self.kind, "description": self.meaning}
        if self.kind == "datetime":
            described["format"] = "any"
        optional = {"unit": self.unit, "constraints": self.limits, "rdfType": self.term}
        return described | {key: value for key, value in optional.items() if value}


_DWC, _AC = "http://rs.tdwg.org/dwc/terms/", "http://rs.tdwg.org/ac/terms/"
_SHARE: dict[str, bool | float | list[str]] = {"minimum": 0, "maximum": 1}
_ABOVE: dict[str, bool | float | list[str]] = {"minimum": 0}


def _text(name: str, meaning: str, term: str = "") -> Column:
    return Column(name, "string", meaning, term=term)


def _share(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, "share from 0 to 1", _SHARE)


def _pixels(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, "pixel of the photograph")


_IDENTIFIERS = (
    Column(
        "verdict_id", "string", "Specimen, reviewer and revision; the same in every table.", limits={"required": True}
    ),
    _text("region_id", "Specimen, reviewer and number of the region, as in every export; empty without a region."),
    Column("image_id", "string", "The specimen's photograph.", limits={"required": True}),
    Column("reviewer", "string", "Whose verdict it is.", limits={"required": True}),
    Column(
        "region_number",
        "integer",
        "Number of the region among those of the reviewer; 0 without one.",
        limits=_ABOVE,
    ),
    Column("regions", "integer", "Regions of this verdict: so many rows it has, at least one.", limits=_ABOVE),
)
_VERDICT = (
    Column(
        "kind",
        "string",
        "A verdict, or the adjudication of a disagreement.",
        limits={"enum": ["verdict", "adjudication"]},
    ),
    Column("decision", "string", "What the reviewer said.", limits={"enum": ["accept", "reject", "unsure"]}),
    Column(
        "counts", "boolean", "Whether exports of all reviewers go by it: false where an adjudication says otherwise."
    ),
    _text("decides_between", "Of an adjudication: whose verdicts it decides between."),
    _text("note", "The reviewer's note."),
    Column("time", "datetime", "When it was given, UTC."),
    Column(
        "seconds", "number", "Time that the specimen was looked at before; empty where nobody measured it.", "s", _ABOVE
    ),
    Column(
        "revision", "integer", "Counts the reviewer's verdicts on the specimen from 0; this is the last.", limits=_ABOVE
    ),
)
_TAXON = (
    _text("scientificName", "Species, as it is called in the collection.", f"{_DWC}scientificName"),
    *(
        _text(name, meaning, f"{_DWC}{name}")
        for name, meaning in (
            ("family", "Family."),
            ("genus", "Genus."),
            ("specificEpithet", "Specific epithet."),
            ("infraspecificEpithet", "Infraspecific epithet."),
            ("order", "Order."),
            ("taxonRank", "Rank of the name."),
            ("vernacularName", "Common name."),
            ("catalogNumber", "The specimen's number in its collection."),
        )
    ),
    _text("group_id", "Photographs of one specimen share it."),
    _text("subjectOrientation", "Which side is shown.", f"{_AC}subjectOrientation"),
    _text("license", "Licence of the photograph.", "http://purl.org/dc/terms/license"),
    _text("rightsHolder", "Who holds its rights.", "http://purl.org/dc/terms/rightsHolder"),
    _text("split", "Split of the collection: train, val, test, or empty."),
    _text("part", "What the classifier did with the photograph: train, val, test, left_out or unknown."),
    _text("place", "Path or address of the photograph, relative to the collection."),
)
_CLASSIFIER = (
    _share("probability", "The classifier's probability of the species; empty without a map."),
    _text("predicted", "The classifier's first choice."),
    _text("look_alike", "The closest look-alike that the specimen was compared with."),
    _share("look_alike_probability", "The classifier's probability of it."),
)
_COMPARISON = (
    Column(
        "gamma",
        "number",
        "Strength of the comparison that the region was cut from; 0 is the base method.",
        limits=_ABOVE,
    ),
    _text("weighting", "How several look-alikes are weighted."),
    _text("method", "Base method of the map."),
    _text("above", "Baseline that the map was looked at above: none, mean, look-alike, both, quantile or sharp."),
    Column("above_mean", "number", "Mean of the map where the baseline took that away.", "logit a cell"),
    _text("references", "Look-alikes of the comparison, with bars between."),
    _text("threshold_kind", "top: share of all pixels; value: least evidence; energy: share of all evidence."),
    Column("threshold", "number", "Its value.", "as threshold_kind says"),
    Column("smoothing", "number", "Radius of the rounding of the outline.", "pixel of the photograph", _ABOVE),
    _text("source", "How the region was made, such as threshold or painted."),
    _share("painted_share", "Share of the region's pixels that a person added."),
)
_EVIDENCE = (
    _share(
        "evidence_share", "Share of the map's positive evidence that lies in the region, against all its references."
    ),
    _text("pair", "The species and its closest look-alike among the references."),
    _share("pair_evidence_share", "The same share against that look-alike alone."),
)
_REGION = (
    _text("trait", "The trait that the reviewer says the region is."),
    _text("uberon", "Its term in UBERON."),
    Column("image_width_px", "integer", "Width of the photograph.", "pixel of the photograph", _ABOVE),
    Column("image_height_px", "integer", "Height of the photograph.", "pixel of the photograph", _ABOVE),
    Column("area_px", "integer", "Pixels of the region.", "pixel of the photograph, squared", _ABOVE),
    _share("area_share", "Their share of the photograph."),
    _pixels("length_px", "Long axis of the ellipse of equal second moments."),
    _pixels("breadth_px", "Its short axis."),
    _pixels("centroid_x_px", "Centroid, from the left."),
    _pixels("centroid_y_px", "Centroid, from the top."),
    Column(
        "body_x", "number", "Where the centroid lies in the box around the body: 0 left, 1 right.", "share of the box"
    ),
    Column("body_y", "number", "The same: 0 top, 1 bottom.", "share of the box"),
    _share("body_share", "Part of the body that the region covers; empty without trait masks."),
    *(
        Column(
            f"mean_{colour}",
            "number",
            f"Mean {colour} of the region; empty where the photograph is away.",
            "0 to 255",
            {"minimum": 0, "maximum": 255},
        )
        for colour in ("red", "green", "blue")
    ),
    _text("main_trait", "Trait of the collection's own mask that holds most of the region."),
    _share("main_trait_share", "Share of the region that lies on it."),
)
_SCALE = (
    Column(
        "pixels_per_mm",
        "number",
        "Scale of the photograph; empty where the collection has none.",
        "pixel per mm",
        _ABOVE,
    ),
    _text("scale_from", "Where the scale is from: the catalog, or a scale bar and who marked it."),
    Column("area_mm2", "number", "area_px in square millimetres.", "mm²", _ABOVE),
    Column("length_mm", "number", "length_px in millimetres.", "mm", _ABOVE),
    Column("breadth_mm", "number", "breadth_px in millimetres.", "mm", _ABOVE),
)
_MADE = (
    _text("problem", "What could not be measured of this row, and why; empty if everything was."),
    _text("collection", "Name of the collection."),
    _text("model", "The classifier."),
    _text("weights_sha256", "SHA-256 of its weights."),
    _text("target_layer", "Layer that is explained."),
    _text("run", "Run of the store."),
)
COLUMNS = (
    *_IDENTIFIERS, *_VERDICT, *_TAXON, *_CLASSIFIER, *_COMPARISON, *_EVIDENCE, *_REGION, *_SCALE, *_MADE,
)  # fmt: skip
KINDS = {column.name: column.kind for column in COLUMNS}


def table_schema() -> dict[str, object]:
    """The data dictionary: a Table Schema of the Frictionless standards."""
    return {
        "$schema": SCHEMA,
        "fields": [column.to_json() for column in COLUMNS],
        "missingValues": [""],
        "primaryKey": ["verdict_id", "region_number"],
    }


def data_package(store: Store, rows: int) -> dict[str, object]:
    """Description of both files, as a Frictionless Data Package."""
    made = store.provenance
    resources: list[dict[str, object]] = [
        {"name": "verdicts", "type": "table", "path": "verdicts.csv", "format": "csv", "mediatype": "text/csv",
         "encoding": "utf-8", "schema": "verdicts.schema.json"},
        {"name": "verdicts-parquet", "path": "verdicts.parquet", "format": "parquet",
         "mediatype": "application/vnd.apache.parquet"},
    ]  # fmt: skip
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "finercam-verdicts",
        "title": f"Verdicts on {made.collection or 'a collection'}, run {made.run}",
        "description": f"{rows:,} rows: one for each specimen, region and reviewer; see verdicts.schema.json.",
        "resources": resources,
    }
