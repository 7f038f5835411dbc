"""What became of a specimen: the status codes that the store keeps in its `state` arrays."""

from enum import IntEnum


class Status(IntEnum):
    """Outcome of one specimen, stored in the low 8 bits of its `state` word (see `finercam_core.store`)."""

    PENDING = 0
    DONE = 1
    MISSING = 2
    NOT_AN_IMAGE = 3
    TRUNCATED = 4
    TOO_SMALL = 5
    TOO_LARGE = 6
    OUTSIDE_COLLECTION = 7
    UNKNOWN_SPECIES = 8
    NOT_FINITE = 9
    OVERFLOW = 10
    UNREADABLE = 11

    @property
    def failed(self) -> bool:
        """Whether the specimen has no map and will not get one until its input changes."""
        return self not in (Status.PENDING, Status.DONE)

    @property
    def sentence(self) -> str:
        """The status in words, for reports."""
        return _SENTENCES[self]


_SENTENCES = {
    Status.PENDING: "not computed yet",
    Status.DONE: "done",
    Status.MISSING: "the image file is missing",
    Status.NOT_AN_IMAGE: "the file is not an image",
    Status.TRUNCATED: "the image file is cut off or damaged",
    Status.TOO_SMALL: "the image is too small to show anything",
    Status.TOO_LARGE: "the image has more pixels than the limit allows",
    Status.OUTSIDE_COLLECTION: "the path leaves the collection's folder",
    Status.UNKNOWN_SPECIES: "the classifier does not know this species",
    Status.NOT_FINITE: "the classifier gave NaN or infinite values",
    Status.OVERFLOW: "the evidence does not fit into float16",
    Status.UNREADABLE: "the image could not be read",
}
