"""Half precision, memory format and compilation change digits, never the sense of a map."""

import numpy as np
import pytest
import torch
from backbones import CLASSES, build, images_of
from tolerances import assert_combined, assert_identity, rounding

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain
from finercam_core.explain.model import half_weights
from finercam_core.explain.model.execution import Execution, trunk
from finercam_core.finer import coefficients, combine

MODELS = ["resnet10t", "convnext_atto", "test_vit", "swin_tiny_patch4_window7_224", "vit_base_patch16_siglip_224"]


def executed(found: Classifier, execution: Execution) -> Classifier:
    return Classifier(
        found.model, found.species, found.target_layer, found.preparation, name=found.name, execution=execution
    )


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", MODELS)
def test_half_precision_keeps_the_sign(name: str, precision: str) -> None:
    """Evidence is float32, agrees with that of float32, and keeps the sign wherever it is not close to zero."""
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    exact = explain(found, images, classes)
    half = explain(executed(found, Execution(precision)), images, classes)
    assert half.evidence.dtype == half.logits.dtype == torch.float32
    for i in range(2):
        assert correlation(exact.evidence[i], half.evidence[i]) > 0.99
        clear = exact.evidence[i].abs() > 0.2 * exact.evidence[i].abs().max()
        assert (exact.evidence[i].sign() == half.evidence[i].sign())[clear].all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("margin", [18.0, 40.0, 100.0])
@pytest.mark.parametrize("weighting", ["mean", "softmax"])
def test_no_margin_inverts_a_map(margin: float, precision: str, weighting: str) -> None:
    """The target's coefficient stays 1 and the difference map is the same, however sure the model is."""
    found = build("resnet10t")
    images, classes = images_of(found), np.arange(CLASSES)[None].repeat(2, 0)
    with torch.no_grad():
        logits = found.model(images)
        found.model.get_classifier().bias[0] += margin + float((logits.max(1).values - logits[:, 0]).max())
    found = executed(found, Execution(precision))  # type: ignore[arg-type]
    result = explain(found, images, classes)
    scores, total = result.logits.numpy(), result.logits.logsumexp(1).numpy()
    assert (scores[:, 0] - scores[:, 1:].max(1) >= margin - 0.5).all()
    weights = coefficients(scores, total, weighting=weighting)  # type: ignore[arg-type]
    signed = combine(result.evidence.numpy(), weights, relu=False)
    shares = -weights[:, 1:] / 0.6
    np.testing.assert_allclose((weights[:, 0], shares.sum(1)), 1, rtol=0, atol=rounding(CLASSES + 1, 1))
    evidence = result.evidence.double().numpy()
    expected = evidence[:, 0] - 0.6 * np.einsum("nr,nrhw->nhw", shares, evidence[:, 1:])
    assert_combined(signed, expected, weights, evidence)


def test_logits_of_half_precision_keep_a_large_margin_apart() -> None:
    """bfloat16 has steps of 0.5 at 100: the head runs in float32, so that two close references stay apart."""
    found = build("resnet10t")
    with torch.no_grad():
        found.model.get_classifier().bias += 100.0
    logits = explain(executed(found, Execution("bfloat16")), images_of(found), [[0], [0]]).logits
    assert not torch.equal(logits, logits.bfloat16().float())


@pytest.mark.parametrize("name", MODELS[:3])
def test_weights_in_half_precision_are_explained(name: str) -> None:
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    exact, route = explain(found, images, classes), found.route.name
    half = Classifier(found.model.bfloat16(), found.species, found.target_layer, found.preparation)
    result = explain(half, images, classes)
    assert half.route.name == route
    assert result.evidence.dtype == torch.float32
    assert correlation(exact.evidence, result.evidence) > 0.98


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n.startswith("swin") else n for n in MODELS]
)
def test_memory_format_and_compilation_change_nothing(name: str) -> None:
    """With torch's own tracing and no code generation, which needs a compiler."""
    found = build(name)
    found.model.double()
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    expected = explain(found, images, classes)
    other = executed(found, Execution(channels_last=True, compile_backend="eager"))
    result = explain(other, images, classes)
    assert_identity(found.model, result.evidence, expected.evidence)
    assert_identity(found.model, result.logits, expected.logits)
    assert all("forward" not in vars(module) for module in found.model.modules())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("resnet10t", ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]),
        ("vit_tiny_patch16_224", ["patch_embed", "blocks.0"]),
        ("convnext_atto", ["stem", "stages.0", "stages.1", "stages.2", "stages.3"]),
    ],
)
def test_what_is_compiled_is_the_trunk(name: str, parts: list[str]) -> None:
    found = build(name)
    names = {module: key for key, module in found.model.named_modules()}
    assert [names[part] for part in trunk(found.model, found.layer)] == parts


def test_the_provenance_says_how_the_model_ran() -> None:
    found = executed(build("resnet10t"), Execution("bfloat16"))
    described = found.to_provenance()
    assert described["execution"]["precision"] == "bfloat16"
    assert described["route"].startswith("closed form")
    with pytest.raises(ClassifierError, match="float8"):
        Execution("float8")  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", MODELS)
def test_kept_half_weights_change_no_bit(name: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same evidence as casting on each call, from one cast; the model is left as it was."""
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    before = {key: (value, value.clone()) for key, value in found.model.named_parameters()}
    other = executed(found, Execution(precision))  # type: ignore[arg-type]
    kept = explain(other, images, classes)
    assert all(other.model.get_parameter(key) is value for key, (value, _) in before.items())
    assert all(torch.equal(value, copied) for value, copied in before.values())
    monkeypatch.setattr(half_weights, "_KINDS", ())
    cast = explain(executed(found, Execution(precision)), images, classes)  # type: ignore[arg-type]
    assert torch.equal(kept.evidence, cast.evidence)
    assert torch.equal(kept.logits, cast.logits)


def test_weights_that_change_are_cast_again() -> None:
    found = executed(build("resnet10t"), Execution("bfloat16"))
    images = images_of(found)
    first = explain(found, images, [[0], [0]]).logits
    with torch.no_grad():
        found.model.get_parameter("layer4.0.conv2.weight").mul_(2)
    second = explain(found, images, [[0], [0]]).logits
    assert not torch.equal(first, second)
    again = executed(found, Execution("bfloat16"))
    assert torch.equal(second, explain(again, images, [[0], [0]]).logits)
