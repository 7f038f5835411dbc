"""Texts of the window, as functions of what is known."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from finercam_core.regions.shape import shares
from finercam_core.regions.traits import Trait
from finercam_core.review import Adjudication, Agreement, Comparison, Region, Verdict
from finercam_core.store import SpecimenRecord
from finercam_core.store.backgrounds import AboveBaseline
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.regions import THRESHOLD_KINDS, Mask, Threshold, ThresholdKind

DECISION_NAMES = {"accept": "accepted", "reject": "rejected", "unsure": "unsure", "": "not reviewed"}
THRESHOLDS: Mapping[ThresholdKind, str] = dict(
    zip(THRESHOLD_KINDS, ("% of all pixels", "% of the largest value", "% of the map's energy"), strict=True)
)
NO_TRAIT = "no trait"
_LEAST_SHARE = 0.005
_MOST_TRAITS = 3


def heading(specimen: LoadedSpecimen, common_name: str, decision: str, *, edited: bool = False) -> str:
    """Species, common name, id and decision of a specimen, as rich text of two lines."""
    name = f"<i>{escape(specimen.species)}</i>" + (f" · {escape(common_name)}" if common_name else "")
    state = f"edited since {DECISION_NAMES[decision]}" if edited else DECISION_NAMES[decision]
    return f"<span style='font-size:15px'><b>{name}</b></span><br>{escape(specimen.image_id)} · <b>{state}</b>"


def classification(record: SpecimenRecord | None) -> str:
    """How sure the classifier is of the specimen's species, as rich text; "" if that is not stored."""
    if record is None or not record.predicted:
        return ""
    wrong = record.predicted != record.scientificName
    confusion = f" and takes it for <i>{escape(record.predicted)}</i>" if wrong else ""
    return f"The classifier is {100 * record.probability[0]:.0f} % sure of it{confusion}."


def reference_line(name: str, tier: str, common_name: str) -> str:
    """A reference in the list: scientific name, common name, tier."""
    return f"{name}{f' · {common_name}' if common_name else ''}   ({tier})"


def map_state(comparison: Comparison, done: bool) -> str:
    """What the map is where it compares with nothing; "" where it does."""
    if not done or (comparison.references and comparison.gamma):
        return ""
    if not comparison.references:
        return f"No look-alike is ticked: this is the map of {comparison.method} alone, whatever γ is."
    return f"γ is 0: this is the map of {comparison.method} alone."


def baseline_state(shown: AboveBaseline) -> str:
    """What the map is above, with the mean that was taken away and why it is not above more; "" for a plain map."""
    said = shown.in_words()
    return f"{said[0].upper()}{said[1:]}." if said else ""


def above(made: Comparison) -> str:
    """What a map is above, to go on after how it was made; "" for nothing."""
    return "" if made.above == "none" else f", above {made.above}"


def threshold_meaning(threshold: Threshold) -> str:
    """What a share of the threshold means, in words."""
    share = f"{100 * threshold.share:.3g} %"
    return {
        "top": f"The region is the {share} of the picture's pixels with the most evidence.",
        "value": f"The region is where the evidence is at least {share} of its largest value.",
        "energy": f"The region is the smallest that holds {share} of all evidence in the picture.",
    }[threshold.kind]


def end_of_queue(counts: Mapping[str, int], *, forward: bool) -> str:
    """What to do at an end of the queue."""
    if not forward:
        return "This is the first specimen of the queue."
    left = counts["all"] - counts["accept"] - counts["reject"] - counts["unsure"]
    done = "all of it is judged" if not left else f"{left:,} of it are not judged yet (filter: unreviewed)"
    return f"The queue ends here, and {done}. Shift+H chooses other specimens, Shift+X exports the accepted regions."


def region_line(number: int, region: Region, shown: Comparison) -> str:
    """A region in the list: its number, its trait, how it was made, and the comparison where that is not the shown."""
    made = region.comparison
    if region.source == "threshold":
        source = "follows the threshold"
    elif region.source == "snapped":
        source = "snapped to the edges"
    else:
        source = f"{100 * region.painted_share:.0f} % by hand" if 0 < region.painted_share < 0.995 else "by hand"
    if made is None or made == shown:
        return f"{number}   {region.trait or NO_TRAIT}, {source}"
    against = f"against {', '.join(made.references)}" if made.references else "without a look-alike"
    return f"{number}   {region.trait or NO_TRAIT}, {source}, cut at γ {made.gamma:.2f} {against}{above(made)}"


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


def specimen_line(image_id: str, species: str, common_name: str) -> str:
    """A specimen in a list: id, species, common name."""
    return f"{image_id}   {species}{f' · {common_name}' if common_name else ''}"


def taken(layer: str, count: int) -> str:
    """What was taken out of a layer of another plugin."""
    objects = "1 object" if count == 1 else f"{count:,} objects"
    return f"{objects} of the layer “{layer}” {'is' if count == 1 else 'are'} among the regions now; Ctrl+Z undoes it."


def untaken(layer: str) -> str:
    """That somebody drew into a layer of another plugin, and went on without it."""
    return f"“{layer}” was changed and is not among the regions of the specimen before; H goes back, Shift+O takes it."


def batch(count: int, decision: str, refused: Sequence[str]) -> str:
    """What became of specimens that were judged at once."""
    specimens = "1 specimen is" if count == 1 else f"{count:,} specimens are"
    sentence = f"{specimens} {DECISION_NAMES[decision]}; Ctrl+Z takes it back."
    if not refused:
        return sentence
    others = f" and {len(refused) - 1:,} more" if len(refused) > 1 else ""
    return f"{sentence} Not judged: {refused[0]}{others}."


def history_state(count: int, *, blind: bool) -> str:
    """What the history of a specimen shows."""
    hidden = " Verdicts of others are shown after yours." if blind else ""
    verdicts = "1 verdict." if count == 1 else f"{count:,} verdicts, the latest first."
    return f"{verdicts if count else 'No verdict of yours yet.' if blind else 'No verdict yet.'}{hidden}"


def history_line(verdict: Verdict) -> tuple[str, str, str, str, str, str]:
    """When, who, verdict, regions, comparison and note of a verdict."""
    when = datetime.fromisoformat(verdict.time).astimezone() if verdict.time else None
    made = verdict.comparison
    against = ", ".join(made.references) or "no look-alike"
    decision = DECISION_NAMES[verdict.decision] if verdict.decision else "retracted"
    together = f", with {verdict.together - 1} others at once" if verdict.together > 1 else ""
    regions = "; ".join(region_line(region.number, region, region.comparison or made) for region in verdict.regions)
    return (
        "" if when is None else f"{when:%Y-%m-%d %H:%M:%S}",
        verdict.reviewer,
        f"{decision}{together}",
        regions or "none",
        f"γ {made.gamma:.2f}, {made.weighting}, {made.method}, against {against}{above(made)}",
        verdict.note,
    )


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


def unplaced_regions(regions: Sequence[Region]) -> str:
    """Which regions cannot be shown on the photograph as it is; "" for none."""
    if not regions:
        return ""
    sizes = sorted({f"{width:,} × {height:,}" for height, width in (region.rle["size"] for region in regions)})
    count = "1 region was" if len(regions) == 1 else f"{len(regions)} regions were"
    kept = "it is kept and not shown" if len(regions) == 1 else "they are kept and not shown"
    return f"{count} drawn on a photograph of {' and '.join(sizes)} pixels, which is not there; {kept}."


def other_verdicts(verdicts: Sequence[Verdict], reviewer: str, *, decides: bool = False) -> str:
    """Verdicts of others, shown only after one's own so that they sway nobody; who `decides` has to see them."""
    others = [verdict for verdict in verdicts if verdict.reviewer != reviewer]
    if not others:
        return ""
    if len(others) == len(verdicts) and not decides:
        return f"{len(others)} other verdict{'s' * (len(others) > 1)}, shown after yours."
    return " ".join(_verdict(verdict) for verdict in others)


def _verdict(verdict: Verdict) -> str:
    note = f" (“{verdict.note}”)" if verdict.note else ""
    decided = "decided: " if isinstance(verdict, Adjudication) else ""
    return f"{verdict.reviewer}: {decided}{DECISION_NAMES[verdict.decision]}{note}."


def agreement_line(pair: Agreement, reviewer: str) -> str:
    """Agreement with another reviewer, in one line."""
    other = pair.reviewers[1] if pair.reviewers[0] == reviewer else pair.reviewers[0]
    kappa = "κ undefined (one answer only)" if math.isnan(pair.kappa) else f"κ {pair.kappa:.2f}"
    specimens = "1 specimen" if pair.specimens == 1 else f"{pair.specimens:,} specimens"
    iou = "" if math.isnan(pair.iou) else f", mean IoU {pair.iou:.2f} over {pair.regions:,} accepted"
    return f"{other}: {kappa} over {specimens}{iou}"
