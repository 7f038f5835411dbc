"""Does the model use what the map shows? Pixels are removed in the map's order, and the scores tell."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from finercam_core.errors import FinercamError, counted
from finercam_core.evaluate.kept_tables import Tables, fingerprint, kept, species_folder, state_fingerprint
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.tables import joined
from finercam_core.evaluate.with_model.baselines import SETTINGS, usable_baselines
from finercam_core.evaluate.with_model.compared_maps import Compared, compared_maps, map_of
from finercam_core.evaluate.with_model.deletion_curves import Cuts, MaskedScores
from finercam_core.evaluate.with_model.gains import finer_table, summarise
from finercam_core.evaluate.with_model.masked_pixels import FILLS, pixel_ranks
from finercam_core.explain import Classifier
from finercam_core.explain.same_classifier import difference_from
from finercam_core.images.decoder import load_pixels
from finercam_core.io.progress import Progress
from finercam_core.status import Status
from finercam_core.store import Store, open_store
from finercam_core.strengths import Weighting

FRACTIONS = (0.01, 0.05, 0.1, 0.2)  # shares of the pixels at which the relative drop is measured


@dataclass(frozen=True)
class FaithfulnessReport:
    """Outcome of `faithfulness`.

    Attributes
    ----------
    specimens : DataFrame
        image_id, scientificName, rival, map, drop_1 … drop_20, deletion, insertion.
    summary : DataFrame
        Means and paired gains with intervals, overall and by species, see `gains.summarise`.
    finer : DataFrame
        Whether the difference is better than the species alone, by explainer, see `gains.finer_table`.
    forwards : int
        Masked and whole images that went through the model in this run.
    needed : int
        Different images that the figures of this run need: forwards / needed is the overhead.
    judged : int
        Specimens whose figures were measured in this run.
    left_out : dict
        Reasons by image_id.
    protocol : mapping
        Settings and rules, as plain JSON values.
    reused : int
        Species whose figures were there already.
    """

    specimens: pd.DataFrame
    summary: pd.DataFrame
    finer: pd.DataFrame
    forwards: int
    needed: int
    judged: int
    left_out: dict[str, str] = field(default_factory=dict)
    protocol: Mapping[str, object] = field(default_factory=dict)
    reused: int = 0

    def __str__(self) -> str:
        if not self.needed:
            return "0 forward passes, all figures were there already"
        each, overhead = self.forwards / self.judged, self.forwards / self.needed
        return f"{self.forwards} forward passes, {each:.0f} per specimen, {overhead:.2f} times the need"


@dataclass(frozen=True)
class _Run:
    """What is the same for all specimens of a run."""

    store: Store
    protocol: Protocol
    scores: MaskedScores
    maps: tuple[Compared, ...]
    cuts: Cuts
    unusable: Mapping[str, str]
    tick: Callable[[], None]

    def describe(self) -> dict[str, object]:
        """Settings, and the rules in words, as plain JSON values."""
        return {
            **self.protocol.describe(),
            "fill": FILLS[self.scores.fill],
            "steps": self.cuts.steps,
            "fractions": list(self.cuts.fractions),
            "masked_images_a_map": self.cuts.images,
            "compared": {m.name: [m.explainer, m.objective, m.gamma, m.weighting] for m in self.maps},
            "baselines": {m.explainer: SETTINGS[m.explainer] for m in self.maps if m.explainer in SETTINGS},
            "baselines_left_out": dict(self.unusable),
            "drop": "(p_c - p_c*) - (p_d - p_d*), d the reference with the highest score on the whole image",
            "order": "maps are brought to the input's size bilinearly, pixels sorted there; ties in random order",
            "curves": "probability of the species; trapezoid rule, both ends included",
            "gains": "paired; intervals hold together over maps and figures, and over species (Bonferroni)",
        }


def faithfulness(
    location: str | Path,
    classifier: Classifier,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    gammas: Sequence[float] = (),
    weightings: Sequence[Weighting] = (),
    methods: Sequence[str] = (),
    baselines: Sequence[str] = (),
    fill: str = "mean",
    steps: int = 20,
    limit: int | None = None,
    batch_size: int = 64,
    parts: str | Path | None = None,
    progress: Progress | None = None,
) -> FaithfulnessReport:
    """Relative confidence drop, deletion and insertion of Grad-CAM, Finer-CAM, two controls, and any further maps.

    Parameters
    ----------
    location : str or Path
        The store; maps come from its evidence.
    classifier : Classifier
        The one that the store was made with.
    protocol : Protocol, optional
    images : str or Path, optional
        Folder of the images, if it moved.
    gammas, weightings, methods, baselines : sequence
        More maps to compare, see `compared_maps.compared_maps`. Baselines that cannot explain this model are left out,
        with the reason in the protocol.
    fill : {"mean", "road"}
        What masked pixels become, see `masked_pixels.filled`.
    steps : int
        Steps of the deletion and insertion curves, at least 2.
    limit : int, optional
        At most so many specimens, spread evenly over the chosen ones.
    batch_size : int
        Masked images per forward pass.
    parts : str or Path, optional
        Folder for the figures of each species: a run that was stopped resumes from there.
    progress : callable, optional
        Called with the numbers of finished specimens and of all.

    Returns
    -------
    FaithfulnessReport

    Raises
    ------
    EvaluationError
        If the classifier is not the store's, the fill is unknown, there are fewer than two steps, or no specimen can
        be judged.
    """
    store, settings = open_store(location, images=images), protocol or Protocol()
    _check(store, classifier, fill, steps)
    chosen = _chosen(store, settings, limit)
    first = _example(store, classifier)
    usable, unusable = usable_baselines(baselines, classifier.model, first)
    maps = compared_maps(settings, gammas=gammas, weightings=weightings, methods=methods, baselines=usable)
    pixels = store.preparation.height * store.preparation.width
    scores, counter = MaskedScores(classifier, fill, batch_size), _Counter(sum(map(len, chosen.values())), progress)
    run = _Run(store, settings, scores, maps, Cuts(FRACTIONS, steps, pixels), unusable, counter.add)
    gathered, reused = [], 0
    for name, ids in chosen.items():
        tables, known = _species(run, name, ids, None if parts is None else Path(parts))
        gathered.append(tables)
        reused += known
        if known:
            counter.add(len(ids))
    return _report(run, gathered, reused)


def _example(store: Store, classifier: Classifier) -> torch.Tensor:
    """Noise in the form of the model's input."""
    shape = (1, 3, store.preparation.height, store.preparation.width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(classifier.device)


class _Counter:
    """Counts finished specimens and reports each."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.done, self.total, self.progress = 0, total, progress

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total)


def _check(store: Store, classifier: Classifier, fill: str, steps: int) -> None:
    if difference := difference_from(store, classifier):
        problem = f"the classifier is not the one that the store was made with: {difference}"
        raise EvaluationError(problem, "give that classifier")
    if fill not in FILLS:
        raise EvaluationError(f"unknown fill {fill!r}", f"use one of {', '.join(FILLS)}")
    if steps < 2:
        raise EvaluationError(f"steps is {steps}", "give 2 or more")


def _chosen(store: Store, protocol: Protocol, limit: int | None) -> dict[str, list[str]]:
    """Specimens to judge by species, spread evenly over all."""
    rows = protocol.specimens(store).reset_index(drop=True).sort_values(["scientificName", "image_id"])
    if limit is not None and len(rows) > limit:
        rows = rows.iloc[np.linspace(0, len(rows) - 1, limit).round().astype(int)]
    return {str(name): list(part["image_id"]) for name, part in rows.groupby("scientificName", sort=True)}


def _species(run: _Run, name: str, ids: Sequence[str], parts: Path | None) -> tuple[Tables, bool]:
    if parts is None:
        return _judge_all(run, ids), False
    weights = run.scores.classifier.weights_sha256
    key = {
        "species": name, "protocol": fingerprint(run.describe(), weights), "specimens": fingerprint(list(ids)),
        "run": run.protocol.fingerprint(run.store), "states": state_fingerprint(run.store, name),
    }  # fmt: skip
    return kept(species_folder(parts, name), key, lambda: _judge_all(run, ids))


def _judge_all(run: _Run, ids: Sequence[str]) -> dict[str, pd.DataFrame]:
    rows, left_out = [], []
    for image_id in ids:
        try:
            rows.append(_judge(run, image_id))
        except FinercamError as error:
            left_out.append({"image_id": image_id, "reason": str(error)})
        run.tick()
    judged = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    return {"specimens": judged, "left_out": pd.DataFrame(left_out, columns=["image_id", "reason"])}


def _judge(run: _Run, image_id: str) -> pd.DataFrame:
    record, store = run.store.record(image_id), run.store
    classifier = run.scores.classifier.for_fold(record.fold)
    if record.status != Status.DONE or len(record.classes) < 2:
        raise EvaluationError(f"{image_id} has no maps or no reference", "see `finercam info`")
    pixels = load_pixels(store.place(image_id), store.preparation, root=store.images_root)
    image = torch.from_numpy(store.preparation.normalise(pixels[None])).to(classifier.device)
    rival = record.classes[1 + int(np.argmax(record.logit[1:]))]
    pair = (classifier.index(record.scientificName), classifier.index(rival))
    generator = torch.Generator().manual_seed(run.protocol.seed + zlib.crc32(image_id.encode()))
    whole = torch.zeros((1, *image.shape[2:]), dtype=torch.bool, device=image.device)
    ends = run.scores(image, torch.cat([whole, ~whole]), pair, record.fold)
    rows = []
    for compared in run.maps:
        heat = map_of(compared, record, classifier, image, run.protocol)
        covered = run.store.preparation.covered
        ranks = pixel_ranks(heat[None], (image.shape[2], image.shape[3]), generator, covered)[0].view(image.shape[2:])
        figures = run.cuts.figures(ends, run.scores(image, run.cuts.masks(ranks), pair, record.fold))
        rows.append({"image_id": image_id, "scientificName": record.scientificName, "rival": rival,
                     "map": compared.name, **figures})  # fmt: skip
    return pd.DataFrame(rows)


def _report(run: _Run, gathered: Sequence[Tables], reused: int) -> FaithfulnessReport:
    table = joined(tables["specimens"] for tables in gathered)
    left = pd.concat([tables["left_out"] for tables in gathered], ignore_index=True)
    if table.empty:
        reason = str(left["reason"].iloc[0]) if len(left) else ""
        raise EvaluationError(f"none of {counted(len(left), 'specimen')} could be judged", reason)
    each = 2 + len(run.maps) * run.cuts.images
    judged = run.scores.count // each if reused else table["image_id"].nunique()
    seed = run.protocol.seed
    return FaithfulnessReport(
        specimens=table,
        summary=summarise(table, seed=seed),
        finer=finer_table(table, run.maps, seed=seed),
        forwards=run.scores.count,
        needed=judged * each,
        judged=judged,
        left_out=dict(zip(left["image_id"], left["reason"], strict=True)),
        protocol=run.describe(),
        reused=reused,
    )
