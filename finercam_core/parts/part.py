"""The parts of a collection in the eyes of one classifier."""

from collections.abc import Iterable
from enum import StrEnum

AUTO, ALL = "auto", "all"
"""In the place of a part: those that may judge, and every image."""
NO_FOLD = -1
"""Fold of an image that is in none: the classifier's own head speaks about it."""


class Part(StrEnum):
    """What a classifier did with an image.

    Attributes
    ----------
    TRAIN
        It was fitted on the image, on a file with the same bytes, or on another image of the same group.
    VAL
        A setting was chosen with it.
    TEST
        Held out. In a cross-fitted classifier: held out by the head of the image's fold.
    LEFT_OUT
        In the collection, but not used: unreadable, a leak between splits, of a species with too few images.
    UNKNOWN
        In none of the classifier's lists. Where it has lists, the image is new to it; else nothing is known.
    """

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    LEFT_OUT = "left_out"
    UNKNOWN = "unknown"


# Where one file stands in several lists, the part that could make a judgement dishonest wins.
STRICTEST = (Part.TRAIN, Part.VAL, Part.TEST, Part.LEFT_OUT, Part.UNKNOWN)


def strictest(parts: Iterable[str]) -> Part:
    """Of several parts the one that forbids most; UNKNOWN for none."""
    found = {Part(part) for part in parts}
    return next((part for part in STRICTEST if part in found), Part.UNKNOWN)
