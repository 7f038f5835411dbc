"""Sanity check: a map that stays the same when the model's weights are shuffled explains no model. Needs torch."""

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.stats import spearmanr
from torch import nn

from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.explain import Classifier, explain
from finercam_core.images import ImageError, load_pixels
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store, open_store


def shuffled_copies(classifier: Classifier, seed: int = 0) -> Iterator[tuple[str, Classifier]]:
    """Classifiers with more and more of their weights shuffled, from the head down (Adebayo et al., NeurIPS 2018).

    The values of a parameter stay and change places, so that its scale is kept and nothing but what it learnt is lost.

    Yields
    ------
    Name of the module that was shuffled last, and the classifier; each is a copy, the given one is not changed.
    """
    model = copy.deepcopy(classifier.model)
    generator = torch.Generator().manual_seed(seed)
    owners = [(name, part) for name, part in model.named_modules() if list(part.parameters(recurse=False))]
    for name, part in reversed(owners):
        _shuffle(part, generator)
        now = copy.deepcopy(model)
        yield name, Classifier(now, classifier.species, classifier.target_layer, classifier.preparation)


@torch.no_grad()
def _shuffle(part: nn.Module, generator: torch.Generator) -> None:
    for parameter in part.parameters(recurse=False):
        order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
        parameter.copy_(parameter.flatten()[order].view_as(parameter))


def weight_randomisation(
    location: str | Path,
    classifier: Classifier,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    limit: int = 16,
) -> pd.DataFrame:
    """How much the difference maps still resemble the stored ones while weights are shuffled from the head down.

    Parameters
    ----------
    location : str or Path
        The store, made with this classifier.
    classifier : Classifier
    protocol : Protocol, optional
    images : str or Path, optional
        Folder of the images, if it moved.
    limit : int
        Specimens at most, spread evenly over the chosen ones.

    Returns
    -------
    DataFrame, one row a step: shuffled ("" first, the classifier as it is), similarity (mean Spearman correlation of
    the signed maps :math:`E_c - E_d` of species and runner-up with the stored ones), n. The first is 1 up to rounding;
    the last should be near 0.

    Raises
    ------
    EvaluationError
        If no specimen can be judged.
    """
    store = open_store(location, images=images)
    ids = (protocol or Protocol()).specimens(store)["image_id"].tolist()
    records, pixels = _read(store, ids[:: max(1, len(ids) // limit)][:limit])
    steps = [("", classifier), *shuffled_copies(classifier)]
    rows = []
    for name, model in steps:
        alike = _similarity(model, records, pixels)
        rows.append({"shuffled": name, "similarity": float(np.nanmean(alike)), "n": len(alike)})
    return pd.DataFrame(rows)


def _read(store: Store, ids: list[str]) -> tuple[list[SpecimenRecord], npt.NDArray[np.float32]]:
    records, pixels = [], []
    for image_id in ids:
        record = store.record(image_id)
        if record.status != Status.DONE or len(record.classes) < 2:
            continue
        try:
            pixels.append(load_pixels(store.place(image_id), store.preparation, root=store.images_root))
        except ImageError:
            continue  # such specimens are reported by `evaluate` and by the store itself
        records.append(record)
    if not records:
        raise EvaluationError(f"none of {len(ids)} specimens has maps, a reference and an image", "see `finercam info`")
    return records, store.preparation.normalise(np.stack(pixels))


def _similarity(
    classifier: Classifier, records: list[SpecimenRecord], pixels: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    rivals = [1 + int(np.argmax(record.logit[1:])) for record in records]
    classes = [
        [classifier.index(r.classes[0]), classifier.index(r.classes[k])] for r, k in zip(records, rivals, strict=True)
    ]
    maps = explain(classifier, pixels, classes).evidence.cpu().numpy()
    pairs = zip(records, rivals, maps, strict=True)
    return np.array([_correlation(r.evidence[0] - r.evidence[k], found[0] - found[1]) for r, k, found in pairs])


def _correlation(stored: npt.NDArray[np.float32], found: npt.NDArray[np.float32]) -> float:
    """Rank correlation; 0 where one of the maps is constant, which resembles nothing."""
    if np.ptp(stored) == 0 or np.ptp(found) == 0:
        return 0.0
    return float(spearmanr(stored.ravel(), found.ravel()).statistic)
