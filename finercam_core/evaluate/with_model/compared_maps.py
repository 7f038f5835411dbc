"""Which maps are compared in faithfulness: every γ, weighting, method and baseline, beside the controls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from finercam_core.base_methods import base_method
from finercam_core.evaluate.maps import centred_blob, grid_of, map_weights, random_map
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.with_model.baselines import SETTINGS, baseline_map
from finercam_core.explain import Classifier, explain
from finercam_core.finer import FloatArray, coefficients, combine
from finercam_core.store import SpecimenRecord
from finercam_core.strengths import WEIGHTINGS, Weighting

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
        Finer-CAM from the stored evidence with each γ in each weighting; γ = 0 is Grad-CAM and is left out.
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
    maps = [GRAD_CAM, Compared("finer_cam", STORED, "difference", *own)]
    maps += [Compared(f"finer_cam γ={g:g} {w}", STORED, "difference", g, w) for g, w in grid]
    for name in (*(method.name for method in named), *baselines):
        maps += [Compared(name, name, "species"), Compared(f"{name} difference", name, "difference", *own)]
    return tuple(dict.fromkeys([*maps, RANDOM, BLOB]))


def map_of(
    compared: Compared, record: SpecimenRecord, classifier: Classifier, image: torch.Tensor, protocol: Protocol
) -> torch.Tensor:
    """Map of one specimen: (h, w) on the model's grid, or (H, W) at the input's size for baselines.

    Parameters
    ----------
    compared : Compared
    record : SpecimenRecord
    classifier : Classifier
    image : tensor (1, 3, H, W)
        Prepared.
    protocol : Protocol
    """
    if compared.explainer == CONTROL:
        grid = grid_of(record)
        control = random_map(grid, record.image_id, protocol.seed) if compared is RANDOM else centred_blob(grid)
        return torch.from_numpy(control).to(image.device)
    if compared.explainer == STORED:
        weights = map_weights(record, compared.gamma if compared.objective == "difference" else 0.0, compared.weighting)
        return torch.from_numpy(combine(record.evidence, weights)).to(image.device)
    classes = [classifier.index(name) for name in record.classes]
    if compared.explainer in SETTINGS:
        every = np.zeros(len(classifier.species))
        every[classes] = _weights(compared, record, None)
        return baseline_map(compared.explainer, classifier.model, image, every, seed=protocol.seed)
    at = None if base_method(compared.explainer).linear else protocol.gamma
    explained = explain(classifier, image, [classes], method=compared.explainer, gamma=protocol.gamma)
    evidence = explained.evidence[0].cpu().numpy()
    return torch.from_numpy(combine(evidence, _weights(compared, record, at))).to(image.device)


def _weights(compared: Compared, record: SpecimenRecord, compared_at: float | None) -> FloatArray:
    """Coefficients of the classes in what is explained: of scores, of evidence, or of comparisons made at a γ."""
    gamma = compared.gamma if compared.objective == "difference" else 0.0
    return coefficients(
        record.logit, record.log_sum_exp, gamma=gamma, weighting=compared.weighting, compared_at=compared_at
    )
