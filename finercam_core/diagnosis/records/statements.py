"""An answer for other programs: JSON, entity and quality statements, Darwin Core measurements, JSON-LD.

The entity of an EQ statement is the part's ontology term; its quality is PATO's "quality" (PATO:0000001) until
reviewers' notes name it: a classifier says where two species differ, not how. (P. Mabee et al., Trends Ecol. Evol. 22,
2007.)
"""

import math
from collections.abc import Mapping
from dataclasses import asdict

from pydantic import JsonValue

from finercam_core.diagnosis.findings import PairAnswer, Place, PlaceFinding
from finercam_core.diagnosis.sentences import first_sentence
from finercam_core.review.qualities import QUALITY, NamedQuality

CONTEXT = {
    "dwc": "http://rs.tdwg.org/dwc/terms/",
    "obo": "http://purl.obolibrary.org/obo/",
    "schema": "https://schema.org/",
}
Json = dict[str, JsonValue]


def record(answer: PairAnswer) -> Json:
    """Everything of an answer as plain JSON values; NaN becomes null."""
    return {
        "species": answer.a,
        "reference": answer.b,
        "sentence": first_sentence(answer, mark=""),
        "n": answer.n_a,
        "n_reference": answer.n_b,
        "held_out": answer.held_out,
        "by_lists": answer.by_lists,
        "basis": answer.basis,
        "compared_by": answer.aligned,
        "smallest_p": answer.smallest_p,
        "told_apart": {key: _number(value) for key, value in asdict(answer.told_apart).items()},
        "passes": answer.passes,
        "findings": [_finding(one) for one in answer.findings],
        "left_out": dict(answer.left_out),
        "among_all": {name: {"right": right, "n": n} for name, (right, n) in answer.among_all.items()},
    }


def _finding(one: PlaceFinding) -> Json:
    test, causal = one.test, one.causal
    return {
        "place": test.place.name, "kind": "shortcut" if one.shortcut else test.place.kind, "term": test.place.term,
        "word": one.word, "reasons": list(one.reasons), "on": test.on, "evidence": _number(test.evidence),
        "low": _number(test.low), "high": _number(test.high), "share": _number(test.share),
        "density": _number(test.density), "usual_share": _number(test.usual), "p": _number(test.p), "q": _number(one.q),
        "causal": None if causal is None else {key: _number(value) for key, value in asdict(causal).items()},
        "agreement": None if one.agreement is None else dict(asdict(one.agreement)), "cells": _drawn(test.place),
    }  # fmt: skip


Qualities = Mapping[str, tuple[NamedQuality, ...]]
"""Those that reviewers named, by the name of the trait; see `finercam_core.review.qualities`."""


def statements(answer: PairAnswer, named: Qualities) -> list[JsonValue]:
    """Entity and quality of each supported character, for matrices of phenotypes; one for each quality that was named.

    Parameters
    ----------
    answer : PairAnswer
    named : mapping of str to tuple of NamedQuality
    """
    return [
        {
            "taxon": answer.a, "differs_from": answer.b, "entity": one.test.place.term or None,
            "entity_label": one.test.place.name, **_quality(quality),
        }
        for one in answer.worded("supported")
        for quality in named.get(one.test.place.name, (None,))
    ]  # fmt: skip


def _quality(named: NamedQuality | None) -> Json:
    if named is None:
        return {"quality": QUALITY, "quality_label": "quality", "quality_named_by_reviewer": False}
    return {
        "quality": named.term, "quality_label": named.label, "quality_named_by_reviewer": True,
        "reviewers": list(named.reviewers), "specimens": named.specimens,
    }  # fmt: skip


def measurements(answer: PairAnswer) -> list[JsonValue]:
    """Rows of Darwin Core's MeasurementOrFact, one for each supported or suggested character."""
    rows: list[JsonValue] = []
    for one in (*answer.worded("supported"), *answer.worded("suggested")):
        test = one.test
        error = "" if math.isnan(test.low) else f"95 % interval {test.low:.3g} to {test.high:.3g}"
        rows.append(
            {
                "scientificName": answer.a,
                "measurementType": f"evidence at {test.place.name} for {answer.a} against {answer.b}",
                "measurementValue": f"{test.evidence:.4g}",
                "measurementUnit": "logit",
                "measurementAccuracy": error,
                "measurementMethod": "separation of held-out specimens by a classifier's evidence (finercam)",
                "measurementRemarks": f"{one.word}; family-wise p = {test.p:.2g}; n = {answer.n_a} + {answer.n_b}",
            }
        )
    return rows


def linked(answer: PairAnswer, named: Qualities) -> Json:
    """The answer as JSON-LD: a data set of measurements about two taxa, with the entities and qualities it names."""
    facts: list[JsonValue] = [
        {"@type": "dwc:MeasurementOrFact", **{f"dwc:{key}": value for key, value in row.items()}}
        for row in measurements(answer)
        if isinstance(row, dict)
    ]
    places = [one.test.place for one in answer.worded("supported")]
    mentioned = [(place.term, place.name) for place in places if place.term]
    mentioned += [(quality.term, quality.label) for place in places for quality in named.get(place.name, ())]
    entities: list[JsonValue] = [
        {"@id": f"obo:{term.replace(':', '_')}", "schema:name": name} for term, name in dict.fromkeys(mentioned)
    ]
    return {
        "@context": dict(CONTEXT),
        "@type": "schema:Dataset",
        "schema:description": first_sentence(answer, mark=""),
        "schema:about": [{"@type": "dwc:Taxon", "dwc:scientificName": name} for name in (answer.a, answer.b)],
        "schema:variableMeasured": facts,
        "schema:mentions": entities,
    }


def _drawn(place: Place) -> list[JsonValue] | None:
    """Cells of a region, a string of # and . for every row of the frame."""
    return None if place.cells is None else ["".join("#" if cell else "." for cell in row) for row in place.cells]


def _number(value: float) -> float | int | None:
    return value if isinstance(value, int) or math.isfinite(value) else None
