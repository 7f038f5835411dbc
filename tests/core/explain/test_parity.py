"""Parity with pytorch-grad-cam (PyPI grad-cam), method by method; where we differ on purpose, a test says how.

That library gives maps behind the ReLU, scaled to [0, 1] and enlarged, so its own scaling is put on our maps here. It
has an ε of 1e-7 beside a map's maximum and leaves out the factor N (cells), so ours are divided by N first.
"""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
import timm
import torch
from tolerances import assert_identity
from torch import nn

from finercam_core.base_methods import BASE_METHODS
from finercam_core.explain import Classifier, explain
from finercam_core.explain.engine.request import NearestLogits
from finercam_core.explain.methods.xgradcam import xgradcam
from finercam_core.finer import coefficients, combine
from finercam_core.images.preparation import Preparation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytorch_grad_cam = pytest.importorskip("pytorch_grad_cam")
    from pytorch_grad_cam.utils.image import scale_cam_image
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget, FinerWeightedTarget

THEIRS = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "xgradcam": pytorch_grad_cam.XGradCAM,
    "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
    "layercam": pytorch_grad_cam.LayerCAM,
    "scorecam": pytorch_grad_cam.ScoreCAM,
    "ablationcam": pytorch_grad_cam.AblationCAM,
}
SIZE = (96, 64)  # width, height
SPECIES = [f"Aus species{i}" for i in range(6)]
Map = npt.NDArray[np.float32]


@pytest.fixture(params=["resnet10t", "convnext_atto", "test_vit"])
def found(request: pytest.FixtureRequest) -> Classifier:
    return classifier(request.param)


def classifier(name: str = "resnet10t", layer: str | None = "layer3") -> Classifier:
    """Seeded, with scores of some units, so that no ε of theirs decides a map."""
    torch.manual_seed(8)
    changes = {
        "resnet10t": {"channels": (8, 8, 12, 16), "stem_width": 8},
        "convnext_atto": {"dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1)},
        "test_vit": {"img_size": SIZE[::-1]},
    }[name]
    model = timm.create_model(name, num_classes=len(SPECIES), **changes).eval()
    nn.init.normal_(model.get_classifier().weight, std=3)
    nn.init.normal_(model.get_classifier().bias, std=1)
    layer = {"resnet10t": layer, "convnext_atto": "stages.2"}.get(name)
    # In double precision, since behind a layer norm the terms of a map cancel down to the rounding of single precision.
    return Classifier(model.double(), SPECIES, layer, Preparation(SIZE[1], SIZE[0]))


def image(seed: int = 1) -> torch.Tensor:
    return torch.randn((1, 3, SIZE[1], SIZE[0]), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def reshape(found: Classifier) -> Callable[[torch.Tensor], torch.Tensor]:
    """Their `reshape_transform`, which has to know the grid."""
    return found.route.to_grid


@pytest.fixture(autouse=True)
def quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Their progress bars go to stderr."""
    yield
    capsys.readouterr()


def theirs(found: Classifier, method: str, target: nn.Module | object) -> Map:
    with THEIRS[method](found.model, [found.layer], reshape_transform=reshape(found)) as cam:
        return np.asarray(cam(image(), [target])[0])


def displayed(signed: Map) -> Map:
    """Their scaling on one of our maps: ReLU, min-max to [0, 1], enlarge, min-max again."""
    return np.asarray(scale_cam_image(scale_cam_image(np.maximum(signed, 0)[None] / signed.size, SIZE))[0])


def positive_class(found: Classifier) -> int:
    return int(scores(found).argmax())


def scores(found: Classifier) -> torch.Tensor:
    with torch.no_grad():
        return found.model(image())[0]


# Their 1e-6 beside g² in Grad-CAM++ moves a map of these gradients by less than a thousandth.
TOLERANCE = dict.fromkeys(THEIRS, 2e-5) | {"gradcam++": 1e-3}


@pytest.mark.parametrize("method", ["gradcam", "hirescam", "layercam", "scorecam"])
def test_base_maps_agree(found: Classifier, method: str) -> None:
    k = positive_class(found)
    ours = explain(found, image(), [[k]], method=method).evidence[0, 0].numpy()
    np.testing.assert_allclose(displayed(ours), theirs(found, method, ClassifierOutputTarget(k)), atol=2e-5)


@pytest.mark.parametrize("method", ["xgradcam", "gradcam++", "ablationcam"])
def test_base_maps_agree_behind_a_relu(method: str) -> None:
    """Where activations have one sign, as these papers assume; elsewhere see the differences below."""
    found = classifier()
    k = positive_class(found)
    ours = explain(found, image(), [[k]], method=method).evidence[0, 0].numpy()
    np.testing.assert_allclose(
        displayed(ours), theirs(found, method, ClassifierOutputTarget(k)), atol=TOLERANCE[method]
    )


@pytest.mark.parametrize("gamma", [0.6, 1.0])
def test_finer_cam_agrees_with_its_references_and_weights(found: Classifier, gamma: float) -> None:
    """Its FinerCAM at batch 1: nearest logits, weighting `released`, objective with the ε, probabilities not held."""
    with pytorch_grad_cam.FinerCAM(found.model, [found.layer], reshape_transform=reshape(found)) as cam:
        expected = np.asarray(cam(image(), alpha=gamma)[0])
    k = positive_class(found)
    result = explain(found, image(), NearestLogits([k], 3))
    logits = result.logits.gather(1, result.classes)[0].numpy()
    weights = coefficients(logits, float(result.logits.logsumexp(1)), gamma=gamma, weighting="released")
    ours = combine(result.evidence[0].numpy(), weights, relu=False)
    np.testing.assert_allclose(displayed(ours), expected, atol=5e-5)


@pytest.mark.parametrize("method", THEIRS)
def test_finer_cam_on_every_base_method_agrees(method: str) -> None:
    """Against one reference their weight is p/(p + 1e-9), 1 to rounding, and all weightings are one."""
    found = classifier()
    order = explain(found, image(), [[0]]).logits[0].argsort(descending=True).tolist()
    target = FinerWeightedTarget(order[0], [order[1]], 0.6)
    result = explain(found, image(), [order[:2]], method=method, gamma=0.6)
    compared_at = None if BASE_METHODS[method].linear else 0.6
    weights = coefficients(result.logits[0, order[:2]], 0.0, gamma=0.6, compared_at=compared_at)
    ours = combine(result.evidence[0].numpy(), weights, relu=False)
    np.testing.assert_allclose(displayed(ours), theirs(found, method, target), atol=TOLERANCE[method])


def test_on_purpose_ablation_is_not_divided_by_the_score() -> None:
    """Theirs (and the paper's) turns round where the score is negative; ours is linear in it."""
    found = classifier()
    k = int(scores(found).argmin())
    ours = explain(found, image(), [[k]], method="ablationcam").evidence[0, 0].numpy()
    with_theirs = theirs(found, "ablationcam", ClassifierOutputTarget(k))
    assert scores(found)[k] < 0
    np.testing.assert_allclose(displayed(-ours), with_theirs, atol=2e-5)
    assert np.abs(displayed(ours) - with_theirs).max() > 0.5


def test_on_purpose_no_epsilon_decides_grad_cam_plus_plus() -> None:
    """Scores in smaller units only scale a map; their 1e-6 beside g² changes its shape, ours has no ε."""
    found, small = classifier(), classifier()
    with torch.no_grad():
        small.model.get_classifier().weight.mul_(1e-4)
        small.model.get_classifier().bias.mul_(1e-4)
    k = positive_class(found)
    tiny, smaller = (found_map(small, k, scale) for scale in (1.0, 0.1))
    np.testing.assert_allclose(displayed(tiny), displayed(smaller), atol=2e-3)
    assert np.abs(displayed(tiny) - theirs(small, "gradcam++", ClassifierOutputTarget(k))).max() > 0.02


def found_map(found: Classifier, k: int, scale: float) -> Map:
    with torch.no_grad():
        found.model.get_classifier().weight.mul_(scale)
    ours = explain(found, image(), [[k]], method="gradcam++").evidence[0, 0].numpy()
    with torch.no_grad():
        found.model.get_classifier().weight.div_(scale)
    return ours


def test_on_purpose_a_sum_that_cancels_decides_no_xgrad_cam() -> None:
    """Theirs divides by a channel's sum beside 1e-7; ours takes the mean gradient where the sum nearly cancels."""
    cells = torch.tensor([[[[1.0, -1.0 + 1e-6], [2.0, -2.0]]], [[[1.0, -0.5], [2.0, -1.0]]]], dtype=torch.float64)
    slope = torch.tensor([[[[0.3, 0.1], [0.2, 0.4]]]] * 2, dtype=torch.float64)
    ours = xgradcam(slope[None], cells)[0]
    theirs = pytorch_grad_cam.XGradCAM.get_cam_weights(None, None, None, None, cells.numpy(), slope.numpy())
    weighted = 4 * torch.from_numpy(theirs)[..., None] * cells[:, 0]
    torch.testing.assert_close(ours[1], weighted[1], rtol=1e-6, atol=0)
    torch.testing.assert_close(ours[0], 4 * slope[0, 0].mean() * cells[0, 0])
    assert float((weighted[0] / ours[0]).abs().max()) > 1e4


def test_on_purpose_nothing_is_scaled_and_the_sign_is_kept() -> None:
    """Theirs ends in [0, 1] whatever the score; ours is in units of the logit: twice the score, twice the map."""
    found = classifier()
    k = positive_class(found)
    before, shown = explain(found, image(), [[k]]).evidence, theirs(found, "gradcam", ClassifierOutputTarget(k))
    with torch.no_grad():
        found.model.get_classifier().weight.mul_(2)
        found.model.get_classifier().bias.mul_(2)
    assert_identity(found.model, explain(found, image(), [[k]]).evidence, 2 * before)
    np.testing.assert_allclose(theirs(found, "gradcam", ClassifierOutputTarget(k)), shown, atol=1e-5)
    assert (shown.min(), round(float(shown.max()), 5)) == (0, 1)
    all_classes = explain(found, image(), [list(range(6))]).evidence
    assert all_classes.min() < 0 < all_classes.max()
