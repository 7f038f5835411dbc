"""Verdicts that come from elsewhere, such as a browser: bounded, checked against the store, brought to its pixels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, TypeVar

import numpy as np
from pycocotools import mask as coco
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finercam_core.errors import ReviewError
from finercam_core.finer import coefficients, combine
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import RLE, decode, encode_enlarged, placed, same_proportions
from finercam_core.regions.shape import working_size
from finercam_core.regions.threshold import region as threshold
from finercam_core.review.records import Comparison, Decision, Region, Verdict
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.strengths import Weighting

LONGEST_NOTE = 10_000
MOST_REGIONS = 99
MOST_PIXELS = 100_000_000
_MOST_RUNS = 2_000_000
_Side = Annotated[int, Field(ge=1, le=100_000)]
_Name = Annotated[str, Field(max_length=1000)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RunsForm(_Form):
    """A mask as COCO's plain run lengths, of the photograph or of a smaller copy of it."""

    size: tuple[_Side, _Side]
    counts: Annotated[tuple[Annotated[int, Field(ge=0, le=MOST_PIXELS)], ...], Field(max_length=_MOST_RUNS)]


class ComparisonForm(_Form):
    """How the judged map was made."""

    gamma: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    weighting: Weighting = "mean"
    method: _Name
    references: Annotated[tuple[_Name, ...], Field(max_length=1000)]


class RegionForm(_Form):
    """A region; one that follows the threshold is cut here from the stored evidence, and needs no mask."""

    rle: RunsForm | None = None
    trait: _Name = ""
    uberon: Annotated[str, Field(max_length=100)] = ""
    source: Literal["threshold", "painted"]
    top: _Share = 0.0
    painted_share: _Share = 0.0
    comparison: ComparisonForm | None = None
    number: Annotated[int, Field(ge=1, le=MOST_REGIONS)]


class DraftForm(_Form):
    """What a page keeps of a specimen before its verdict."""

    image_id: Annotated[str, Field(min_length=1, max_length=4000)]
    comparison: ComparisonForm
    regions: Annotated[tuple[RegionForm, ...], Field(max_length=MOST_REGIONS)] = ()
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    run: _Name


class OpinionForm(_Form):
    """A verdict that a page showed to an adjudicator: whose it is, and which of theirs."""

    reviewer: Annotated[str, Field(max_length=200)]
    revision: Annotated[int, Field(ge=0)]


class VerdictForm(DraftForm):
    """A verdict as a page sends it, and as a line of the file that it saves without a server.

    `between` are the verdicts that it decides between, for an adjudicator.
    """

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    scientificName: _Name
    reviewer: Annotated[str, Field(min_length=1, max_length=200)]
    decision: Decision
    time: Annotated[str, Field(max_length=40)] = ""
    seconds: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)] | None = None
    between: Annotated[tuple[OpinionForm, ...], Field(max_length=1000)] = ()


Form = TypeVar("Form", bound=DraftForm)


def read_form(kind: type[Form], content: str | bytes) -> Form:
    """A verdict or a draft from JSON.

    Raises
    ------
    ReviewError
        If it is not one, with the first field that is wrong.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise ReviewError(f"not a verdict: {first_fault(error)}", "send it as the page writes it") from error


def first_fault(error: ValidationError) -> str:
    """What is wrong with the first wrong field, in a few words."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])


def checked_verdict(store: Store, form: VerdictForm, known: Sequence[Region] = ()) -> Verdict:
    """The verdict as the log keeps it, with masks at the photograph's own size.

    Parameters
    ----------
    store : Store
    form : VerdictForm
    known : sequence of Region
        Those that the reviewer began with: one whose mask nobody changed keeps what is known of it.

    Raises
    ------
    ReviewError
        If it is about another run, specimen or comparison than the store has, or if its regions have no place on the
        photograph.
    """
    require_run(store, form)
    if form.image_id not in store.rows.index:
        raise ReviewError(f"{form.image_id!r} is not a specimen of this store", "leave it out")
    species = str(store.row(form.image_id)["scientificName"])
    if species != form.scientificName:
        problem = f"{form.image_id} is {species} here, and was judged as {form.scientificName}"
        raise ReviewError(problem, "judge it again under its present name")
    regions = checked_regions(
        store, form.image_id, form.regions, form.comparison, strict=form.decision == "accept", known=known
    )
    comparison = _comparison(store, form.comparison)
    return Verdict(
        form.image_id, species, form.reviewer, form.decision, comparison, regions, form.note, form.run,
        seconds=form.seconds, key=form.key,
    )  # fmt: skip


def require_run(store: Store, form: DraftForm) -> None:
    """Raise `ReviewError` if a verdict is about the maps of another run than the store's."""
    run = store.provenance.run
    if form.run != run:
        problem = f"the verdict on {form.image_id} is about run {form.run or 'unknown'}, the store holds run {run}"
        raise ReviewError(problem, "give the store that the atlas was made from")


def checked_regions(
    store: Store,
    image_id: str,
    forms: Sequence[RegionForm],
    shown: ComparisonForm,
    *,
    strict: bool,
    known: Sequence[Region] = (),
) -> tuple[Region, ...]:
    """Regions of a specimen as records; `strict` refuses them where the photograph is away.

    Raises
    ------
    ReviewError
        If a mask is none, or has no place on the photograph.
    """
    if len({form.number for form in forms}) < len(forms):
        raise ReviewError(f"two regions of {image_id} have one number", "number them anew")
    try:
        width, height = store.image_size(image_id)
    except ImageError as error:
        if strict:
            raise ReviewError(
                f"{image_id} has no photograph, so no region can be accepted", "find its images"
            ) from error
        return ()
    whole = [form for form in forms if form.source == "painted"]
    painted = [_as_known(_painted(store, image_id, form, (height, width)), known) for form in whole]
    followers = [form for form in forms if form.source == "threshold"]
    if len(followers) > 1:
        raise ReviewError(f"two regions of {image_id} follow the threshold", "paint all but one")
    cuts = [_cut(store, image_id, form, form.comparison or shown, painted, (height, width)) for form in followers]
    return tuple(sorted((*painted, *cuts), key=lambda region: region.number))


def _painted(store: Store, image_id: str, form: RegionForm, shape: tuple[int, int]) -> Region:
    if form.rle is None:
        raise ReviewError(f"region {form.number} of {image_id} has no mask", "paint it again")
    rle, made = _whole(form.rle, image_id, shape), form.comparison
    comparison = None if made is None else _comparison(store, made)
    return Region(
        rle, form.trait, form.uberon, "painted", {}, 0.0, comparison, round(form.painted_share, 4), form.number
    )  # fmt: skip


def _as_known(region: Region, known: Sequence[Region]) -> Region:
    """A region, or what was known of it where its mask is the same."""
    same = next((one for one in known if one.rle["counts"] == region.rle["counts"]), None)
    if same is None:
        return region
    return replace(same, trait=region.trait, uberon=region.uberon, number=region.number)


def _whole(form: RunsForm, image_id: str, shape: tuple[int, int]) -> RLE:
    """A mask at the photograph's size; one of that size stays as it is to the pixel."""
    height, width = form.size
    if height * width > MOST_PIXELS:
        raise ReviewError(f"a mask of {height} × {width} pixels is too large", f"send at most {MOST_PIXELS:,} pixels")
    if sum(form.counts) != height * width:
        raise ReviewError(f"a mask of {image_id} has not {height} × {width} pixels", "send its run lengths")
    plain = coco.frPyObjects({"size": [height, width], "counts": list(form.counts)}, height, width)
    rle = RLE(size=[height, width], counts=plain["counts"].decode("ascii"))
    if (height, width) == shape:
        return rle
    if not same_proportions((height, width), shape):
        raise ReviewError(f"a mask of {image_id} has other proportions than its photograph", "open the specimen again")
    return encode_enlarged(decode(rle), shape)


def _cut(
    store: Store,
    image_id: str,
    form: RegionForm,
    made: ComparisonForm,
    painted: Sequence[Region],
    shape: tuple[int, int],
) -> Region:
    """The region above the threshold, from the stored evidence; pixels of painted regions stay theirs."""
    record = store.record(image_id)
    if record.status != Status.DONE:
        raise ReviewError(f"{image_id} has no map: {record.status.sentence}", "paint the region")
    comparison = _comparison(store, made, record)
    width, height = working_size(shape[1], shape[0])
    used = np.isin(record.classes, comparison.references)
    weights = coefficients(
        record.logit, record.log_sum_exp, gamma=comparison.gamma, weighting=made.weighting, use=used,
        compared_at=record.compared_at,
    )  # fmt: skip
    values = to_image(combine(record.evidence, weights), store.preparation.window((width, height)), (width, height))
    mask = threshold(values, top=form.top) if form.top else np.zeros(values.shape, bool)
    for region in painted:
        other = placed(region.rle, mask.shape)
        if other is not None:
            mask &= ~other
    return Region(
        encode_enlarged(mask, shape), form.trait, form.uberon, "threshold", {"top": form.top}, 0.0, comparison, 0.0,
        form.number,
    )  # fmt: skip


def _comparison(store: Store, form: ComparisonForm, record: SpecimenRecord | None = None) -> Comparison:
    """The comparison as records keep it; without references it is the base method's map, whose γ is 0."""
    method, at = store.provenance.method, store.provenance.compared_at
    if form.method != method:
        raise ReviewError(f"the verdict is about maps of {form.method}, the store has {method}", "give its own store")
    strange = [] if record is None else sorted(set(form.references) - set(record.classes[1:]))
    if strange:
        raise ReviewError(f"{record.image_id if record else ''} was not compared with {strange[0]}", "choose others")
    gamma = form.gamma if form.references else 0.0
    if at is not None and gamma not in (0.0, at):
        raise ReviewError(f"finished comparisons have γ = {at:g}, not {gamma:g}", f"use γ = {at:g}")
    return Comparison(gamma, form.weighting, method, form.references)
