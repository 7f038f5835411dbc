"""Explainers other than CAM, to compare with on the same images and protocol. They need the extra `baselines`.

Each explains an objective, a weighted sum of class scores: `y_c` alone, or the difference `y_c − γ·y_d` of Finer-CAM,
so that "finer" is tested apart from "CAM". All but RISE are captum's; what is set here is noted in `SETTINGS` and
becomes part of every report.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from finercam_core.evaluate.protocol import EvaluationError
from finercam_core.extras import install_hint

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "integrated_gradients": "32 steps from the mean colour; signed, summed over channels",
        "smooth_grad": "16 samples, noise 0.15 of the input's spread; mean gradient, absolute, summed over channels",
        "lrp": "epsilon rule; signed, summed over channels",
        "lime": "256 samples over about 64 SLIC superpixels, lasso 0.01",
        "kernel_shap": "256 samples over about 64 SLIC superpixels",
        "occlusion": "mean colour over windows of an eighth of the side, half overlapping",
        "rise": "512 masks of 7 × 7 cells, half of them kept; scores less their mean",
    }
)
BASELINES = tuple(SETTINGS)
_SAMPLES, _MASKS, _CELLS, _SEGMENTS = 256, 512, 7, 64
_FEWEST, _TILES = 8, 8  # superpixels that are enough; tiles per side where there are fewer
_LEAK = 1000  # times the score: the epsilon rule explodes where a model adds branches outside a module


class Objective(nn.Module):
    """A weighted sum of a classifier's scores.

    Parameters
    ----------
    model : nn.Module
        Images (N, 3, H, W) to scores (N, K). A copy is kept, so that an explainer's hooks never touch the model.
    coefficients : array (K,)
        Weight of each class: 1 for the species, −γ times its share for each reference.
    """

    def __init__(self, model: nn.Module, coefficients: npt.ArrayLike) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).eval()
        weights = torch.as_tensor(np.asarray(coefficients), dtype=torch.float32)
        self.sum = nn.Linear(len(weights), 1, bias=False).to(next(self.model.parameters()).device)
        with torch.no_grad():
            self.sum.weight.copy_(weights[None])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (N, 1) of images."""
        return torch.as_tensor(self.sum(self.model(images)))


def baseline_map(
    name: str, model: nn.Module, image: torch.Tensor, coefficients: npt.ArrayLike, *, seed: int = 0
) -> torch.Tensor:
    """Map of one explainer for one image.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    model : nn.Module
        Left unchanged.
    image : tensor (1, 3, H, W)
        Prepared, so that 0 is the mean colour.
    coefficients : array (K,)
        Of the objective, see `Objective`.
    seed : int
        Of everything that is drawn at random.

    Returns
    -------
    float tensor (H, W), larger where a pixel speaks more for the objective.

    Raises
    ------
    EvaluationError
        If the explainer is unknown, captum is not installed, or the explainer cannot handle the model.
    """
    if name not in _EXPLAINERS:
        raise EvaluationError(f"unknown baseline {name!r}", f"use one of {', '.join(BASELINES)}")
    with torch.random.fork_rng(devices=[image.device] if image.is_cuda else []):
        torch.manual_seed(seed)
        state = np.random.get_state()
        np.random.seed(seed)
        try:
            heat = _EXPLAINERS[name](Objective(model, coefficients), image)
        except ImportError as error:
            raise EvaluationError(f"{name} needs {error.name}", install_hint("baselines")) from error
        except (TypeError, ValueError, AssertionError, RuntimeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:160]
            raise EvaluationError(f"{name} cannot explain this model: {reason}", "leave this baseline out") from error
        finally:
            np.random.set_state(state)
    return heat.detach()


def _integrated_gradients(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum.attr import IntegratedGradients

    attribution = IntegratedGradients(objective).attribute(image, n_steps=32, internal_batch_size=32, target=0)
    return torch.as_tensor(attribution.sum(1)[0])


def _smooth_grad(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum.attr import NoiseTunnel, Saliency

    noise = 0.15 * float(image.max() - image.min())
    tunnel = NoiseTunnel(Saliency(objective))
    gradients = tunnel.attribute(image, nt_type="smoothgrad", nt_samples=16, stdevs=noise, target=0, abs=False)
    return torch.as_tensor(gradients.abs().sum(1)[0])


def _lrp(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum.attr import LRP
    from captum.attr._utils.lrp_rules import EpsilonRule

    for part in objective.modules():
        empty = isinstance(part, nn.Sequential) and len(part) == 0
        if empty or isinstance(part, nn.Flatten | nn.Identity):
            part.rule = EpsilonRule()  # they only pass values on, and captum has no rule for them
        if isinstance(part, nn.ReLU):
            part.inplace = False
    tracked = image.clone().requires_grad_()
    score = float(objective(image).detach())
    relevance = torch.as_tensor(LRP(objective).attribute(tracked, target=0).sum(1)[0]).detach()
    total = float(relevance.abs().sum())
    if total > _LEAK * max(abs(score), 1):
        raise RuntimeError(f"its relevances, {total:.3g} in all, do not add up to a score of {score:.3g}")
    return relevance


def _superpixels(image: torch.Tensor) -> torch.Tensor:
    from skimage.segmentation import slic

    pixels = image[0].permute(1, 2, 0).cpu().numpy()
    segments = slic(pixels - pixels.min(), n_segments=_SEGMENTS, compactness=5, start_label=0, channel_axis=-1)
    if segments.max() < _FEWEST:  # a picture without structure: square tiles instead
        rows, columns = (np.arange(side) * _TILES // side for side in segments.shape)
        segments = rows[:, None] * _TILES + columns[None]
    return torch.from_numpy(segments)[None, None].to(image.device)


def _lime(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum._utils.models.linear_model import SkLearnLasso
    from captum.attr import Lime

    explainer = Lime(objective, interpretable_model=SkLearnLasso(alpha=0.01))
    return _sampled(explainer.attribute, image)


def _kernel_shap(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum.attr import KernelShap

    return _sampled(KernelShap(objective).attribute, image)


def _sampled(attribute: Callable[..., torch.Tensor], image: torch.Tensor) -> torch.Tensor:
    segments = _superpixels(image)
    heat = attribute(image, target=0, feature_mask=segments, n_samples=_SAMPLES, perturbations_per_eval=32)
    return heat[0, 0].float()


def _occlusion(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    from captum.attr import Occlusion

    sides = [max(2, side // 8) for side in image.shape[2:]]
    heat = Occlusion(objective).attribute(
        image, target=0, sliding_window_shapes=(3, *sides), strides=(3, *(max(1, side // 2) for side in sides)),
        perturbations_per_eval=32,
    )  # fmt: skip
    return torch.as_tensor(heat[0].mean(0))


@torch.no_grad()
def _rise(objective: Objective, image: torch.Tensor) -> torch.Tensor:
    r"""Petsiuk et al., RISE, BMVC 2018, eq. 6: :math:`\sum_i f(I ⊙ m_i)\, m_i`, with f less its mean over the masks.

    The paper weighs masks by a probability; an objective such as a difference of scores can be negative, and its mean
    would only add a copy of the masks' own mean.
    """
    height, width = image.shape[2:]
    generator = torch.Generator().manual_seed(int(torch.initial_seed()))
    step = (-(-height // _CELLS), -(-width // _CELLS))
    coarse = (torch.rand(_MASKS, 1, _CELLS + 1, _CELLS + 1, generator=generator) < 0.5).float()
    large = functional.interpolate(
        coarse, size=(step[0] * (_CELLS + 1), step[1] * (_CELLS + 1)), mode="bilinear", align_corners=False
    )
    shift = torch.stack([torch.randint(0, side, (_MASKS,), generator=generator) for side in step], 1).tolist()
    masks = torch.stack([m[:, y : y + height, x : x + width] for m, (y, x) in zip(large, shift, strict=True)])
    masks = masks.to(image.device)
    scores = torch.cat([objective(image * part)[:, 0] for part in torch.split(masks, 64)])
    return torch.einsum("n,nhw->hw", scores - scores.mean(), masks[:, 0]) / _MASKS


_EXPLAINERS: Mapping[str, Callable[[Objective, torch.Tensor], torch.Tensor]] = {
    "integrated_gradients": _integrated_gradients,
    "smooth_grad": _smooth_grad,
    "lrp": _lrp,
    "lime": _lime,
    "kernel_shap": _kernel_shap,
    "occlusion": _occlusion,
    "rise": _rise,
}


def usable_baselines(names: Sequence[str], model: nn.Module, image: torch.Tensor) -> tuple[list[str], dict[str, str]]:
    """Baselines that can explain a model, each tried on one image before a long run; and why the others cannot.

    Raises
    ------
    EvaluationError
        If a name is unknown, or captum is not installed.
    """
    usable: list[str] = []
    reasons: dict[str, str] = {}
    if not names:
        return usable, reasons
    with torch.no_grad():
        classes = model(image).shape[1]
    for name in names:
        try:
            baseline_map(name, model, image, np.eye(classes)[0])
            usable.append(name)
        except EvaluationError as error:
            if name not in _EXPLAINERS or isinstance(error.__cause__, ImportError):
                raise
            reasons[name] = error.problem
    return usable, reasons
