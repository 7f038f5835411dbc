"""Assignments of a store: which reviewer has which specimens, and who decides where they disagree."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from finercam_core.errors import ReviewError, counted
from finercam_core.io.faults import first_line
from finercam_core.io.files import Files
from finercam_core.review.lab.dealing import deal, drawn, strata_of
from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.status import Status
from finercam_core.store import Store
from finercam_core.store.integrity.digests import checked, with_digest
from finercam_core.store.layout import REVIEWS, status_of
from finercam_core.store.states import read_states

ASSIGNMENTS = f"{REVIEWS}/assignments"
Stratum = Literal["pair", "species"]


@dataclass(frozen=True)
class Assignment:
    """Who has which specimens, and how that came about: the same settings deal the same store in the same way.

    Attributes
    ----------
    reviewers, adjudicators : tuple of str
    overlap : int
        Reviewers of each specimen.
    seed : int
    stratified_by : {"pair", "species"}
    specimens : int
        How many were drawn; 0 for all of the store.
    run, created : str
        Run of the store; ISO 8601, UTC.
    queues : dict of str to tuple of str
        By reviewer: image_ids, in their order.
    number : int
        Counts the assignments of the store, from 1; the last one is in force.
    """

    reviewers: tuple[str, ...]
    adjudicators: tuple[str, ...] = ()
    overlap: int = 2
    seed: int = 0
    stratified_by: Stratum = "pair"
    specimens: int = 0
    run: str = ""
    created: str = ""
    queues: dict[str, tuple[str, ...]] | None = None
    number: int = 1

    def queue_of(self, reviewer: str) -> tuple[str, ...]:
        """The specimens of a reviewer, in their order; () for anybody else."""
        return (self.queues or {}).get(reviewer, ())

    def may_adjudicate(self, reviewer: str) -> bool:
        """Whether that person decides disagreements."""
        return reviewer in self.adjudicators


def unknown_in_words(assignment: Assignment | None, name: str) -> str:
    """That nothing is assigned to a name, and to whom it is; "" where the name has a queue or nothing is assigned.

    A name that is spelt otherwise would go through the whole store, and through specimens of others.
    """
    if assignment is None or name in (*assignment.reviewers, *assignment.adjudicators):
        return ""
    known = ", ".join((*assignment.reviewers, *assignment.adjudicators))
    return f"Nothing is assigned to {name}, so all specimens are shown; names with a queue: {known}."


_ASSIGNMENT = TypeAdapter(Assignment)


def read_assignment(location: str) -> Assignment | None:
    """The assignment of a store that is in force, None if there is none.

    Raises
    ------
    ReviewError
        If its file is damaged.
    """
    files = Files(location)
    names = [name for name in files.names(ASSIGNMENTS) if name.endswith(".json")]
    if not names:
        return None
    try:
        return _ASSIGNMENT.validate_python(checked(json.loads(files.read(names[-1]))))
    except (ValueError, ValidationError) as error:
        problem = f"{names[-1]} of {location} is damaged: {first_line(error)}"
        raise ReviewError(problem, "restore it from a backup, or remove it and assign again") from error


def assign(
    store: Store,
    reviewers: Sequence[str],
    *,
    adjudicators: Sequence[str] = (),
    overlap: int = 2,
    seed: int = 0,
    stratified_by: Stratum = "pair",
    specimens: int = 0,
) -> Assignment:
    """Deal a store's specimens to reviewers, and write that to the store as its next assignment.

    Nothing is taken from anybody: what a reviewer was assigned or has judged stays theirs, and the rest is dealt as
    `finercam_core.review.lab.dealing.deal` says. Specimens that have failed are left out.

    Parameters
    ----------
    store : Store
    reviewers : sequence of str
    adjudicators : sequence of str
        Who decides disagreements; nobody of the reviewers.
    overlap : int
        Reviewers of each specimen.
    seed : int
    stratified_by : {"pair", "species"}
    specimens : int
        How many to draw, from each stratum its share; 0 for all.

    Returns
    -------
    Assignment

    Raises
    ------
    ReviewError
        If the names or the overlap make no sense, or nothing can be reviewed.
    """
    names, deciders = _names("reviewers", reviewers), _names("adjudicators", adjudicators)
    if not 1 <= overlap <= len(names):
        problem = f"{overlap} reviewers of each specimen, of {len(names)} that are named"
        raise ReviewError(problem, "name more reviewers, or give a smaller --overlap")
    if both := sorted(set(names) & set(deciders)):
        raise ReviewError(f"{both[0]} is reviewer and adjudicator", "let a third person decide disagreements")
    earlier, kept = read_assignment(store.location), _kept(store)
    strata = strata_of(store, stratified_by, _reviewable(store))
    if not strata:
        raise ReviewError(f"{store.location} has no specimen to review", "run `finercam annotate` first")
    if 0 < specimens < len(strata):
        held = {image_id for ids in (earlier.queues or {}).values() for image_id in ids} if earlier else set()
        more = {key: value for key, value in strata.items() if key not in held}
        wanted = drawn(more, max(0, min(len(more), specimens - len(held & strata.keys()))), seed) if more else []
        strata = {image_id: strata[image_id] for image_id in sorted((held & strata.keys()) | set(wanted))}
    queues = deal(strata, names, overlap=overlap, seed=seed, kept=kept)
    assignment = Assignment(
        names, deciders, overlap, seed, stratified_by, specimens, store.provenance.run,
        datetime.now(UTC).isoformat(timespec="seconds"), {name: tuple(ids) for name, ids in queues.items()},
        1 if earlier is None else earlier.number + 1,
    )  # fmt: skip
    _write(store.files, assignment)
    return assignment


def _names(what: str, names: Sequence[str]) -> tuple[str, ...]:
    plain = tuple(name.strip() for name in names)
    if not all(plain):
        raise ReviewError(f"one of the {what} has no name", "separate the names by commas")
    if len(set(plain)) < len(plain):
        twice = next(name for name in plain if plain.count(name) > 1)
        raise ReviewError(f"{twice} is named twice among the {what}", "give each name once")
    if what == "reviewers" and not plain:
        raise ReviewError("no reviewers are named", "give them with --reviewers, separated by commas")
    return plain


def _reviewable(store: Store) -> list[str]:
    """Ids of the listed specimens that have a map, or will have one."""
    table = store.read_plan()
    code = status_of(read_states(store.files, table).words)
    return [str(image_id) for image_id in table["image_id"][table["listed"].to_numpy(bool) & (code <= Status.DONE)]]


def _kept(store: Store) -> dict[str, list[str]]:
    """By image_id: who was assigned it, and who has judged it."""
    kept: dict[str, list[str]] = defaultdict(list)
    earlier = read_assignment(store.location)
    for name, ids in ((earlier.queues or {}) if earlier else {}).items():
        for image_id in ids:
            kept[image_id].append(name)
    for image_id, reviewer in LastVerdicts(store.location).judged:
        kept[image_id].append(reviewer)
    return kept


def _write(files: Files, assignment: Assignment) -> None:
    name = f"{ASSIGNMENTS}/{assignment.number:04d}.json"
    try:
        files.write(name, json.dumps(with_digest(asdict(assignment)), ensure_ascii=False, indent=1).encode())
    except OSError as error:
        problem = f"{name} of {files.location} cannot be written: {error.strerror or error}"
        raise ReviewError(problem, "make it writable") from error


def in_words(assignment: Assignment) -> list[str]:
    """What was dealt, a line each."""
    queues = assignment.queues or {}
    everything = {image_id for ids in queues.values() for image_id in ids}
    head = f"{counted(len(everything), 'specimen')}, {counted(assignment.overlap, 'reviewer')} each"
    lines = [f"{head}, by {assignment.stratified_by}, seed {assignment.seed}"]
    lines += [f"  {name}: {len(ids):,}" for name, ids in queues.items()]
    if assignment.adjudicators:
        lines.append(f"  disagreements: {', '.join(assignment.adjudicators)}")
    return lines
