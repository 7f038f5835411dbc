"""Which images may judge a classifier's maps, and one sentence about them; training images only on express demand."""

from dataclasses import dataclass

import pandas as pd

from finercam_core.errors import FinercamError, counted
from finercam_core.parts.part import ALL, AUTO, NO_FOLD, Part

EXPRESSLY = "--i-know"
TRAINING_IMAGES = "training images"
NO_LISTS = (
    "the classifier came without lists of its training images, so whether any of these was trained on is unknown "
    "(`finercam train` writes the lists)"
)


class ChoiceError(FinercamError):
    """No honest choice of images can be made."""


@dataclass(frozen=True)
class JudgedImages:
    """The images that are judged.

    Attributes
    ----------
    rows : DataFrame
        Those of a store's table.
    sentence : str
        Which they are, without a full stop.
    trained_on : bool
        Whether training images are among them, on express demand.
    refused : tuple of str
        Ids of images that the catalog's split calls test, though they were trained on.
    """

    rows: pd.DataFrame
    sentence: str
    trained_on: bool = False
    refused: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """What everything written about these images has to say; "" where they were held out."""
        return TRAINING_IMAGES if self.trained_on else ""


def choose_judged(rows: pd.DataFrame, split: str, *, listed: bool, i_know: bool = False) -> JudgedImages:
    """Choose the images that are judged.

    Parameters
    ----------
    rows : DataFrame
        Of a store's specimens, with `part`, `fold`, and the catalog's `split`.
    split : str
        ``auto`` (held-out images: the classifier's test images, or where it has none of them here the images that are
        new to it), ``all``, or one part; ``unknown`` is new images. Without lists the catalog's split is taken.
    listed : bool
        Whether the classifier came with lists of its images.
    i_know : bool
        Judge training images too, where `split` has them.

    Raises
    ------
    ChoiceError
        If the split has no image or is no part; if training images would be judged that nobody asked for; or if the
        catalog's test split contains images that were trained on.
    """
    parts = rows["part"] if listed else rows["split"].where(rows["split"] != "", Part.UNKNOWN)
    contradicted = tuple(rows.loc[(rows["split"] == Part.TEST) & (parts == Part.TRAIN), "image_id"])
    wanted = split if split != AUTO else _automatic(rows, parts, contradicted, listed=listed)
    chosen = rows if wanted == ALL else rows[parts == wanted]
    if chosen.empty:
        present = ", ".join(sorted(set(parts) - {Part.UNKNOWN})) or "none"
        raise ChoiceError(f"no specimen is in the split {wanted!r}", f"use all, or one of: {present}")
    trained = int((parts.loc[chosen.index] == Part.TRAIN).sum())
    if trained and not i_know:
        known = "were trained on" if listed else "are training images by the catalog's split"
        raise ChoiceError(
            f"{trained:,} of {counted(len(chosen), 'specimen')} in {wanted!r} {known}, so that figures are too good",
            f"judge the test images (leave --split out), or ask for it in so many words: --split {wanted} {EXPRESSLY}",
        )
    refused = contradicted if wanted == Part.TEST else ()
    return JudgedImages(chosen, _sentence(chosen, wanted, trained, refused, listed=listed), trained > 0, refused)


def _automatic(rows: pd.DataFrame, parts: pd.Series, contradicted: tuple[str, ...], *, listed: bool) -> str:
    tests = int((parts == Part.TEST).sum())
    if contradicted:
        named = int((rows["split"] == Part.TEST).sum())
        own = f", or judge the classifier's own {counted(tests, 'test image')}: --split test" if tests else ""
        raise ChoiceError(
            f"{len(contradicted):,} of {counted(named, 'image')} that the catalog calls test were trained on, such as "
            f"{contradicted[0]!r}",
            f"train on the catalog's splits{own}",
        )
    if tests:
        return Part.TEST
    if not listed:
        return ALL
    if (parts == Part.UNKNOWN).any():
        return Part.UNKNOWN
    raise ChoiceError(
        "no specimen here was held out when the classifier was trained",
        "train with --folds 5, which holds out every image once, or add images that are new to it",
    )


_WORDS = {
    Part.TEST: "which the classifier did not see in training",
    Part.VAL: "which the classifier was not fitted on, though its settings were chosen with them",
    Part.LEFT_OUT: "which its training left out",
    Part.UNKNOWN: "which are new to the classifier: neither they nor copies of them are in its lists",
    Part.TRAIN: "ON WHICH THE CLASSIFIER WAS TRAINED: their figures say nothing about other specimens",
}
_NAMES = {Part.TEST: "test image", Part.VAL: "validation image", Part.LEFT_OUT: "image", Part.UNKNOWN: "image",
          Part.TRAIN: "training image"}  # fmt: skip


def _sentence(chosen: pd.DataFrame, wanted: str, trained: int, refused: tuple[str, ...], *, listed: bool) -> str:
    count = len(chosen)
    if wanted == ALL:
        which = f"all {counted(count, 'specimen')}" if count > 1 else "the one specimen"
        among = f", {counted(trained, 'TRAINING IMAGE')} AMONG THEM: the figures are too good" if trained else ""
        return which + among + ("" if listed else f"; {NO_LISTS}")
    name = counted(count, _NAMES[Part(wanted)])
    if not listed:
        return f"{name} by the catalog's split; {NO_LISTS}"
    folded = int((chosen["fold"] != NO_FOLD).sum())
    if folded:
        name = counted(count, "image")
        return f"{name}, each by a head that was trained without it and without its group (cross-fitting)"
    left = f"; {counted(len(refused), 'image')} that the catalog calls test were trained on and are not judged"
    return f"{name}, {_WORDS[Part(wanted)]}{left if refused else ''}"


def parts_in_words(rows: pd.DataFrame, *, listed: bool) -> str:
    """What a classifier did with the specimens of a store, and whether the catalog's split contradicts that.

    Parameters
    ----------
    rows : DataFrame
        Numbers of specimens, `images`, by `part`, `fold` and the catalog's `split`.
    listed : bool
        Whether the classifier came with lists of its images.
    """
    if not listed:
        return NO_LISTS
    counts = rows.groupby("part")["images"].sum()
    words = {Part.TEST: "held out", Part.TRAIN: "trained on", Part.VAL: "for validation",
             Part.LEFT_OUT: "left out of training", Part.UNKNOWN: "new to the classifier"}  # fmt: skip
    said = ", ".join(f"{counts[part]:,} {word}" for part, word in words.items() if counts.get(part, 0))
    folded = " (each by the head of its fold)" if (rows["fold"] != NO_FOLD).any() else ""
    wrong = int(rows.loc[(rows["split"] == Part.TEST) & (rows["part"] == Part.TRAIN), "images"].sum())
    refused = f"; {counted(wrong, 'image')} that the catalog calls test among those trained on: `finercam evaluate` "
    return f"{said}{folded}" + (f"{refused}refuses that split" if wrong else "")
