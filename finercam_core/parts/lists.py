"""The lists in a classifier's folder: every image of its collection by id and content, and what was done with it."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pandas as pd

from finercam_core.errors import FinercamError
from finercam_core.parts.part import NO_FOLD, Part

LISTS = "images.csv"


class ListsError(FinercamError):
    """The lists of a classifier cannot be read."""


@dataclass(frozen=True)
class ListedImage:
    """One image of a classifier's collection; a row of ``images.csv``.

    Attributes
    ----------
    image_id, scientificName, group_id : str
        As in the catalog; the group is "" where the image is its own.
    part : Part
    fold : int
        Number of the head that never saw the image nor its group, `NO_FOLD` where all heads are the same.
    sha256 : str
        Of the file's bytes; "" where it could not be read.
    bytes : int
        Size of the file.
    reason : str
        Why it was left out.
    """

    image_id: str
    scientificName: str
    group_id: str
    part: Part
    fold: int = NO_FOLD
    sha256: str = ""
    bytes: int = 0
    reason: str = ""


COLUMNS = tuple(field.name for field in fields(ListedImage))


@dataclass(frozen=True)
class ImageLists:
    """Every image that a classifier's collection had.

    Attributes
    ----------
    images : tuple of ListedImage
    collection : str
        Name of the collection; "" where unknown. Groups are compared within one collection alone.
    """

    images: tuple[ListedImage, ...]
    collection: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """One row per image, columns as `ListedImage`."""
        return pd.DataFrame([astuple(image) for image in self.images], columns=list(COLUMNS))

    @property
    def folds(self) -> int:
        """How many folds there are; 0 for a classifier that was not cross-fitted."""
        return 1 + max((image.fold for image in self.images), default=NO_FOLD)


def write_lists(folder: Path, images: Iterable[ListedImage]) -> None:
    """Write ``images.csv`` into a classifier's folder, sorted by part and id."""
    order = {part: number for number, part in enumerate(Part)}
    with (folder / LISTS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(image) for image in sorted(images, key=lambda i: (order[i.part], i.image_id)))


def read_lists(folder: Path, collection: str = "") -> ImageLists | None:
    """The lists of a classifier's folder; None if it came without.

    Raises
    ------
    ListsError
        If the file is there and damaged: without it training images would be taken for new ones.
    """
    path = folder / LISTS
    if not path.is_file():
        return None
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return ImageLists(tuple(_listed(row) for row in csv.DictReader(file)), collection)
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"the list of training images {path} is damaged: {error}"
        raise ListsError(problem, "restore it, or train again") from error


def _listed(row: dict[str, str]) -> ListedImage:
    return ListedImage(
        row["image_id"], row["scientificName"], row["group_id"], Part(row["part"]), int(row["fold"]), row["sha256"],
        int(row["bytes"]), row["reason"],
    )  # fmt: skip
