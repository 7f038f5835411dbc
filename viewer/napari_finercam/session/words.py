"""What the widget says, as functions of what is known."""

import math
from collections.abc import Iterable, Mapping, Sequence

from finercam_core.regions.threshold import shares
from finercam_core.regions.traits import Trait
from finercam_core.review import Agreement, Verdict
from finercam_core.store import SpecimenRecord
from napari_finercam.session.regions import KINDS, Kind, Mask
from napari_finercam.session.view import View

DECISIONS = {"accept": "accepted", "reject": "rejected", "unsure": "unsure", "": "not reviewed"}
THRESHOLDS: Mapping[Kind, str] = dict(
    zip(KINDS, ("% of all pixels", "% of the largest value", "% of the map's energy"), strict=True)
)
_LEAST = 0.005


def heading(view: View, common: str, decision: str) -> str:
    """Who is on screen, as rich text of three lines."""
    name = f"<i>{view.species}</i>" + (f" · {common}" if common else "")
    return f"<span style='font-size:15px'><b>{name}</b></span><br>{view.image_id} · <b>{DECISIONS[decision]}</b>"


def classified(record: SpecimenRecord | None) -> str:
    """What the classifier made of the specimen."""
    if record is None or not record.predicted:
        return ""
    sure = f"The classifier is {100 * record.probability[0]:.0f} % sure of it"
    return sure + (
        "." if record.predicted == record.scientificName else f" and takes it for <i>{record.predicted}</i>."
    )


def reference_line(name: str, tier: str, common: str) -> str:
    """A reference in the list: scientific name, common name, tier."""
    return f"{name}{f' · {common}' if common else ''}   ({tier})"


def overlap(mask: Mask, view: View, traits: Sequence[Trait]) -> str:
    """On which of the collection's traits a region lies; "" where the collection has no mask of the specimen."""
    if view.traits is None:
        return ""
    if not mask.any():
        return "The region is empty."
    names = {trait.id: trait.name.lower() for trait in traits}
    found = [(names[i], share) for i, share in shares(mask, view.traits).items() if i in names and share >= _LEAST]
    if not found:
        return "The region lies on none of the collection's traits."
    first, *rest = [f"{100 * share:.0f} % {{}} the {name}" for name, share in found[:3]]
    return ", ".join([first.format("of the region lies on"), *(part.format("on") for part in rest)]) + "."


def progress(counts: Mapping[str, int]) -> str:
    """How far the selection is."""
    done = counts["accept"] + counts["reject"] + counts["unsure"]
    parts = [f"{counts[name]:,} {DECISIONS[name]}" for name in ("accept", "reject", "unsure") if counts[name]]
    return f"{done:,} of {counts['all']:,}" + (f": {', '.join(parts)}" if parts else "")


def missing(species: int) -> str:
    """What is passed over since its maps are not in the store, or cannot be read."""
    return f"The maps of {species:,} species are not in the store or damaged; their specimens are passed over."


def others(verdicts: Iterable[Verdict], reviewer: str) -> str:
    """What others said, shown only after one's own verdict so that it sways nobody."""
    said = [verdict for verdict in verdicts if verdict.reviewer != reviewer]
    own = any(verdict.reviewer == reviewer for verdict in verdicts)
    if not said:
        return ""
    if not own:
        return f"{len(said)} other verdict{'s' * (len(said) > 1)}, shown after yours."
    return " ".join(f"{v.reviewer}: {DECISIONS[v.decision]}{f' (“{v.note}”)' if v.note else ''}." for v in said)


def agreement_line(found: Agreement, reviewer: str) -> str:
    """Agreement with another reviewer, in one line."""
    other = found.reviewers[1] if found.reviewers[0] == reviewer else found.reviewers[0]
    kappa = "κ undefined (one answer only)" if math.isnan(found.kappa) else f"κ {found.kappa:.2f}"
    iou = "" if math.isnan(found.iou) else f", mean IoU {found.iou:.2f} over {found.regions:,} accepted"
    return f"{other}: {kappa} over {found.specimens:,} specimens{iou}"
