"""The explainer against autograd and by hand: identities, one forward an image, and a model left as it was found."""

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import assert_combined, assert_identity
from torch import nn

from finercam_core.errors import ClassifierError, ComparisonError
from finercam_core.explain import Classifier, evidence, explain
from finercam_core.finer import coefficients, combine
from finercam_core.images.preparation import Preparation

SPECIES = [f"Aus species{i}" for i in range(6)]
MODELS: dict[str, dict[str, object]] = {
    "resnet10t": {"channels": (8, 8, 16, 16), "stem_width": 8},
    "convnext_atto": {"dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1)},
    "test_vit": {},
    "test_efficientnet": {},
    "vit_tiny_patch16_224": {"img_size": 64, "depth": 2},
    "vit_small_patch14_reg4_dinov2": {"img_size": 56, "depth": 2, "embed_dim": 48, "num_heads": 3},
}


def classifier(name: str, **changes: object) -> Classifier:
    torch.manual_seed(3)
    model = timm.create_model(name, num_classes=len(SPECIES), **{**MODELS[name], **changes})
    head = model.get_classifier()
    nn.init.normal_(head.weight, std=0.5)
    side = {"vit_tiny_patch16_224": 64, "vit_small_patch14_reg4_dinov2": 56}.get(name, 160)
    return Classifier(model.double(), SPECIES, preparation=Preparation(side, side), name=name)


def batch(found: Classifier, n: int = 3) -> tuple[torch.Tensor, np.ndarray]:
    generator = torch.Generator().manual_seed(1)
    side = found.preparation.height
    images = torch.randn(n, 3, side, side, generator=generator, dtype=found.dtype)
    return images, np.stack([np.roll(np.arange(len(SPECIES)), i)[:4] for i in range(n)])


def by_autograd(
    found: Classifier, image: torch.Tensor, objective: Callable[[torch.Tensor], torch.Tensor]
) -> np.ndarray:
    """Signed Grad-CAM of any objective through the whole model, N · Σ_c mean(∂J/∂A_c) A_c."""
    caught: list[torch.Tensor] = []
    hook = found.layer.register_forward_hook(lambda _m, _i, output: (caught.append(output), output.retain_grad())[0])
    found.model.eval()
    with torch.enable_grad():
        logits = found.model(image[None])[0]
    hook.remove()
    objective(logits).backward()
    grid = found.route.to_grid(caught[0].detach())[0]
    gradient = found.route.to_grid(caught[0].grad)[0]
    found.model.zero_grad()
    alpha = gradient.mean(dim=(1, 2))
    return (grid.shape[1] * grid.shape[2] * torch.einsum("c,chw->hw", alpha, grid)).numpy()


@pytest.mark.parametrize("name", MODELS)
def test_combined_evidence_is_autograd_of_the_difference(name: str) -> None:
    """`finer_cam`'s arithmetic on stored evidence equals a backward through the model on y_c − γ·mean(y_d)."""
    found = classifier(name)
    images, classes = batch(found)
    result = explain(found, images, classes)
    for i, row in enumerate(classes):
        logits = result.logits[i, row].numpy()
        total = float(result.logits[i].logsumexp(0))
        for gamma in (0.0, 0.6, 1.7):
            weights = coefficients(logits, total, gamma=gamma)
            ours = combine(result.evidence[i].numpy(), weights, relu=False)
            theirs = by_autograd(found, images[i], lambda y, g=gamma, r=row: y[r[0]] - g * y[r[1:]].mean())  # type: ignore[misc]
            assert_combined(ours, theirs, weights, result.evidence[i])


@pytest.mark.parametrize("weighting", ["softmax", "released"])
def test_weightings_are_autograd_of_their_objectives(weighting: str) -> None:
    found = classifier("resnet10t")
    images, classes = batch(found, 1)
    result, row = explain(found, images, classes), classes[0]

    def objective(y: torch.Tensor) -> torch.Tensor:
        if weighting == "released":
            p = y.softmax(0)[row[1:]]
            return (p * (y[row[0]] - 0.6 * y[row[1:]])).sum() / (p.sum() + 1e-9)
        q = y[row[1:]].softmax(0).detach()
        return y[row[0]] - 0.6 * (q * y[row[1:]]).sum()

    logits, total = result.logits[0, row].numpy(), float(result.logits[0].logsumexp(0))
    weights = coefficients(logits, total, weighting=weighting)  # type: ignore[arg-type]
    theirs = by_autograd(found, images[0], objective)
    ours = combine(result.evidence[0].numpy(), weights, relu=False)
    assert_combined(ours, theirs, weights, result.evidence[0])


def test_two_pixels_by_hand() -> None:
    """A 1x1 convolution of weight 2 on the pixels (1, 3), pooled, head (0.5, -1): E = (1, 3) and (-2, -6)."""
    convolution, head = nn.Conv2d(3, 1, 1, bias=False), nn.Linear(1, 2)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([2.0, 0.0, 0.0])[None, :, None, None])
        head.weight.copy_(torch.tensor([[0.5], [-1.0]]))
        head.bias.copy_(torch.tensor([0.25, 0.0]))
    model = nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    found = Classifier(model, ["A b", "A c"], target_layer="0", preparation=Preparation(1, 2))
    image = torch.zeros(1, 3, 1, 2)
    image[0, 0, 0] = torch.tensor([1.0, 3.0])
    result = explain(found, image, [[0, 1]])
    assert found.route.name.startswith("closed form")
    assert result.evidence[0].tolist() == [[[1.0, 3.0]], [[-2.0, -6.0]]]
    assert result.logits.tolist() == [[2.25, -4.0]]


@pytest.mark.parametrize("name", MODELS)
def test_batch_equals_singles(name: str) -> None:
    found = classifier(name)
    images, classes = batch(found)
    whole = evidence(found, images, classes)
    for i in range(len(images)):
        one = evidence(found, images[i : i + 1], classes[i : i + 1])
        assert_identity(found.model, whole[i : i + 1], one)


def test_the_closed_form_sums_to_the_logit() -> None:
    found = classifier("resnet10t")
    images, classes = batch(found)
    result = explain(found, images, classes)
    expected = result.logits.gather(1, torch.as_tensor(classes)) - found.model.get_classifier().bias[classes]
    assert_identity(found.model, result.evidence.mean(dim=(2, 3)), expected, float(result.evidence.abs().max()))


@pytest.mark.parametrize("name", ["resnet10t", "test_vit", "convnext_atto"])
@pytest.mark.parametrize("comparisons", [1, 5])
def test_one_forward_an_image_whatever_the_number_of_comparisons(name: str, comparisons: int) -> None:
    found = classifier(name)
    images, classes = batch(found, 4)
    assert found.grid  # the route is chosen once, on an example
    seen: list[int] = []
    first = next(module for module in found.model.modules() if isinstance(module, nn.Conv2d))
    hook = first.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0])))
    explain(found, images, classes[:, : 1 + comparisons])
    hook.remove()
    assert seen == [4]


@pytest.mark.parametrize("name", ["resnet10t", "test_vit"])
def test_the_model_is_left_as_it_was_found(name: str) -> None:
    found = classifier(name)
    images, classes = batch(found)
    parameters = list(found.model.parameters())
    found.model.train()
    parameters[0].requires_grad_(False)
    before = [module.training for module in found.model.modules()], [p.requires_grad for p in parameters]
    explain(found, images, classes)
    with pytest.raises(RuntimeError):
        explain(found, images[:, :2], classes)
    assert ([module.training for module in found.model.modules()], [p.requires_grad for p in parameters]) == before
    assert all(p.grad is None for p in parameters)
    assert not any(module._forward_hooks for module in found.model.modules())
    assert torch.is_grad_enabled()


def test_a_frozen_model_can_be_explained() -> None:
    found = classifier("test_vit")
    images, classes = batch(found)
    expected = evidence(found, images, classes)
    found.model.requires_grad_(False)
    assert_identity(found.model, evidence(found, images, classes), expected)


def test_layers_without_gradients_and_unknown_ones_are_refused() -> None:
    with pytest.raises(ClassifierError, match=r"no layer 'layer9'.*layer4"):
        classifier_at("resnet10t", "layer9")
    cls_pooled = classifier_at("test_vit", "norm")
    with pytest.raises(ClassifierError, match=r"use blocks\.5\.norm1"):
        _ = cls_pooled.grid


def classifier_at(name: str, layer: str) -> Classifier:
    model = timm.create_model(
        name, num_classes=len(SPECIES), **{**MODELS[name], "global_pool": "token"} if "vit" in name else MODELS[name]
    )
    return Classifier(model, SPECIES, target_layer=layer, preparation=Preparation(160, 160))


@pytest.fixture(scope="module")
def small() -> Classifier:
    return classifier("resnet10t")


@settings(max_examples=20)
@given(rows=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=2, max_size=2), data=st.data())
def test_a_class_compared_with_itself_is_refused(small: Classifier, rows: list[list[int]], data: st.DataObject) -> None:
    """Whatever the method, wherever the target stands among its references; the sentence names image and species."""
    width = max(map(len, rows))
    classes = np.array([[row[0], *[(row[0] + 1) % 6] * (width - len(row)), *row[1:]] for row in rows])
    images, _ = batch(small, 2)
    method = data.draw(st.sampled_from(["gradcam", "layercam"]))
    wrong = [i for i in range(2) if classes[i, 0] in classes[i, 1:]]
    if not wrong:
        assert explain(small, images, classes, method=method).evidence.shape[:2] == classes.shape
        return
    name = SPECIES[classes[wrong[0], 0]]
    with pytest.raises(ComparisonError, match=f"^image {wrong[0]} compares '{name}' with itself: give other classes"):
        explain(small, images, classes, method=method)


@pytest.mark.parametrize("gamma", [float("nan"), float("inf")])
def test_an_endless_gamma_is_refused(small: Classifier, gamma: float) -> None:
    with pytest.raises(ComparisonError, match=f"gamma is {gamma}: give a finite number"):
        explain(small, batch(small, 2)[0], [[0, 1]] * 2, method="layercam", gamma=gamma)


@pytest.mark.parametrize("wrong", [-1, 6])
def test_classes_that_are_none_are_refused(small: Classifier, wrong: int) -> None:
    with pytest.raises(ClassifierError, match=rf"there is no class {wrong}: the classifier has the classes 0 to 5"):
        explain(small, batch(small, 2)[0], [[0, 1], [2, wrong]])


@settings(max_examples=15)
@given(order=st.permutations(range(1, 6)), gamma=st.floats(-2, 2), weighting=st.sampled_from(["mean", "softmax"]))
def test_permuted_references_permute_the_evidence_and_leave_the_map(
    small: Classifier, order: list[int], gamma: float, weighting: str
) -> None:
    images, turned = batch(small, 1)[0], [0, *order]
    one, two = explain(small, images, [list(range(6))]), explain(small, images, [turned])
    assert_identity(small.model, two.evidence, one.evidence[:, turned])
    weights = [
        coefficients(found.logits[0, found.classes[0]], 0.0, gamma=gamma, weighting=weighting)  # type: ignore[arg-type]
        for found in (one, two)
    ]
    shown = [
        combine(found.evidence[0].numpy(), row, relu=False) for found, row in zip((one, two), weights, strict=True)
    ]
    exact = torch.einsum("c,chw->hw", torch.from_numpy(weights[0]), one.evidence[0])
    for values in shown:
        assert_combined(values, exact, weights[0], one.evidence[0])


def test_gamma_zero_is_the_base_methods_own_map(small: Classifier) -> None:
    """Whatever the references: behind the ReLU it is Grad-CAM of the species alone."""
    images, classes = batch(small, 1)
    found = explain(small, images, classes)
    alone = evidence(small, images, classes[:, :1])[0, 0].clamp(min=0)
    logits = found.logits[0, found.classes[0]]
    for weighting in ("mean", "softmax"):
        weights = coefficients(logits, 0.0, gamma=0, weighting=weighting)  # type: ignore[arg-type]
        assert_combined(combine(found.evidence[0].numpy(), weights), alone, weights, found.evidence[0])


def test_values_that_are_not_finite_are_passed_on() -> None:
    found = classifier("resnet10t")
    images, classes = batch(found)
    images[1] = float("nan")
    result = explain(found, images, classes)
    assert torch.isfinite(result.evidence[[0, 2]]).all()
    assert not torch.isfinite(result.evidence[1]).any()
