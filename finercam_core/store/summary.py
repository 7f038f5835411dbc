"""What is done, failed and missing in a store, what it takes, and its last run: the figures behind `finercam info`."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from finercam_core.catalog.catalog import REJECTED
from finercam_core.catalog.columns import image_locations
from finercam_core.errors import StoreError
from finercam_core.io.faults import first_line, store_errors
from finercam_core.io.files import Files
from finercam_core.parts import parts_in_words
from finercam_core.status import Status
from finercam_core.store.integrity.digests import checked, with_digest
from finercam_core.store.integrity.plan_table import PlanPieces, never_planned
from finercam_core.store.layout import FAILURES, status_of
from finercam_core.store.planning.slots import with_parts
from finercam_core.store.provenance import Provenance
from finercam_core.store.reader import Store
from finercam_core.store.states import read_states
from finercam_core.suggestions import did_you_mean

LAST_RUN = "last_run.json"
_COLUMNS = ("image_id", "scientificName", "group", "slot", "path", "accessURI", "listed", "split", "part", "fold")


@dataclass(frozen=True)
class RunActivity:
    """Progress of a run, or how it ended.

    Attributes
    ----------
    started, updated : str
        ISO 8601, UTC.
    seconds : float
        Spent on computing, by a monotonic clock.
    planned, done, failed : int
        Specimens of this run.
    runner : str
    workers : int
    finished : bool
        False while it runs, and for a run that was killed.
    busy : float
        Seconds, summed over the workers, in which a model did not wait for images.
    succeeded : str
        When a run of the store last ended well, also one that found nothing to compute; "" if none did.
    """

    started: str
    updated: str
    seconds: float
    planned: int
    done: int
    failed: int
    runner: str
    workers: int
    finished: bool
    busy: float = 0.0
    succeeded: str = ""

    @property
    def busy_share(self) -> float:
        """Share of the workers' time in which a model did not wait for images, in [0, 1]."""
        return min(1.0, self.busy / (self.seconds * self.workers)) if self.seconds > 0 else 0.0

    @property
    def rate(self) -> float:
        """Specimens per second."""
        return (self.done + self.failed) / self.seconds if self.seconds > 0 else 0.0


_ACTIVITY = TypeAdapter(RunActivity)


def record_run(location: str, activity: RunActivity) -> None:
    """Record the progress of the store's run."""
    Files(location).write_json(LAST_RUN, with_digest(asdict(activity)))


def last_run(location: str | Path) -> RunActivity | None:
    """The store's last run, or None if none was recorded.

    Raises
    ------
    StoreError
        If its record is damaged.
    """
    files = Files(location)
    if not files.exists(LAST_RUN):
        return None
    try:
        activity = _ACTIVITY.validate_python(checked(json.loads(files.read(LAST_RUN))))
        datetime.fromisoformat(activity.started)
    except ValueError as error:
        raise StoreError(f"{LAST_RUN} is damaged: {first_line(error)}", "the next run replaces it") from error
    return activity


@dataclass(frozen=True)
class StoreSummary:
    """Figures of a store.

    Attributes
    ----------
    species : DataFrame
        Per species: scientificName, specimens, done, failed, pending.
    failures : DataFrame
        Per failed specimen: image_id, scientificName, place, status, detail.
    rejected : DataFrame
        Rows of the catalog without a slot: table, row, image_id, reason.
    provenance : Provenance
    problems : tuple of str
        A sentence for each table that is damaged; the figures are without it.
    held_out : str
        What the classifier did with the specimens, in words.
    """

    species: pd.DataFrame
    failures: pd.DataFrame
    rejected: pd.DataFrame
    provenance: Provenance
    problems: tuple[str, ...] = ()
    held_out: str = ""

    @property
    def totals(self) -> dict[str, int]:
        """Specimens, done, failed and pending over all species, and rejected rows."""
        counts = {key: int(self.species[key].sum()) for key in ("specimens", "done", "failed", "pending")}
        return {**counts, "rejected": len(self.rejected)}

    @property
    def causes(self) -> dict[str, int]:
        """Number of failed specimens by cause, most frequent first."""
        return dict(Counter(self.failures["status"]).most_common())

    @property
    def misspelt(self) -> list[str]:
        """A sentence for each species that the classifier does not know, with the one that was probably meant."""
        unknown = self.failures.loc[self.failures["status"] == Status.UNKNOWN_SPECIES.name, "scientificName"]
        known = self.provenance.classifier.species
        hints = ((name, did_you_mean(name, known)) for name in sorted(set(unknown)))
        return [f"{name} is no class of the classifier{f': {hint}' if hint else ''}" for name, hint in hints]


def summarise(store: Store) -> StoreSummary:
    """Read the state of every specimen, piece by piece of the plan, and why specimens failed."""
    problems: list[str] = []
    rejected, sentences = pd.DataFrame(columns=list(REJECTED)), dict[str, str]()
    try:
        rejected = store.rejected
    except StoreError as error:
        problems.append(str(error))
    try:
        sentences = read_sentences(store.files)
    except StoreError as error:
        problems.append(str(error))
    species, failures, parts = zip(*(_figures(store.files, piece, sentences) for piece in _pieces(store)), strict=True)
    return StoreSummary(
        _by_species(species),
        pd.concat(failures, ignore_index=True),
        rejected,
        store.provenance,
        tuple(problems),
        parts_in_words(pd.concat(parts, ignore_index=True), listed=store.provenance.parts is not None),
    )


def _pieces(store: Store) -> Iterator[pd.DataFrame]:
    try:
        yield from map(with_parts, PlanPieces(store.files, _COLUMNS))
    except FileNotFoundError as error:
        raise never_planned(store.location) from error


def _figures(
    files: Files, piece: pd.DataFrame, sentences: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Of some rows of the plan: specimens by group, those that failed, and numbers of specimens by part."""
    code, listed = status_of(read_states(files, piece).words), piece["listed"].to_numpy(bool)
    failed = listed & (code > Status.DONE)
    done, pending = listed & (code == Status.DONE), listed & (code == Status.PENDING)
    counts = {"specimens": listed, "done": done, "failed": failed, "pending": pending}
    groups = piece[["group", "scientificName"]].assign(**counts).groupby("group", sort=False)
    species = groups.agg({"scientificName": "first", **dict.fromkeys(counts, "sum")}).reset_index()
    parts = piece.loc[listed, ["part", "fold", "split"]].value_counts(dropna=False).rename("images").reset_index()
    return species, _explained(sentences, piece[failed], code[failed]), parts


def _by_species(pieces: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up the figures of a species that lies in several pieces."""
    table = pd.concat(pieces, ignore_index=True)
    counts = [name for name in table.columns if name not in ("group", "scientificName")]
    groups = table.groupby("group", sort=False).agg({"scientificName": "first", **dict.fromkeys(counts, "sum")})
    return groups.astype(dict.fromkeys(counts, "int64")).reset_index(drop=True)


def read_sentences(files: Files) -> dict[str, str]:
    """By image_id, the sentence about each failed specimen.

    Raises
    ------
    StoreError
        If one of the files is damaged.
    """
    names, sentences = files.names(FAILURES), dict[str, str]()
    for name, content in zip(names, files.read_many(names), strict=True):
        try:
            sentences |= {} if content is None else checked(json.loads(content))
        except ValueError as error:
            raise StoreError(f"{name} is damaged: {first_line(error)}", "remove it") from error
    return sentences


def _explained(sentences: dict[str, str], failed: pd.DataFrame, code: Any) -> pd.DataFrame:
    """Add to each failed specimen the sentence that its writer left."""
    return pd.DataFrame(
        {
            "image_id": failed["image_id"],
            "scientificName": failed["scientificName"],
            "place": image_locations(failed),
            "status": [Status(int(one)).name for one in code],
            "detail": [sentences.get(image_id, "") for image_id in failed["image_id"]],
        }
    ).reset_index(drop=True)


PARTS = ("evidence", "scores and states", "names and descriptions", "tables")
_ARRAYS = {"evidence": PARTS[0], "logit": PARTS[1], "log_sum_exp": PARTS[1], "predicted": PARTS[1],
           "reference": PARTS[1], "state": PARTS[1]}  # fmt: skip


@dataclass(frozen=True)
class StoreSize:
    """Size of a store.

    Attributes
    ----------
    bytes : dict of str to int
        By part: the evidence maps; scores and states; names and descriptions (what Zarr needs to open a species);
        tables (the plan, failures, reviews).
    files : dict of str to int
        Number of files, or of objects in a bucket, by part.
    """

    bytes: dict[str, int]
    files: dict[str, int]


def measure(location: str | Path) -> StoreSize:
    """Add up the sizes of all files of a store; a flow may be writing to it."""
    sizes, counts = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    for name, size in _files(Files(location)):
        part = _part(name)
        sizes[part] += size
        counts[part] += 1
    return StoreSize(sizes, counts)


def _files(files: Files) -> Iterator[tuple[str, int]]:
    if files.local is not None:
        yield from _local(str(files.local), "")
        return
    with store_errors(files.location):
        for path, entry in files.fs.find(files.root, detail=True).items():
            yield str(path)[len(str(files.root)) :].lstrip("/"), int(entry["size"])


def _local(root: str, below: str) -> Iterator[tuple[str, int]]:
    """Names relative to the root with their sizes; files that a writer moves away meanwhile are left out."""
    with os.scandir(f"{root}/{below}") as entries:
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _local(root, f"{name}/")
                continue
            try:
                yield name, entry.stat().st_size
            except FileNotFoundError:
                continue


def _part(name: str) -> str:
    """``family/genus/species/array/c/…`` is a chunk of an array, ``…/zarr.json`` describes; the rest are tables."""
    parts = name.split("/")
    if len(parts) > 4 and parts[4] == "c":
        return _ARRAYS.get(parts[3], PARTS[2])
    return PARTS[2] if parts[-1] == "zarr.json" else PARTS[3]
