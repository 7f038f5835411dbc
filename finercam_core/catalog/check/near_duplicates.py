"""Images that look the same although their files differ: scaled, brightened, or saved again."""

from collections.abc import Iterator, Sequence
from itertools import count
from types import ModuleType

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.errors import CatalogError
from finercam_core.extras import install_hint

SIDE = 16  # the hash has SIDE² bits; of 64 bits, specimens in one pose would share nearly all
DISTANCE = 12
"""Bits of 256 that may differ.

Measured on 772 photographs of butterflies in one pose and on 150 rendered fish: copies that were saved again as JPEG,
halved or doubled differed in at most 10 bits, and 95 % of those brightened by 15 % in at most 10; different butterflies
differed in at least 26 and different fish in at least 14. A crop by 2 % per side
is another picture to this hash (50 bits).
"""
_WORDS = SIDE * SIDE // 16
Indices = npt.NDArray[np.intp]


def perceptual_hash(image: Image.Image) -> str:
    """Signs of the low frequencies of an image (Zauner 2010, through `imagehash`) as 64 hexadecimal digits."""
    return str(_imagehash().phash(image, hash_size=SIDE))


def require_imagehash() -> None:
    """Raise `CatalogError` if the library for perceptual hashes is not installed."""
    _imagehash()


def _imagehash() -> ModuleType:
    try:
        import imagehash
    except ImportError as error:
        problem = "near-identical images are found with imagehash, which is not installed"
        raise CatalogError(problem, install_hint("near-identical")) from error
    return imagehash


def near_pairs(hashes: Sequence[str], distance: int = DISTANCE) -> tuple[Indices, Indices, Indices]:
    """All pairs of hashes that differ in few bits.

    Parameters
    ----------
    hashes : sequence of str (N,)
        From `perceptual_hash`; "" is similar to nothing.
    distance : int
        Less than 16. The hash has 16 words of 16 bits, so two that differ in up to 15 bits have a word in common, and
        only those with a common word are compared.

    Returns
    -------
    (first, second, bits) : int arrays (P,)
        Positions of the two, first < second, sorted; and how many bits differ.
    """
    if not 0 <= distance < _WORDS:
        raise ValueError(f"the distance must be from 0 to {_WORDS - 1}, not {distance}")
    filled = np.flatnonzero([bool(text) for text in hashes])
    words = np.frombuffer(bytes.fromhex("".join(hashes)), ">u2").reshape(len(filled), _WORDS)
    near = [np.zeros((0, 3), np.intp), *_candidates(words, distance)]
    pairs = np.unique(np.concatenate(near), axis=0)
    return filled[pairs[:, 0]], filled[pairs[:, 1]], pairs[:, 2]


def _candidates(words: npt.NDArray[np.uint16], distance: int) -> Iterator[Indices]:
    """Near pairs with a common word, as rows of first, second and bits; a pair may occur several times."""
    for column in words.T:
        order = np.argsort(column, kind="stable")
        ends = np.searchsorted(column[order], column[order], side="right")
        position = np.arange(len(order))
        for step in count(1):
            # Each hash with the one that many steps behind it among those with the same word.
            position = position[position + step < ends[position]]
            if not len(position):
                break
            first, second = order[position], order[position + step]
            bits = np.bitwise_count(words[first] ^ words[second]).sum(axis=1, dtype=np.intp)
            near = bits <= distance
            yield np.stack([first[near], second[near], bits[near]], axis=1)
