"""Texts of the window, as functions of what is known."""

import math
from collections.abc import Mapping, Sequence

from finercam_core.regions.shape import shares
from finercam_core.regions.traits import Trait
from finercam_core.review import Agreement, Verdict
from finercam_core.store import SpecimenRecord
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.regions import THRESHOLD_KINDS, Mask, ThresholdKind

DECISION_NAMES = {"accept": "accepted", "reject": "rejected", "unsure": "unsure", "": "not reviewed"}
THRESHOLDS: Mapping[ThresholdKind, str] = dict(
    zip(THRESHOLD_KINDS, ("% of all pixels", "% of the largest value", "% of the map's energy"), strict=True)
)
_LEAST_SHARE = 0.005
_MOST_TRAITS = 3


def heading(specimen: LoadedSpecimen, common_name: str, decision: str) -> str:
    """Species, common name, id and decision of a specimen, as rich text of two lines."""
    name = f"<i>{specimen.species}</i>" + (f" · {common_name}" if common_name else "")
    return (
        f"<span style='font-size:15px'><b>{name}</b></span><br>{specimen.image_id} · <b>{DECISION_NAMES[decision]}</b>"
    )


def classification(record: SpecimenRecord | None) -> str:
    """How sure the classifier is of the specimen's species, as rich text; "" if that is not stored."""
    if record is None or not record.predicted:
        return ""
    wrong = record.predicted != record.scientificName
    confusion = f" and takes it for <i>{record.predicted}</i>" if wrong else ""
    return f"The classifier is {100 * record.probability[0]:.0f} % sure of it{confusion}."


def reference_line(name: str, tier: str, common_name: str) -> str:
    """A reference in the list: scientific name, common name, tier."""
    return f"{name}{f' · {common_name}' if common_name else ''}   ({tier})"


def trait_overlap(mask: Mask, specimen: LoadedSpecimen, traits: Sequence[Trait]) -> str:
    """Which of the collection's traits a region lies on; "" where the collection has no mask of the specimen."""
    if specimen.traits is None:
        return ""
    if not mask.any():
        return "The region is empty."
    names = {trait.id: trait.name.lower() for trait in traits}
    overlaps = [
        (names[label], share)
        for label, share in shares(mask, specimen.traits).items()
        if label in names and share >= _LEAST_SHARE
    ]
    if not overlaps:
        return "The region lies on none of the collection's traits."
    (name, share), *others = overlaps[:_MOST_TRAITS]
    first = f"{100 * share:.0f} % of the region lies on the {name}"
    return ", ".join([first, *(f"{100 * share:.0f} % on the {name}" for name, share in others)]) + "."


def progress(counts: Mapping[str, int]) -> str:
    """How much of the selection is judged."""
    judged = counts["accept"] + counts["reject"] + counts["unsure"]
    parts = [f"{counts[name]:,} {DECISION_NAMES[name]}" for name in ("accept", "reject", "unsure") if counts[name]]
    return f"{judged:,} of {counts['all']:,}" + (f": {', '.join(parts)}" if parts else "")


def missing_species(count: int) -> str:
    """How many species are skipped because their maps are missing or cannot be read."""
    return f"The maps of {count:,} species are not in the store, or are damaged; their specimens are skipped."


def pending_specimens(count: int) -> str:
    """How many specimens have no map yet."""
    return "1 specimen has no map yet." if count == 1 else f"{count:,} specimens have no map yet."


def other_verdicts(verdicts: Sequence[Verdict], reviewer: str) -> str:
    """Verdicts of others, shown only after one's own so that they sway nobody."""
    others = [verdict for verdict in verdicts if verdict.reviewer != reviewer]
    if not others:
        return ""
    if len(others) == len(verdicts):
        return f"{len(others)} other verdict{'s' * (len(others) > 1)}, shown after yours."
    return " ".join(_verdict(verdict) for verdict in others)


def _verdict(verdict: Verdict) -> str:
    note = f" (“{verdict.note}”)" if verdict.note else ""
    return f"{verdict.reviewer}: {DECISION_NAMES[verdict.decision]}{note}."


def agreement_line(pair: Agreement, reviewer: str) -> str:
    """Agreement with another reviewer, in one line."""
    other = pair.reviewers[1] if pair.reviewers[0] == reviewer else pair.reviewers[0]
    kappa = "κ undefined (one answer only)" if math.isnan(pair.kappa) else f"κ {pair.kappa:.2f}"
    specimens = "1 specimen" if pair.specimens == 1 else f"{pair.specimens:,} specimens"
    iou = "" if math.isnan(pair.iou) else f", mean IoU {pair.iou:.2f} over {pair.regions:,} accepted"
    return f"{other}: {kappa} over {specimens}{iou}"
