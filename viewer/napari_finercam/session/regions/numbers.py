"""The numbers that regions have: 1 for the first, up to 99; objects of other programs come with any."""

from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError

FIRST = 1
MAX_NUMBER = 99


def free_number(taken: AbstractSet[int]) -> int:
    """The number after the largest that is taken, or one that became free.

    Raises
    ------
    ReviewError
        If all are taken.
    """
    number = max(taken, default=0) + 1
    if number <= MAX_NUMBER:
        return number
    free = sorted(set(range(FIRST, MAX_NUMBER + 1)) - taken)
    if not free:
        raise ReviewError(f"a specimen has {MAX_NUMBER} regions at most", "remove one first")
    return free[0]


def within_numbers(labels: npt.NDArray[np.integer], taken: AbstractSet[int]) -> npt.NDArray[np.uint8]:
    """Labels as regions can have them: each object with a larger number gets a free one, and joins no other.

    Parameters
    ----------
    labels : integer array (height, width)
        Negative ones count as background.
    taken : set of int
        Numbers of regions that exist.

    Returns
    -------
    uint8 array (height, width), 0 to `MAX_NUMBER`

    Raises
    ------
    ReviewError
        If there are more objects than free numbers.
    """
    within: npt.NDArray[np.uint8] = np.clip(labels, 0, MAX_NUMBER).astype(np.uint8)
    beyond = labels > MAX_NUMBER
    if not beyond.any():
        return within
    objects, positions = np.unique(labels[beyond], return_inverse=True)
    used = {*taken, *np.unique(labels[~beyond]).tolist()}
    free = [number for number in range(FIRST, MAX_NUMBER + 1) if number not in used]
    if len(objects) > len(free):
        problem = f"the layer has {len(objects):,} objects more, and a specimen {MAX_NUMBER} regions at most"
        raise ReviewError(problem, "remove or join some of them")
    within[beyond] = np.array(free, np.uint8)[positions]
    return within
