"""Every base method: what "finer" means for it as an identity, and what all of them owe the model and the image."""

from collections.abc import Iterator

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import assert_combined, assert_identity
from torch import nn

from finercam_core.base_methods import BASE_METHODS
from finercam_core.errors import ComparisonError
from finercam_core.explain import Classifier, evidence, explain
from finercam_core.explain.engine.request import NearestLogits
from finercam_core.finer import coefficients, combine
from finercam_core.images.preparation import Preparation

SPECIES = [f"Aus species{i}" for i in range(6)]
LINEAR = [name for name, method in BASE_METHODS.items() if method.linear and name != "random"]
OTHERS = [name for name, method in BASE_METHODS.items() if not method.linear]
LAYERS = {"resnet10t": ["layer4", "layer3"], "test_vit": ["blocks.5.norm1"]}
LAYERS_OF_TWO = ("layer3", "layer4")
PLACES = [(model, layer) for model, layers in LAYERS.items() for layer in layers]


def classifier(name: str = "resnet10t", layer: str = "layer3") -> Classifier:
    torch.manual_seed(3)
    changes = {"channels": (8, 8, 12, 16), "stem_width": 8} if name == "resnet10t" else {"img_size": 64}
    model = timm.create_model(name, num_classes=len(SPECIES), **changes).eval()
    nn.init.normal_(model.get_classifier().weight, std=0.5)
    nn.init.normal_(model.get_classifier().bias, std=0.5)
    size = Preparation(64, 64) if "vit" in name else Preparation(96, 64)
    return Classifier(model.double(), SPECIES, layer, size)


def images_of(found: Classifier, n: int = 2) -> torch.Tensor:
    shape = (n, 3, found.preparation.height, found.preparation.width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=found.dtype)


def of_class_vector(found: Classifier, row: torch.Tensor, bias: torch.Tensor, method: str) -> torch.Tensor:
    """Maps of a class whose vector in the head is `row`: the class is added to the model's own, so (N, h, w)."""
    head = found.model.get_classifier()
    kept = head.weight.detach().clone(), head.bias.detach().clone()
    with torch.no_grad():
        head.weight[5], head.bias[5] = row, bias
    try:
        return evidence(found, images_of(found), [[5]] * 2, method=method)[:, 0]
    finally:
        with torch.no_grad():
            head.weight.copy_(kept[0])
            head.bias.copy_(kept[1])


@pytest.mark.parametrize(("name", "layer"), PLACES)
@pytest.mark.parametrize("method", LINEAR + OTHERS)
def test_finer_is_the_method_applied_to_the_difference_of_two_classes(method: str, name: str, layer: str) -> None:
    """The map of c against d at γ is the method's map of a class with the vector w_c − γ w_d: the score y_c − γ y_d."""
    found = classifier(name, layer)
    head = found.model.get_classifier()
    rows, bias = head.weight.detach().clone(), head.bias.detach().clone()
    for gamma in (0.0, 0.6, 1.5, -0.5):
        result = explain(found, images_of(found), [[0, 2], [0, 2]], method=method, gamma=gamma)
        compared_at = None if BASE_METHODS[method].linear else gamma
        weights = coefficients(np.zeros((2, 2)), np.zeros(2), gamma=gamma, compared_at=compared_at)
        ours = combine(result.evidence.numpy(), weights, relu=False)
        expected = of_class_vector(found, rows[0] - gamma * rows[2], bias[0] - gamma * bias[2], method).numpy()
        assert_combined(ours, expected, weights, result.evidence)


@pytest.mark.parametrize("method", LINEAR)
@settings(max_examples=10)
@given(a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_linear_methods_are_linear_in_the_class_vector(method: str, a: float, b: float) -> None:
    found = classifier()
    head = found.model.get_classifier()
    rows, bias = head.weight.detach().clone(), head.bias.detach().clone()
    one, two = evidence(found, images_of(found), [[1, 4]] * 2, method=method).unbind(1)
    both = of_class_vector(found, a * rows[1] + b * rows[4], a * bias[1] + b * bias[4], method)
    assert_identity(found.model, both, a * one + b * two, float(abs(a) * one.abs().max() + abs(b) * two.abs().max()))


@pytest.mark.parametrize("method", OTHERS)
def test_methods_called_not_linear_are_not(method: str) -> None:
    found = classifier()
    head = found.model.get_classifier()
    rows, bias = head.weight.detach().clone(), head.bias.detach().clone()
    one, two = (of_class_vector(found, rows[k], bias[k], method) for k in (1, 4))
    both = of_class_vector(found, rows[1] - rows[4], bias[1] - bias[4], method)
    assert float((both - (one - two)).abs().max()) > 0.01 * float((one - two).abs().max())


@pytest.mark.parametrize("method", LINEAR + OTHERS)
@settings(max_examples=5)
@given(order=st.permutations(range(1, 5)))
def test_the_order_of_references_does_not_matter(method: str, order: list[int]) -> None:
    found = classifier()
    images = images_of(found, 1)
    straight = evidence(found, images, [[0, 1, 2, 3, 4]], method=method)
    turned = evidence(found, images, [[0, *order]], method=method)
    assert_identity(found.model, turned, straight[:, [0, *order]])


@pytest.mark.parametrize("method", BASE_METHODS)
def test_a_batch_equals_its_images_one_by_one(method: str) -> None:
    found = classifier()
    images, classes = images_of(found, 3), [[0, 1, 2], [3, 4, 0], [5, 2, 1]]
    whole = evidence(found, images, classes, method=method)
    for i in range(3):
        one = evidence(found, images[i : i + 1], classes[i : i + 1], method=method)
        assert_identity(found.model, whole[i : i + 1], one)


@pytest.mark.parametrize("method", ["hirescam", "xgradcam"])
def test_behind_mean_pooling_all_linear_gradient_methods_are_one(method: str) -> None:
    """The gradients are the same in every cell there, so that no weighting of them makes a difference."""
    found = classifier(layer="layer4")
    classes = [[0, 1], [2, 3]]
    expected = evidence(found, images_of(found), classes)
    assert_identity(found.model, evidence(found, images_of(found), classes, method=method), expected)


def test_ablation_behind_mean_pooling_by_hand() -> None:
    """Without channel c a pooled linear head loses W_kc·mean(A_c), so E_k = Σ_c W_kc mean(A_c) A_c."""
    found = classifier(layer="layer4")
    kept: list[torch.Tensor] = []
    hook = found.layer.register_forward_hook(lambda _m, _i, output: kept.append(output.detach()))
    found.model(images_of(found))
    hook.remove()
    rows = found.model.get_classifier().weight.detach()[[0, 3]]
    expected = torch.einsum("kc,nc,nchw->nkhw", rows, kept[0].mean(dim=(2, 3)), kept[0])
    ours = evidence(found, images_of(found), [[0, 3]] * 2, method="ablationcam")
    assert_identity(found.model, ours, expected)


def test_grad_cam_plus_plus_of_tiny_scores_is_half_the_positive_gradients() -> None:
    """α = 1/(2 + g ΣA) → 1/2; an ε beside g² would send the map to zero instead."""
    found = classifier()
    with torch.no_grad():
        found.model.get_classifier().weight.mul_(1e-6)
    tiny = evidence(found, images_of(found), [[0]] * 2, method="gradcam++")
    layer = evidence(found, images_of(found), [[0]] * 2, method="layercam")
    assert float(tiny.abs().max()) > 0.01 * float(layer.abs().max())


def test_random_maps_belong_to_the_image_and_the_class_alone() -> None:
    found = classifier()
    images = images_of(found, 3)
    one = evidence(found, images, [[0, 1], [0, 2], [1, 2]], method="random")
    other = evidence(found, images[[2]], [[2, 1]], method="random")
    torch.testing.assert_close(one[[2]], other[:, [1, 0]], atol=0, rtol=0)
    assert not torch.allclose(one[0, 0], one[1, 0])
    assert 0.8 < float(evidence(found, images, [[0, 1, 2, 3, 4, 5]] * 3, method="random").std()) < 1.2


@pytest.fixture
def state() -> Iterator[None]:
    yield
    assert torch.is_grad_enabled()


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("method", BASE_METHODS)
def test_the_model_is_left_as_it_was_found(method: str) -> None:
    found = classifier()
    assert found.grid
    parameters = list(found.model.parameters())
    found.model.train()
    parameters[0].requires_grad_(False)
    before = [m.training for m in found.model.modules()], [p.requires_grad for p in parameters]
    weights = [p.detach().clone() for p in parameters]
    explain(found, images_of(found), [[0, 1]] * 2, method=method)
    with pytest.raises((RuntimeError, IndexError)):
        explain(found, images_of(found)[:, :2], [[0, 1]] * 2, method=method)
    assert ([m.training for m in found.model.modules()], [p.requires_grad for p in parameters]) == before
    assert all(p.grad is None for p in parameters)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in found.model.modules())
    assert all(torch.equal(p, kept) for p, kept in zip(parameters, weights, strict=True))


def test_references_can_be_chosen_from_the_same_pass() -> None:
    found = classifier()
    assert found.grid, "the route is chosen once, on an example"
    seen: list[int] = []
    hook = found.model.conv1.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0])))
    result = explain(found, images_of(found), NearestLogits([0, 3], 2, never=[5]))
    hook.remove()
    assert sum(seen) == 2
    again = evidence(found, images_of(found), result.classes)
    assert_identity(found.model, result.evidence, again)


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=6, max_size=6),
    st.integers(0, 5),
    st.integers(0, 4),
    st.sets(st.integers(0, 5), max_size=1),
)
def test_nearest_logits_are_the_papers_rule(logits: list[float], target: int, count: int, never: set[int]) -> None:
    chosen = NearestLogits([target], count, sorted(never))(torch.tensor([logits]))[0].tolist()
    assert chosen[0] == target
    assert target not in chosen[1:]
    assert not never & set(chosen[1:])
    away = np.abs(np.float32(logits) - np.float32(logits[target]))
    rest = sorted(set(range(6)) - {target} - never, key=lambda k: (away[k], k))
    assert chosen[1:] == rest[:count]


def test_more_references_than_classes_are_refused() -> None:
    with pytest.raises(ComparisonError, match="5 references of 4 classes"):
        NearestLogits([0], 5, never=[1])(torch.zeros(1, 6))


@pytest.mark.parametrize("method", ["gradcam", "layercam", "scorecam"])
def test_several_layers_are_the_mean_of_their_maps_on_the_finest_grid(method: str) -> None:
    both, classes = classifier(layer="layer4+layer3"), [[0, 1]] * 2
    assert both.grid == classifier(layer="layer3").grid == (6, 4)
    assert both.to_provenance()["target_layer"] == "layer4+layer3"
    fine, coarse = (evidence(classifier(layer=name), images_of(both), classes, method=method) for name in LAYERS_OF_TWO)
    up = nn.functional.interpolate(coarse, (6, 4), mode="bilinear")
    assert_identity(both.model, evidence(both, images_of(both), classes, method=method), (fine + up) / 2)


def test_references_chosen_by_an_image_are_the_same_for_all_layers() -> None:
    both = classifier(layer="layer4+layer3")
    result = explain(both, images_of(both), NearestLogits([0, 3], 2))
    assert_identity(both.model, result.evidence, evidence(both, images_of(both), result.classes))
