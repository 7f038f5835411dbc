"""Sanity checks: a map that stays the same when weights or labels are shuffled explains no model."""

import copy
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from torch import nn

from finercam_core.errors import StoreError, counted
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.explain import Classifier, explain
from finercam_core.explain.folds import FoldHeads
from finercam_core.images.decoder import load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.io.progress import Progress
from finercam_core.parts import Part
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store, open_store


def shuffled_copies(classifier: Classifier, seed: int = 0) -> Iterator[tuple[str, Classifier]]:
    """Classifiers with more and more of their weights shuffled, from the head down (Adebayo et al., NeurIPS 2018).

    The values of a parameter change places, so that its scale is kept and only what it learnt is lost.

    Yields
    ------
    Name of the module that was shuffled last, and the classifier; each is a copy, `classifier` itself is unchanged.
    """
    model, heads = copy.deepcopy(classifier.model), classifier.heads
    generator = torch.Generator().manual_seed(seed)
    owners = [(name, part) for name, part in model.named_modules() if list(part.parameters(recurse=False))]
    last = next((name for name, part in classifier.model.named_modules() if part is classifier.head), "")
    for name, part in reversed(owners):
        _shuffle(part, generator)
        if heads is not None and name == last:
            heads = _shuffled_heads(heads, generator)
        yield name, _rebuilt(classifier, copy.deepcopy(model), heads)


def _rebuilt(classifier: Classifier, model: nn.Module, heads: FoldHeads | None) -> Classifier:
    """The classifier with other weights, run as it is: in its precision, and fold by fold where it has folds."""
    return Classifier(
        model, classifier.species, classifier.target_layer, classifier.preparation, name=classifier.name,
        execution=classifier.execution, heads=heads,
    )  # fmt: skip


def _shuffled_heads(heads: FoldHeads, generator: torch.Generator) -> FoldHeads:
    """The head of every fold with its values in other places."""

    def mixed(values: torch.Tensor) -> torch.Tensor:
        return torch.stack([one.flatten()[torch.randperm(one.numel(), generator=generator)].view_as(one)
                            for one in values.cpu()]).to(values.device)  # fmt: skip

    return FoldHeads(mixed(heads.weight), mixed(heads.bias))


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
    progress: Progress | None = None,
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
        At most so many specimens, spread evenly over the chosen ones.
    progress : callable, optional
        Called with the steps done and those of the whole check.

    Returns
    -------
    DataFrame, one row per step: check ("weights"), shuffled ("" first, the classifier as it is), similarity (mean
    Spearman correlation of the signed maps :math:`E_c - E_d` of species and runner-up with the stored ones), n. The
    first is 1 up to rounding; the last should be near 0.

    Raises
    ------
    EvaluationError
        If no specimen can be judged.
    """
    store = open_store(location, images=images)
    ids = (protocol or Protocol()).specimens(store)["image_id"].tolist()
    records, pixels = _read(store, ids[:: max(1, len(ids) // limit)][:limit])
    rows: list[dict[str, object]] = []
    total = 1 + sum(bool(list(part.parameters(recurse=False))) for part in classifier.model.modules())
    for name, model in chain([("", classifier)], shuffled_copies(classifier)):
        if progress is not None:
            progress(len(rows), total)
        alike = _similarity(model, records, pixels, _method(store))
        rows.append({"check": "weights", "shuffled": name, "similarity": float(alike.mean()), "n": len(alike)})
    return pd.DataFrame(rows)


def label_randomisation(
    location: str | Path,
    classifier: Classifier,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    limit: int = 16,
    training: int = 600,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """How much the maps resemble the stored ones when the head has learnt true labels again, and shuffled ones.

    A new linear head is fitted to what the model's own head receives, once with the species of the training specimens
    and once with the same names dealt out at random (the data randomisation of Adebayo et al., for the part of the
    model that can be fitted in seconds). Maps that show what was learnt resemble the stored ones only in the first
    case. The head of a cross-fitted classifier is fitted again for every fold, to the specimens of the others.

    Parameters
    ----------
    location, classifier, protocol, images, limit
        As `weight_randomisation`.
    training : int
        At most so many training specimens; those that the classifier was trained on, where they are known.
    progress : callable, optional
        Called with the steps done and all steps: each training specimen that is read, and the two fits.

    Returns
    -------
    DataFrame, two rows: check ("labels"), shuffled ("" and "all"), similarity, n. Empty for a model without a linear
    head.
    """
    store = open_store(location, images=images)
    head = classifier.head
    if head is None:
        return pd.DataFrame()
    settings = protocol or Protocol()
    ids = settings.specimens(store)["image_id"].tolist()
    records, pixels = _read(store, ids[:: max(1, len(ids) // limit)][:limit])
    part = "split" if store.provenance.parts is None else "part"
    rows = store.rows[store.rows[part] == Part.TRAIN] if (store.rows[part] == Part.TRAIN).any() else store.rows
    chosen = rows["image_id"].sample(min(training, len(rows)), random_state=settings.seed).tolist()
    learnt, learnt_pixels = _read(store, chosen, progress)
    inputs = _head_inputs(classifier, head, learnt_pixels)
    labels = np.array([classifier.index(record.scientificName) for record in learnt])
    folds = np.array([record.fold for record in learnt])
    results: list[dict[str, object]] = []
    for name, targets in (("", labels), ("all", np.random.default_rng(settings.seed).permutation(labels))):
        if progress is not None:
            progress(len(chosen) + len(results), len(chosen) + 2)
        refitted = _with_heads(classifier, inputs, targets, folds)
        alike = _similarity(refitted, records, pixels, _method(store))
        results.append({"check": "labels", "shuffled": name, "similarity": float(alike.mean()), "n": len(alike)})
    return pd.DataFrame(results)


def _method(store: Store) -> str:
    return store.provenance.method


@torch.no_grad()
def _head_inputs(classifier: Classifier, head: nn.Module, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What the linear head receives for each image; float32 (N, D)."""
    seen: list[torch.Tensor] = []
    handle = head.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach().float().cpu()))
    try:
        for part in torch.split(torch.from_numpy(pixels), 64):
            classifier.model(part.to(classifier.device, classifier.dtype))
    finally:
        handle.remove()
    return np.asarray(torch.cat(seen).numpy())


def _fitted(
    inputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], classes: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights (K, D) and biases (K,) of a multinomial regression; zero for classes without specimens."""
    scale = float(inputs.std()) or 1.0
    model = LogisticRegression(C=1.0, max_iter=300).fit(inputs / scale, labels)
    weight, bias = np.zeros((classes, inputs.shape[1]), np.float32), np.zeros(classes, np.float32)
    if len(model.classes_) == 2:  # one row speaks for the second class; half of it each is the same difference
        weight[model.classes_] = np.concatenate([-model.coef_, model.coef_]) / 2
        bias[model.classes_] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weight / scale, bias


def _with_heads(
    classifier: Classifier, inputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
    folds: npt.NDArray[np.int64],
) -> Classifier:  # fmt: skip
    """Copy of a classifier whose linear head is fitted to inputs (N, D) and labels (N,); also that of each fold."""
    count = len(classifier.species)
    copied = _rebuilt(classifier, copy.deepcopy(classifier.model), None)
    head = copied.head
    assert head is not None
    weight, bias = _fitted(inputs, labels, count)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        if head.bias is not None:
            head.bias.copy_(torch.from_numpy(bias))
    if classifier.heads is None:
        return copied
    fitted = [_fitted(inputs[folds != k], labels[folds != k], count) for k in range(len(classifier.heads))]
    of_folds = FoldHeads(*(torch.from_numpy(np.stack(values)) for values in zip(*fitted, strict=True)))
    return _rebuilt(classifier, copied.model, of_folds)


def _read(
    store: Store, ids: list[str], progress: Progress | None = None
) -> tuple[list[SpecimenRecord], npt.NDArray[np.float32]]:
    """Records and pixels of specimens; two fits follow where progress is asked for."""
    records, pixels = [], []
    for done, image_id in enumerate(ids):
        if progress is not None:
            progress(done, len(ids) + 2)
        try:
            record = store.record(image_id)
            if record.status != Status.DONE or len(record.classes) < 2:
                continue
            pixels.append(load_pixels(store.place(image_id), store.preparation, root=store.images_root))
        except (ImageError, StoreError):
            continue  # `evaluate` and the store itself report such specimens
        records.append(record)
    if not records:
        raise EvaluationError(
            f"none of {counted(len(ids), 'specimen')} has maps, a reference and an image", "see `finercam info`"
        )
    return records, store.preparation.normalise(np.stack(pixels))


def _similarity(
    classifier: Classifier, records: list[SpecimenRecord], pixels: npt.NDArray[np.float32], method: str
) -> npt.NDArray[np.float64]:
    rivals = [1 + int(np.argmax(record.logit[1:])) for record in records]
    classes = [
        [classifier.index(r.classes[0]), classifier.index(r.classes[k])] for r, k in zip(records, rivals, strict=True)
    ]
    maps = np.stack([
        explain(classifier.for_fold(record.fold), image[None], [pair], method=method).evidence[0].cpu().numpy()
        for record, image, pair in zip(records, pixels, classes, strict=True)
    ])  # fmt: skip
    pairs = zip(records, rivals, maps, strict=True)
    # Finished comparisons are the difference already; evidence has to be subtracted.
    return np.array(
        [
            _correlation(r.evidence[0] - r.evidence[k], own[0] - own[1])
            if r.compared_at is None
            else _correlation(r.evidence[k], own[1])
            for r, k, own in pairs
        ]
    )


def _correlation(stored: npt.NDArray[np.float32], fresh: npt.NDArray[np.float32]) -> float:
    """Spearman's rank correlation; 0 where one of the maps is constant, which resembles nothing."""
    if np.ptp(stored) == 0 or np.ptp(fresh) == 0:
        return 0.0
    return float(spearmanr(stored.ravel(), fresh.ravel()).statistic)
