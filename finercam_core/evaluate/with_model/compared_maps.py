"""Which maps are compared in faithfulness: every γ, weighting, method and baseline, beside controls. Needs torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.base_methods import base_method
from finercam_core.evaluate.localisation import map_weights
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.statistics.map_figures import centred_blob, random_map
from finercam_core.evaluate.with_model.baselines import SETTINGS, baseline_map
from finercam_core.explain import Classifier, explain
from finercam_core.finer import WEIGHTINGS, Weighting, coefficients, combine
from finercam_core.store import SpecimenRecord

STORED, CONTROL = "stored", "control"
Objective = Literal["species", "difference", "none"]


@dataclass(frozen=True)
class Compared:
    """One map that is judged.

    Attributes
    ----------
    name : str
        Different for each: "grad_cam", "finer_cam", "finer_cam γ=1 softmax", "rise", "rise difference", "random" …
    explainer : str
        "stored" (the store's evidence), another base method, a baseline, or "control".
    objective : {"species", "difference", "none"}
        What is explained: y_c, y_c less γ times the references, or nothing.
    gamma : float
    weighting : str
    """

    name: str
    explainer: str
    objective: Objective
    gamma: float = 0.0
    weighting: Weighting = "mean"


GRAD_CAM = Compared("grad_cam", STORED, "species")
RANDOM, BLOB = Compared("random", CONTROL, "none"), Compared("blob", CONTROL, "none")


def compared_maps(
    protocol: Protocol,
    *,
    gammas: Sequence[float] = (),
    weightings: Sequence[Weighting] = (),
    methods: Sequence[str] = (),
    baselines: Sequence[str] = (),
) -> tuple[Compared, ...]:
    """All maps of a comparison, each once: Grad-CAM first, then the protocol's Finer-CAM, the grid, others, controls.

    Parameters
    ----------
    protocol : Protocol
    gammas, weightings : sequence
        Finer-CAM from the stored evidence with each γ in each weighting; γ = 0 is Grad-CAM and left out.
    methods : sequence of str
        Other base methods of `finercam_core.explain.explain`.
    baselines : sequence of str
        Of `baselines.BASELINES`.

    Raises
    ------
    EvaluationError
        If a weighting is unknown, or `released` is asked for with a method whose maps are finished comparisons.
    ComparisonError
        If a method is unknown or ignores the class.
    """
    if unknown := [w for w in weightings if w not in WEIGHTINGS]:
        raise EvaluationError(f"unknown weighting {unknown[0]!r}", f"use one of {', '.join(WEIGHTINGS)}")
    own = (protocol.gamma, protocol.weighting)
    named = [base_method(name) for name in methods]
    finished = [method.name for method in named if not method.linear]
    if finished and protocol.weighting == "released":
        raise EvaluationError(f"{finished[0]} gives finished comparisons, without 'released'", "use mean or softmax")
    grid = [(g, w) for w in weightings or (protocol.weighting,) for g in gammas if g != 0 and (g, w) != own]
    found = [GRAD_CAM, Compared("finer_cam", STORED, "difference", *own)]
    found += [Compared(f"finer_cam γ={g:g} {w}", STORED, "difference", g, w) for g, w in grid]
    for name in (*(method.name for method in named), *baselines):
        found += [Compared(name, name, "species"), Compared(f"{name} difference", name, "difference", *own)]
    return tuple(dict.fromkeys([*found, RANDOM, BLOB]))


def map_of(
    one: Compared, record: SpecimenRecord, classifier: Classifier, image: torch.Tensor, protocol: Protocol
) -> torch.Tensor:
    """Map of one specimen: (h, w) on the model's grid, or (H, W) at the input's size for baselines.

    Parameters
    ----------
    one : Compared
    record : SpecimenRecord
    classifier : Classifier
    image : tensor (1, 3, H, W)
        Prepared.
    protocol : Protocol
    """
    if one.explainer == CONTROL:
        grid = (int(record.evidence.shape[-2]), int(record.evidence.shape[-1]))
        made = random_map(grid, record.image_id, protocol.seed) if one is RANDOM else centred_blob(grid)
        return torch.from_numpy(made).to(image.device)
    if one.explainer == STORED:
        weights = map_weights(record, one.gamma if one.objective == "difference" else 0.0, one.weighting)
        return torch.from_numpy(combine(record.evidence, weights)).to(image.device)
    classes = [classifier.index(name) for name in record.classes]
    if one.explainer in SETTINGS:
        every = np.zeros(len(classifier.species))
        every[classes] = _weights(one, record, None)
        return baseline_map(one.explainer, classifier.model, image, every, seed=protocol.seed)
    at = None if base_method(one.explainer).linear else protocol.gamma
    found = explain(classifier, image, [classes], method=one.explainer, gamma=protocol.gamma)
    return torch.from_numpy(combine(found.evidence[0].cpu().numpy(), _weights(one, record, at))).to(image.device)


def _weights(one: Compared, record: SpecimenRecord, compared_at: float | None) -> npt.NDArray[Any]:
    """Coefficients of the classes in what is explained: of scores, of evidence, or of comparisons made at a γ."""
    gamma = one.gamma if one.objective == "difference" else 0.0
    return coefficients(record.logit, record.log_sum_exp, gamma=gamma, weighting=one.weighting, compared_at=compared_at)
