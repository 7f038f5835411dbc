"""A specimen for the page: evidence, the reviewer's own regions, and what is missing, in one sentence."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from finercam_core.errors import FinercamError
from finercam_core.images.faults import ImageError
from finercam_core.regions.rle import decode, placed
from finercam_core.review import Comparison, Draft, Region, Verdict
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from napari_finercam.session.captions import unplaced_regions
from napari_finercam.session.listing.scores import UNREADABLE
from napari_finercam.web.facts import MadeBy, OpinionFacts, OtherVerdict, RegionFacts, Runs, SpecimenFacts
from napari_finercam.web.photographs import Photographs, shown_size

_NO_PHOTOGRAPH = "no photograph"


@dataclass(frozen=True)
class OwnWork:
    """What a reviewer has made of a specimen: verdict and draft, the others' verdicts on it, and those to decide."""

    verdict: Verdict | None
    draft: Draft | None
    others: tuple[Verdict, ...]
    problem: str = ""
    opinions: tuple[Verdict, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions to go on with: the draft's, else the verdict's."""
        if self.draft is not None and self.draft.has_regions:
            return self.draft.regions
        return () if self.verdict is None else self.verdict.regions

    @property
    def known(self) -> tuple[Region, ...]:
        """Regions whose masks a verdict may repeat as they are, those to decide between first.

        A draft has them as painted, so that they are not cut anew from another map; in the verdict they are again what
        they were, each with the comparison it was cut from.
        """
        theirs = (with_comparison(region, one) for one in self.opinions for region in one.regions)
        return (*theirs, *self.regions)

    @property
    def begun(self) -> bool:
        """Whether there are regions to go on with; otherwise one is cut from the map."""
        drafted = self.draft is not None and self.draft.has_regions
        judged = self.verdict is not None and bool(self.verdict.regions or self.verdict.decision == "accept")
        return drafted or judged


def specimen_facts(store: Store, photographs: Photographs, image_id: str, own: OwnWork) -> SpecimenFacts:
    """Everything that the page shows of a specimen; what is wrong with it becomes its `problem`, never an error."""
    problems = [own.problem] if own.problem else []
    row = store.row(image_id)
    record, size = _record(store, image_id, problems), _size(photographs, image_id, problems)
    full = size or (store.preparation.width, store.preparation.height)
    shown = shown_size(*full)
    left, top, right, bottom = store.preparation.window(full)
    unplaced = [region for region in own.regions if size is None or placed(region.rle, shown[::-1]) is None]
    if unplaced and size is not None:
        problems.append(unplaced_regions(unplaced))
    regions = [_region(region, shown) for region in own.regions if region not in unplaced]
    made = None if own.verdict is None else own.verdict.comparison
    done = record is not None and record.status == Status.DONE
    return SpecimenFacts(
        image_id=image_id,
        scientificName=str(row["scientificName"]),
        vernacularName=str(row["vernacularName"]),
        family=str(row["family"]),
        classes=record.classes if record else (),
        tiers=record.tiers if record else (),
        evidence=_evidence(record) if done else "",
        grid=(int(record.evidence.shape[1]), int(record.evidence.shape[2])) if record else (0, 0),
        logit=tuple(map(float, record.logit)) if record and done else (),
        logSumExp=float(record.log_sum_exp) if record and done else 0.0,
        window={
            "left": left / full[0], "top": top / full[1], "right": right / full[0], "bottom": bottom / full[1]
        },
        size=full,
        shown=shown,
        photographed=size is not None,
        predicted=record.predicted if record else "",
        probability=float(record.probability[0]) if record and done else 0.0,
        credit=" ".join(part for part in (str(row["rightsHolder"]), str(row["license"])) if part),
        problem="; ".join(problems),
        decision="" if own.verdict is None else own.verdict.decision,
        note=_note(own),
        comparison=None if made is None else made_by(made),
        regions=tuple(region for region in regions if region is not None) if own.begun else (),
        drafted=own.draft is not None,
        others=other_verdicts(own.others),
        opinions=tuple(_opinion(one, shown) for one in own.opinions),
    )  # fmt: skip


def with_comparison(region: Region, verdict: Verdict) -> Region:
    """A region that says itself which map it was cut from; those of earlier versions leave that to their verdict."""
    return region if region.comparison is not None else replace(region, comparison=verdict.comparison)


def _opinion(verdict: Verdict, shown: tuple[int, int]) -> OpinionFacts:
    """A verdict to decide between; its regions stay as they are where they are taken, whatever they were cut from."""
    told = (_region(with_comparison(region, verdict), shown) for region in verdict.regions)
    regions = tuple(replace(region, source="painted") for region in told if region is not None)
    return OpinionFacts(verdict.reviewer, verdict.decision, verdict.revision, verdict.note, regions)


def _note(own: OwnWork) -> str:
    if own.draft is not None:
        return own.draft.note
    return "" if own.verdict is None else own.verdict.note


def _record(store: Store, image_id: str, problems: list[str]) -> SpecimenRecord | None:
    try:
        record = store.record(image_id)
    except FinercamError as error:
        problems.append(f"the maps of this species cannot be read: {error.problem}")
        return None
    except UNREADABLE as error:
        problems.append(f"the maps of this species cannot be read: {type(error).__name__}")
        return None
    if record.status != Status.DONE:
        problems.append(f"no map: {record.status.sentence}")
    return record


def _size(photographs: Photographs, image_id: str, problems: list[str]) -> tuple[int, int] | None:
    try:
        return photographs.size(image_id)
    except ImageError as error:
        problems.append(f"{_NO_PHOTOGRAPH}: {error.status.sentence}")
        return None


def _evidence(record: SpecimenRecord | None) -> str:
    values = np.zeros(0) if record is None else record.evidence
    return base64.b64encode(values.astype("<f2").tobytes()).decode()


def _region(region: Region, shown: tuple[int, int]) -> RegionFacts | None:
    """A region as the page takes it up.

    One that was cut otherwise than by a share of the pixels of a plain map is carried, not cut again.
    """
    small = placed(region.rle, shown[::-1])
    if small is None:
        return None
    follows = region.source == "threshold" and set(region.threshold) == {"top"} and not region.smoothing
    follows = follows and (region.comparison is None or region.comparison.above == "none")
    comparison = None if region.comparison is None else made_by(region.comparison)
    return RegionFacts(
        region.number, region.trait, region.uberon, "threshold" if follows else "painted",
        region.threshold.get("top", 0.0), region.painted_share, comparison, runs(small), runs(decode(region.rle)),
    )  # fmt: skip


def runs(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Runs:
    """Run lengths of a mask, column by column, beginning with the pixels outside."""
    flat = mask.ravel(order="F")
    turns = np.flatnonzero(np.diff(flat.view(np.int8), prepend=0))
    lengths = np.diff(np.concatenate([[0], turns, [flat.size]]))
    return Runs((int(mask.shape[0]), int(mask.shape[1])), tuple(int(length) for length in lengths))


def made_by(comparison: Comparison) -> MadeBy:
    """A comparison for the page."""
    return MadeBy(comparison.gamma, comparison.weighting, comparison.method, comparison.references)


def other_verdicts(verdicts: Iterable[Verdict] | Sequence[Verdict]) -> tuple[OtherVerdict, ...]:
    """Verdicts of others for the page, by name."""
    told = (OtherVerdict(v.reviewer, v.decision, v.note, len(v.regions)) for v in verdicts)
    return tuple(sorted(told, key=lambda verdict: verdict.reviewer))
