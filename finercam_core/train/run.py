"""`train`: a classifier for a collection, from the catalog to its folder."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from finercam_core.catalog import Catalog
from finercam_core.errors import TrainingError
from finercam_core.explain.folds import FoldHeads
from finercam_core.explain.model.layers import linear_head
from finercam_core.images.preparation import Preparation
from finercam_core.io.progress import StepProgress
from finercam_core.parts import NO_FOLD
from finercam_core.train.backbone import BackboneSpec, Construction
from finercam_core.train.data import TrainingData, load_data
from finercam_core.train.distributed import World, joined
from finercam_core.train.finetune import finetune, predict
from finercam_core.train.folder import write_folder
from finercam_core.train.lists import listed_images
from finercam_core.train.pixels import Pixels
from finercam_core.train.probe.features import Features, backbone_key, cached_features, head_inputs
from finercam_core.train.probe.folds import CrossFit, cross_fit, deal_folds
from finercam_core.train.probe.head import probe, replace_head
from finercam_core.train.quality import (
    Accuracy,
    DoubtfulLabel,
    Quality,
    Scores,
    accuracies,
    confused_species,
    doubts,
    held_out_quality,
)
from finercam_core.train.record import FinetuneNotes, ProbeNotes, TrainingRecord
from finercam_core.train.settings import MODES, FinetuneSettings, ProbeSettings, Settings, check_folds, read_settings


@dataclass(frozen=True)
class Fitted:
    """What was fitted: scores (N, K) of all images, notes for `training.json`, and the heads of cross-fitting."""

    scores: Scores
    notes: FinetuneNotes | ProbeNotes
    crossed: CrossFit | None = None

    def judged(self, data: TrainingData) -> TrainingData:
        """The data with the images of the folds as test images, since their scores are those of heads without them."""
        if self.crossed is None:
            return data
        return replace(data, split=np.where(self.crossed.folds == NO_FOLD, data.split, "test"))

    @property
    def heads(self) -> FoldHeads | None:
        """The heads that each leave a fold out."""
        if self.crossed is None:
            return None
        weights, biases = zip(*((head.weight, head.bias) for head in self.crossed.heads), strict=True)
        return FoldHeads(torch.stack(weights), torch.stack(biases))


@dataclass
class Fit:
    """What both modes need: the model on its device and how it was built, the data, and where to keep things."""

    model: nn.Module
    construction: Construction
    data: TrainingData
    preparation: Preparation
    folder: Path
    cache: Path
    progress: StepProgress | None
    world: World

    def finetune(self, settings: FinetuneSettings) -> Fitted:
        """Train the whole model."""
        checkpoint = workspace(self.folder) / "checkpoint.pt"
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        curve = finetune(self.model, self.data, self.preparation, settings, checkpoint, self.progress, world=self.world)
        return Fitted(predict(self.model, self.data.pixels, self.preparation).numpy(), FinetuneNotes(curve))

    def probe(self, settings: ProbeSettings, folds: int) -> Fitted:
        """Train the head alone; with folds also a head without each of them."""
        head = linear_head(self.model)
        if self.world.size > 1:
            raise TrainingError(f"a probe runs in one process, not in {self.world.size}", "run it without torchrun")
        if head is None:
            raise TrainingError("the model has no linear head to probe", "use --mode finetune")
        dealt = deal_folds(self.data, folds) if folds else None
        passes = 0

        def forward(pixels: Pixels) -> Features:
            nonlocal passes
            passes += 1
            return head_inputs(self.model, head, pixels, self.preparation)

        key = backbone_key(self.model, head, self.construction, self.preparation)
        features = cached_features(self.cache, key, self.data.pixels, forward, settings.batch_size, self.progress)
        if dealt is not None:
            crossed = cross_fit(features, self.data, dealt, settings, self.progress)
            replace_head(head, crossed.whole)
            whole, *others = crossed.penalties
            return Fitted(crossed.scores, ProbeNotes(whole, passes, self.cache.name, tuple(others)), crossed)
        fitted, strength = probe(features, self.data, settings, self.progress)
        replace_head(head, fitted)
        scores = fitted.scores(torch.from_numpy(features)).numpy()
        return Fitted(scores, ProbeNotes(strength, passes, self.cache.name))


def workspace(folder: Path) -> Path:
    """Folder for the checkpoint of an unfinished fine-tuning, beside the one that it will write."""
    return folder.with_name(f"{folder.name}.training")


@dataclass(frozen=True)
class TrainingReport:
    """The result of training.

    Attributes
    ----------
    folder : Path
    accuracy : dict of str to Accuracy
        By split.
    seconds : float
    unreadable : dict
        Image id to what is wrong with it.
    left_out : tuple of str
        Species without enough training images.
    excluded : dict
        Image id to why it was left out: one image under two names, or a leak between splits.
    doubtful : list of DoubtfulLabel
        Labels that the classifier contradicts with certainty.
    quality : Quality or None
        On held-out images; None where nothing was held out.
    history : list of dict
        Of fine-tuning: mean loss of each epoch, and where it was measured the accuracy on "val".
    folds : int
        Of a cross-fitted classifier: each image was judged by the one of so many heads that never saw it.
    """

    folder: Path
    accuracy: dict[str, Accuracy]
    seconds: float
    unreadable: dict[str, str]
    left_out: tuple[str, ...]
    excluded: dict[str, str] = field(default_factory=dict)
    doubtful: list[DoubtfulLabel] = field(default_factory=list)
    quality: Quality | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    folds: int = 0

    def __str__(self) -> str:
        lines = [f"{self.folder}: {self.seconds:.0f} s"]
        lines += [f"  test: each image by a head without it and its group, {self.folds} folds"] if self.folds else []
        lines += [f"  {split:5} {accuracy}" for split, accuracy in self.accuracy.items() if accuracy.n]
        lines += [f"  left out, too few images: {', '.join(self.left_out)}"] if self.left_out else []
        lines += [f"  unreadable: {image_id}: {why}" for image_id, why in self.unreadable.items()]
        lines += [f"  left out: {image_id}: {why}" for image_id, why in self.excluded.items()]
        lines += [f"  label worth a look: {d.image_id}: {d.label}, or {d.predicted}?" for d in self.doubtful]
        return "\n".join(lines)


def train(
    catalog: Catalog,
    folder: str | Path,
    *,
    model: str,
    mode: str = "probe",
    pretrained: bool = True,
    model_args: Mapping[str, object] | None = None,
    preparation: Preparation | None = None,
    settings: FinetuneSettings | ProbeSettings | None = None,
    minimum_images: int = 1,
    folds: int = 0,
    device: str = "auto",
    cache: str | Path | None = None,
    progress: StepProgress | None = None,
) -> TrainingReport:
    """Train a classifier on a collection; under torchrun, all its processes fine-tune one model together.

    Parameters
    ----------
    catalog : Catalog
    folder : str or Path
        For the classifier; must not exist yet. A stopped run continues where it was.
    model : str
        timm name, or ``package.module:function`` that returns a model with a linear head.
    mode : {"probe", "finetune"}
        Train a linear head on the frozen model, or the whole model.
    pretrained : bool
        Start a timm model from its published weights.
    model_args : mapping, optional
        Arguments for building the model.
    preparation : Preparation, optional
        The model's own by default.
    settings : FinetuneSettings or ProbeSettings, optional
    minimum_images : int
        Training images that a species needs.
    folds : int
        Cross-fitting, for a probe: beside the head on all images, so many heads that each leave out a fold of the
        groups, so that every image can be judged by a head that never saw it. 0 for none.
    device : str
    cache : str or Path, optional
        Where the features of frozen backbones are kept, for every head trained on the same images;
        ``features.zarr`` beside the folder by default.
    progress : callable, optional
        Called with a step, the number of steps and a note.

    Returns
    -------
    TrainingReport

    Raises
    ------
    TrainingError
        If the folder exists, the mode is unknown, too few species have images, the loss is not finite, or a whole model
        is to be cross-fitted.
    """
    target = Path(folder)
    if target.exists():
        raise TrainingError(f"{target} exists already", "choose another folder, or delete it")
    chosen = settings or read_settings(mode, {})
    if mode not in MODES or not isinstance(chosen, MODES[mode]):
        raise TrainingError(f"{type(chosen).__name__} does not hold settings for {mode!r}", "give those of the mode")
    check_folds(mode, folds)
    spec = BackboneSpec(model, pretrained, dict(model_args or {}))
    with joined(device) as world:
        return _train(
            catalog, target, spec, mode, chosen, preparation, minimum_images, folds, world,
            Path(cache or target.parent / "features.zarr"), progress if world.rank == 0 else None,
        )  # fmt: skip


def _train(
    catalog: Catalog, target: Path, spec: BackboneSpec, mode: str, settings: Settings, preparation: Preparation | None,
    minimum: int, folds: int, world: World, cache: Path, progress: StepProgress | None,
) -> TrainingReport:  # fmt: skip
    start = time.monotonic()
    torch.manual_seed(settings.seed)
    prepared = preparation or spec.preparation()
    data = load_data(catalog, prepared, minimum=minimum, crossed=folds > 0, held=settings.held, progress=progress)
    torch.manual_seed(settings.seed)
    network, construction = spec.build(len(data.species))
    network.to(world.device)
    fit = Fit(network, construction, data, prepared, target, cache, progress, world)
    fitted = fit.finetune(settings) if isinstance(settings, FinetuneSettings) else fit.probe(settings, folds)
    judged, scores = fitted.judged(data), fitted.scores
    seconds = time.monotonic() - start
    quality = held_out_quality(judged, scores, catalog, data.counts)
    record = TrainingRecord(
        mode, catalog.name, spec.name, spec.pretrained, settings, seconds, world.size, fitted.notes,
        accuracies(judged, scores), quality,
        confused_species(judged, scores, quality.split) if quality else {}, data.unreadable, data.excluded,
        data.left_out, doubts(data, scores), int(data.counts.sum()),
    )  # fmt: skip
    if world.rank == 0:
        taxa = catalog.specimens.drop_duplicates("scientificName").set_index("scientificName")
        licences = sorted(set(catalog.specimens["license"]) - {""})
        write_folder(
            target, network, construction, data.species, prepared, record, taxa, catalog.name, licences,
            listed_images(catalog.specimens, data, fitted.crossed.folds if fitted.crossed else None), fitted.heads,
        )  # fmt: skip
        shutil.rmtree(workspace(target), ignore_errors=True)
    return TrainingReport(
        target, dict(record.accuracy), seconds, data.unreadable, data.left_out, data.excluded, list(record.doubtful),
        record.quality, record.curve, record.folds,
    )  # fmt: skip
