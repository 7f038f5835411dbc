"""The rows of the table of verdicts: a specimen, one of its regions, and whose it is."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from finercam_core.export.formats.mask_writer import region_id
from finercam_core.export.mask_records import MaskRecord, address_of, record_of, without_folders
from finercam_core.export.measurements import Measurements, measurements
from finercam_core.export.verdict_table.dictionary import Cell
from finercam_core.export.verdict_table.specimens import JudgedSpecimen
from finercam_core.redaction import without_secrets
from finercam_core.regions.masks import specimen_of
from finercam_core.regions.traits import Trait
from finercam_core.review import Adjudication, Region, Verdict, last_word

Row = dict[str, Cell]
_SIGNIFICANT = 6


def rows_of(specimen: JudgedSpecimen, verdicts: Sequence[Verdict], traits: tuple[Trait, ...]) -> Iterator[Row]:
    """All rows of a specimen: one for each region of each verdict, and one for a verdict without a region.

    Parameters
    ----------
    specimen : JudgedSpecimen
    verdicts : sequence of Verdict
        The last ones of all, adjudications among them.
    traits : tuple of Trait
        What the values of the collection's masks mean.
    """
    decided = last_word(verdicts)
    for verdict in verdicts:
        fixed = _specimen_cells(specimen) | _verdict_cells(verdict) | {"counts": decided in (None, verdict)}
        if not verdict.regions:
            yield fixed | _comparison_cells(specimen, verdict, None) | {"region_number": 0}
        for position, region in enumerate(verdict.regions, 1):
            numbered = replace(region, number=region.number or position)
            yield fixed | _region_cells(specimen, verdict, numbered, traits)


def _specimen_cells(specimen: JudgedSpecimen) -> Row:
    record, made = specimen.record, specimen.store.provenance
    probability = None if record is None else record.probability
    known = probability is not None and record is not None
    look_alike = record.classes[1] if known and record is not None and len(record.classes) > 1 else ""
    cells: Row = {name: value for name, value in specimen.fields.items() if name != "pixelsPerMillimetre"}
    return cells | {
        "image_id": specimen.image_id,
        "scientificName": str(specimen.store.row(specimen.image_id)["scientificName"]),
        "part": str(specimen.store.row(specimen.image_id)["part"]),
        "probability": None if probability is None else _share(float(probability[0])),
        "predicted": "" if record is None else record.predicted,
        "look_alike": look_alike,
        "look_alike_probability": _share(float(probability[1])) if probability is not None and look_alike else None,
        "pixels_per_mm": _round(specimen.scale.pixels_per_mm),
        "scale_from": specimen.scale.source,
        "problem": "; ".join(specimen.problems),
        "place": without_secrets(address_of(specimen.store, specimen.image_id)),
        "collection": made.collection,
        "model": without_folders(made.classifier.model),
        "weights_sha256": made.classifier.weights_sha256,
        "target_layer": made.classifier.target_layer,
        "run": made.run,
    }


def _verdict_cells(verdict: Verdict) -> Row:
    decides = verdict.between if isinstance(verdict, Adjudication) else ()
    return {
        "verdict_id": f"{verdict.image_id}/{verdict.reviewer}/{verdict.revision}",
        "reviewer": verdict.reviewer,
        "regions": len(verdict.regions),
        "kind": "adjudication" if isinstance(verdict, Adjudication) else "verdict",
        "decision": verdict.decision,
        "decides_between": " | ".join(f"{one.reviewer}: {one.decision}" for one in decides),
        "note": verdict.note,
        "time": verdict.time,
        "seconds": verdict.seconds,
        "revision": verdict.revision,
    }


def _comparison_cells(specimen: JudgedSpecimen, verdict: Verdict, region: Region | None) -> Row:
    """How the map was made that was judged, or that the region was cut from."""
    made = (region.comparison if region is not None else None) or verdict.comparison
    used, record = list(made.references), specimen.record
    closest = next((name for name in (record.classes if record else ()) if name in used), used[0] if used else "")
    return {
        "gamma": made.gamma,
        "weighting": made.weighting,
        "method": made.method,
        "above": made.above,
        "above_mean": made.above_mean,
        "references": " | ".join(used),
        "pair": f"{verdict.scientificName} / {closest}" if closest else "",
    }


def _region_cells(specimen: JudgedSpecimen, verdict: Verdict, region: Region, traits: tuple[Trait, ...]) -> Row:
    record = record_of(specimen.store, verdict, region)
    made = region.comparison or verdict.comparison
    closest = str(_comparison_cells(specimen, verdict, region)["pair"]).partition(" / ")[2]
    kind, threshold = next(iter(region.threshold.items()), ("", None))
    measured, problems = _measured(specimen, record, traits)
    share = specimen.evidence_share(made, made.references, record.mask)
    if share is None and specimen.record is not None:
        problems.append("no share of evidence: the store has not the map that was judged, or it is nowhere positive")
    height, width = record.mask.shape
    cells: Row = _comparison_cells(specimen, verdict, region) | {
        "region_id": region_id(record),
        "region_number": region.number,
        "threshold_kind": kind,
        "threshold": threshold,
        "smoothing": region.smoothing,
        "source": region.source,
        "painted_share": _round(region.painted_share),
        "evidence_share": _share(share),
        "pair_evidence_share": _share(specimen.evidence_share(made, (closest,), record.mask)) if closest else None,
        "trait": region.trait,
        "uberon": region.uberon,
        "image_width_px": width,
        "image_height_px": height,
        "run": record.about.run,
    }
    cells |= asdict(measured) | _in_millimetres(measured, specimen.scale.pixels_per_mm)
    return cells | {"problem": "; ".join([*specimen.problems, *problems])}


def _measured(
    specimen: JudgedSpecimen, record: MaskRecord, traits: tuple[Trait, ...]
) -> tuple[Measurements, list[str]]:
    """Measurements of a region, and what of them is missing because pictures have another size than the mask."""
    shape, photograph, own = record.mask.shape, specimen.photograph, specimen.own_mask
    problems: list[str] = []
    if photograph is not None and photograph.shape[:2] != shape:
        photograph = None
        problems.append("no colours: the photograph has another size than the region")
    if own is not None and own.shape != shape:
        own = None
        problems.append("no trait mask: it has another size than the region")
    body = None if own is None else specimen_of(specimen.store, own)
    return measurements(record.mask, photograph, own, traits, body), problems


def _in_millimetres(measured: Measurements, scale: float | None) -> Row:
    if not scale:
        return {}
    return {
        "area_mm2": _round(measured.area_px / scale**2),
        "length_mm": None if measured.length_px is None else _round(measured.length_px / scale),
        "breadth_mm": None if measured.breadth_px is None else _round(measured.breadth_px / scale),
    }


def _share(value: float | None) -> float | None:
    """A share; sums and exponentials may be a rounding error above 1."""
    return None if value is None else _round(1.0 if 1 < value < 1 + 1e-6 else value)


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
