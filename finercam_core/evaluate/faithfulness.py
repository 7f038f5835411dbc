"""Does the model use what the map shows? Take pixels away in the map's order and look at the scores. Needs torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from finercam_core.errors import FinercamError
from finercam_core.evaluate.bootstrap import resampled_means, spread
from finercam_core.evaluate.masking import filled, pixel_ranks
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.specimen import MAPS, specimen_maps
from finercam_core.explain import Classifier
from finercam_core.images import load_pixels
from finercam_core.status import Status
from finercam_core.store import Store, open_store

FRACTIONS = (0.01, 0.05, 0.1, 0.2)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FaithfulnessReport:
    """Outcome of `faithfulness`.

    Attributes
    ----------
    specimens : DataFrame
        image_id, scientificName, rival, map, drop_1 … drop_20, deletion, insertion.
    summary : DataFrame
        map, figure, mean, low, high, and the paired gains over Grad-CAM and over the random map with their intervals.
    forwards : int
        Images that went through the model.
    needed : int
        Different images that the figures need: forwards / needed is the overhead.
    left_out : dict
        Reasons by image_id.
    protocol : dict
    """

    specimens: pd.DataFrame
    summary: pd.DataFrame
    forwards: int
    needed: int
    left_out: dict[str, str] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        each = self.forwards / max(1, self.specimens["image_id"].nunique())
        overhead = self.forwards / max(1, self.needed)
        return f"{self.forwards} forward passes, {each:.0f} an image, {overhead:.2f} times the need"


def relative_drop(before: npt.ArrayLike, after: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Relative confidence drop, (p_c - p_c*) - (p_d - p_d*) (Zhang et al., Finer-CAM, section 4.2).

    Parameters
    ----------
    before, after : array (..., 2)
        Probabilities of the species c and of its rival d, of the whole image and of the masked one.

    Returns
    -------
    float64 array (...); large where masking hurts the species and not its rival.
    """
    lost = np.asarray(before, np.float64) - np.asarray(after, np.float64)
    return np.asarray(lost[..., 0] - lost[..., 1])


def curve_area(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Area under equally spaced values (..., S + 1) from 0 to 1 by the trapezoid rule; float64 (...)."""
    curve = np.asarray(values, np.float64)
    return np.asarray(np.trapezoid(curve, dx=1 / (curve.shape[-1] - 1), axis=-1))


class _Model:
    """Probabilities of a species and its rival, with a count of what went through the model."""

    def __init__(self, classifier: Classifier, batch_size: int) -> None:
        self.classifier, self.batch_size, self.count = classifier, batch_size, 0

    @torch.no_grad()
    def __call__(self, images: torch.Tensor, pair: Sequence[int]) -> npt.NDArray[np.float64]:
        parts = torch.split(images, self.batch_size)
        rows = [self.classifier.model(part).float().softmax(1)[:, list(pair)] for part in parts]
        self.count += len(images)
        return torch.cat(rows).double().cpu().numpy()


def faithfulness(
    location: str | Path,
    classifier: Classifier,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    fill: str = "mean",
    steps: int = 20,
    limit: int | None = None,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> FaithfulnessReport:
    """Relative confidence drop, deletion and insertion of Grad-CAM, Finer-CAM and two controls.

    Parameters
    ----------
    location : str or Path
        The store; maps come from its evidence.
    classifier : Classifier
        The one that the store was made with.
    protocol : Protocol, optional
    images : str or Path, optional
        Folder of the images, if it moved.
    fill : {"mean", "road"}
        What masked pixels become, see `masking.filled`.
    steps : int
        Steps of the deletion and insertion curves.
    limit : int, optional
        Judge at most so many specimens, spread evenly over the chosen ones.
    batch_size : int
    progress : callable, optional
        Called with the numbers of specimens that are ready and of all.

    Returns
    -------
    FaithfulnessReport

    Raises
    ------
    EvaluationError
        If the classifier is not the store's, or no specimen can be judged.
    """
    store, settings = open_store(location, images=images), protocol or Protocol()
    _check(store, classifier)
    model, generator = _Model(classifier, batch_size), torch.Generator().manual_seed(settings.seed)
    ids = settings.specimens(store)["image_id"].tolist()
    chosen = ids if limit is None else ids[:: max(1, len(ids) // limit)][:limit]
    rows, left_out = [], {}
    for done, image_id in enumerate(chosen, 1):
        try:
            rows.append(_judge(store, image_id, settings, model, generator, fill, steps))
        except FinercamError as error:
            left_out[image_id] = str(error)
        if progress is not None:
            progress(done, len(chosen))
    if not rows:
        raise EvaluationError(f"none of {len(chosen)} specimens could be judged", next(iter(left_out.values()), ""))
    table = pd.concat(rows, ignore_index=True)
    needed = len(rows) * (2 + len(MAPS) * (len(FRACTIONS) + 2 * (steps - 1)))
    return FaithfulnessReport(
        table, summarise(table, seed=settings.seed), model.count, needed, left_out, _words(settings, fill, steps)
    )


def _check(store: Store, classifier: Classifier) -> None:
    known = store.provenance["classifier"].get("weights_sha256")
    if known != classifier.weights_sha256:
        raise EvaluationError("the classifier is not the one that the store was made with", "give that classifier")


def _words(protocol: Protocol, fill: str, steps: int) -> dict[str, Any]:
    return {
        **protocol.describe(),
        "fill": fill,
        "steps": steps,
        "fractions": FRACTIONS,
        "drop": "(p_c - p_c*) - (p_d - p_d*), d the reference with the highest score on the whole image",
        "order": "maps are brought to the input's size bilinearly, pixels sorted there; ties in random order",
        "curves": "probability of the species; trapezoid rule, both ends included",
    }


def _judge(
    store: Store,
    image_id: str,
    protocol: Protocol,
    model: _Model,
    generator: torch.Generator,
    fill: str,
    steps: int,
) -> pd.DataFrame:
    record = store.record(image_id)
    if record.status != Status.DONE or len(record.classes) < 2:
        raise EvaluationError(f"{image_id} has no maps or no reference", "see `finercam info`")
    pixels = load_pixels(store.place(image_id), store.preparation, root=store.images_root)
    image = torch.from_numpy(store.preparation.normalise(pixels[None])).to(model.classifier.device)
    rival = record.classes[1 + int(np.argmax(record.logit[1:]))]
    pair = (model.classifier.index(record.scientificName), model.classifier.index(rival))
    maps = torch.from_numpy(specimen_maps(record, protocol)).to(image.device)
    ranks = pixel_ranks(maps, (image.shape[2], image.shape[3]), generator).view(len(maps), *image.shape[2:])
    ends = model(torch.cat([image, filled(image, torch.ones_like(ranks[:1], dtype=torch.bool), fill)]), pair)
    figures = [_figures(model, image, one, pair, ends, fill, steps) for one in ranks]
    head = {"image_id": image_id, "scientificName": record.scientificName, "rival": rival}
    return pd.DataFrame([{**head, "map": name, **row} for name, row in zip(MAPS, figures, strict=True)])


def _figures(
    model: _Model,
    image: torch.Tensor,
    ranks: torch.Tensor,
    pair: Sequence[int],
    ends: npt.NDArray[np.float64],
    fill: str,
    steps: int,
) -> dict[str, float]:
    """All figures of one map, from one batch of masked images; the two ends of the curves are everybody's."""
    cuts = torch.tensor([*FRACTIONS, *(i / steps for i in range(1, steps))], dtype=torch.float64) * ranks.numel()
    gone = ranks[None] < cuts.round().to(ranks.device)[:, None, None]
    gone = torch.cat([gone, ~gone[len(FRACTIONS) :]])
    found = model(filled(image.expand(len(gone), -1, -1, -1), gone, fill), pair)
    drops = relative_drop(ends[0], found[: len(FRACTIONS)])
    falling, rising = np.split(found[len(FRACTIONS) :, 0], 2)
    return {
        **{f"drop_{round(100 * f)}": float(drop) for f, drop in zip(FRACTIONS, drops, strict=True)},
        "deletion": float(curve_area([ends[0, 0], *falling, ends[1, 0]])),
        "insertion": float(curve_area([ends[1, 0], *rising, ends[0, 0]])),
    }


def summarise(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Means of each figure of each map with 95 % intervals, and paired gains over Grad-CAM and the random map."""
    rows = []
    for figure in [c for c in table.columns if c.startswith("drop_") or c in ("deletion", "insertion")]:
        wide = table.pivot_table(index="image_id", columns="map", values=figure)[list(MAPS)]
        both = np.hstack([wide, wide.sub(wide["grad_cam"], axis=0), wide.sub(wide["random"], axis=0)])
        found = spread(both.mean(0), resampled_means(both, seed=seed))
        values = np.stack([found.value, found.low, found.high], 1).reshape(3, len(MAPS), 3)
        for i, name in enumerate(MAPS):
            row: dict[str, object] = {"map": name, "figure": figure, "n": len(wide)}
            for prefix, part in zip(("", "over_grad_cam_", "over_random_"), values[:, i], strict=True):
                row |= dict(zip((f"{prefix}mean", f"{prefix}low", f"{prefix}high"), map(float, part), strict=True))
            rows.append(row)
    return pd.DataFrame(rows)
