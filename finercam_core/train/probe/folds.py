"""Cross-fitting: heads that each leave a fold out, so that every image is judged by one that never saw it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from finercam_core.errors import TrainingError
from finercam_core.io.progress import StepProgress
from finercam_core.parts import NO_FOLD
from finercam_core.train.data import TrainingData
from finercam_core.train.pixels import digests_of
from finercam_core.train.probe.head import Floats, Head, probe
from finercam_core.train.settings import ProbeSettings

Folds = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CrossFit:
    """Heads of a cross-fitted classifier.

    Attributes
    ----------
    whole : Head
        Fitted on all training images; it speaks about images that are in no fold.
    heads : tuple of Head
        The k-th was fitted without the images of fold k.
    folds : int64 array (N,)
        Fold of each image, `NO_FOLD` where every head may use it (its species has one specimen) or none does (test).
    penalties : tuple of float
        Inverse penalties of the whole head and of each other.
    scores : float32 array (N, K)
        Scores of each image by the head that speaks about it.
    """

    whole: Head
    heads: tuple[Head, ...]
    folds: Folds
    penalties: tuple[float, ...]
    scores: Floats


def deal_folds(data: TrainingData, number: int) -> Folds:
    """Deal the training images out to folds, species by species, what belongs together into one.

    Images of one group belong together, and so do images with the same pixels. A species with one such bundle is in
    no fold: a head that has never seen a species cannot say what tells it apart.

    Parameters
    ----------
    data : TrainingData
        Its images of the split "train" are dealt out.
    number : int
        Folds, at least 2.

    Returns
    -------
    int64 array (N,), `NO_FOLD` for images that are in none.

    Raises
    ------
    TrainingError
        If there are fewer than two folds, or no species has two bundles.
    """
    if number < 2:
        raise TrainingError(f"the number of folds is {number}", "give 2 or more, or leave --folds out")
    bundle = _bundles(data.groups, [one.hex() for one in digests_of(data.pixels)])
    names = np.array([hashlib.sha256(f"fold {group}".encode()).hexdigest() for group in data.groups])
    folds, turn = np.full(len(data.labels), NO_FOLD), count()
    train = data.split == "train"
    first = {b: min(names[bundle == b]) for b in np.unique(bundle[train])}
    label = {b: np.bincount(data.labels[bundle == b]).argmax() for b in first}
    for species in range(len(data.species)):
        own = sorted((first[b], b) for b in first if label[b] == species)
        if len(own) >= 2:
            for _, b in own:
                folds[(bundle == b) & train] = next(turn) % number
    if (folds == NO_FOLD).all():
        raise TrainingError("no species has two specimens, so that none can be held out", "add images of its species")
    return folds


def _bundles(groups: Sequence[str], digests: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number of the bundle of each image: connected by a group or by a digest, however many steps away."""
    n = len(groups)
    rows = np.arange(n)
    keys = [np.unique(values, return_inverse=True)[1] for values in (np.array(groups), np.array(digests))]
    columns = [n + keys[0], n + keys[0].max(initial=0) + 1 + keys[1]]
    size = int(columns[1].max(initial=n)) + 1
    ends = np.concatenate([rows, rows]), np.concatenate(columns)
    graph = coo_array((np.ones(2 * n, np.int8), ends), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][:n], np.int64)


def cross_fit(
    features: Floats, data: TrainingData, folds: Folds, settings: ProbeSettings, progress: StepProgress | None = None
) -> CrossFit:
    """Fit a head on all training images, and for each fold one without it; each chooses its penalty by itself.

    The penalty of a head is chosen on the next fold (of two folds: on a tenth of the groups), which the head is then
    fitted on as well: nothing about a head comes from the images that it will judge.

    Parameters
    ----------
    features : float32 array (N, D)
    data : TrainingData
    folds : int64 array (N,)
        From `deal_folds`.
    settings : ProbeSettings
    progress : callable, optional

    Raises
    ------
    TrainingError
        If the features are not finite.
    """
    number = int(folds.max()) + 1
    whole, chosen = probe(features, data, settings, progress, check=folds == 0)
    scores = whole.scores(torch.from_numpy(features)).numpy()
    heads, penalties = [], [chosen]
    for fold in range(number):
        seen = replace(data, split=np.where(folds == fold, "test", data.split))
        check = folds == (fold + 1) % number if number > 2 else None
        head, penalty = probe(features, seen, settings, progress, check=check)
        scores[folds == fold] = head.scores(torch.from_numpy(features[folds == fold])).numpy()
        heads.append(head)
        penalties.append(penalty)
    return CrossFit(whole, tuple(heads), folds, tuple(penalties), scores)
