"""Small seeded variants of the families of timm, and plain autograd to judge any route by."""

import timm
import torch
from tolerances import assert_identity
from torch import nn

from finercam_core.explain import Classifier
from finercam_core.explain.routes import Route, evidence_of
from finercam_core.images.preparation import Preparation

CLASSES = 5
SPECIES = [f"Aus species{i}" for i in range(CLASSES)]
TOKENS = {"img_size": 64, "depth": 2, "embed_dim": 48, "num_heads": 3}
WINDOWS = {"img_size": 64, "window_size": 2, "embed_dim": 12, "depths": (1, 1, 1, 2), "num_heads": (1, 1, 2, 2)}
POOLED, HEAD = "closed form: global average pooling, linear head", "closed form up to the head"
TOKEN, TAIL = "closed form: class token", "backward through the tail"
# model: arguments, side of the input, default target layer, route
FAMILIES: dict[str, tuple[dict[str, object], int, str, str]] = {
    "resnet10t": ({"channels": (8, 8, 16, 16), "stem_width": 8}, 96, "layer4", POOLED),
    "regnetx_002": ({}, 64, "s4", POOLED),
    "test_efficientnet": ({}, 96, "bn2", POOLED),
    "mobilenetv2_035": ({}, 64, "bn2", POOLED),
    "mobilenetv3_small_050": ({}, 96, "blocks.5", HEAD),
    "convnext_atto": ({"dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}, 96, "stages.3", HEAD),
    "test_vit": ({}, 160, "blocks.5.norm1", TOKEN),
    "vit_tiny_patch16_224": ({**TOKENS}, 64, "blocks.1.norm1", TOKEN),
    "deit3_small_patch16_224": ({**TOKENS}, 64, "blocks.1.norm1", TOKEN),
    "deit_tiny_distilled_patch16_224": ({**TOKENS}, 64, "blocks.1.norm1", TOKEN),
    "vit_small_patch14_reg4_dinov2": ({**TOKENS, "img_size": 56}, 56, "blocks.1.norm1", TOKEN),
    "vit_small_patch16_dinov3": ({**TOKENS}, 64, "blocks.1.norm1", TAIL),
    "eva02_tiny_patch14_224": ({**TOKENS, "img_size": 56}, 56, "blocks.1.norm1", TAIL),
    "beit_base_patch16_224": ({**TOKENS}, 64, "blocks.1.norm1", TAIL),
    "vit_base_patch16_siglip_224": ({**TOKENS}, 64, "blocks.1.norm1", TAIL),
    "vit_base_patch16_siglip_gap_224": ({**TOKENS}, 64, "blocks.1.norm1", TAIL),
    "swin_tiny_patch4_window7_224": (WINDOWS, 64, "norm", POOLED),
    "swinv2_tiny_window8_256": (WINDOWS, 64, "norm", POOLED),
    "test_maxvit": ({}, 160, "norm", POOLED),
    "test_coatnet": ({"img_size": 160}, 160, "norm", POOLED),
    "mixer_s32_224": ({"img_size": 64}, 64, "norm", POOLED),
}


def build(
    name: str, *, layer: str | None = None, seed: int = 3, size: tuple[int, int] | None = None, **changes: object
) -> Classifier:
    """A classifier with random weights that are large enough for its scores and its attention to vary.

    `size` is the height and width of its images, which models that are built for one are built for.
    """
    arguments, side, _, _ = FAMILIES[name]
    if size is not None and "img_size" in arguments:
        changes = {"img_size": size, **changes}
    torch.manual_seed(seed)
    model = timm.create_model(name, num_classes=CLASSES, **{**arguments, **changes}).eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.ndim > 1 and "patch_embed" not in key:
                value.mul_(1.5)
            elif value.ndim == 1 and "norm_pre" not in key:
                value.add_(0.2 * torch.randn_like(value))
            if "relative_position_bias_table" in key:
                value.copy_(torch.randn_like(value))
    heads = model.get_classifier()
    for head in heads if isinstance(heads, tuple) else [heads]:
        nn.init.normal_(head.weight, std=0.5)
    return Classifier(model, SPECIES, target_layer=layer, preparation=Preparation(*(size or (side, side))), name=name)


def images_of(found: Classifier, n: int = 2, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (n, 3, found.preparation.height, found.preparation.width)
    return torch.randn(shape, generator=generator).to(next(found.model.parameters()).dtype)


def by_autograd(found: Classifier, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients (K, N, C, h, w) of all classes and the activation (N, C, h, w), by a backward a class."""
    caught: list[torch.Tensor] = []
    hook = found.layer.register_forward_hook(lambda _m, _i, output: caught.append(output))
    try:
        with torch.enable_grad():
            logits = found.model(images.clone().requires_grad_())
    finally:
        hook.remove()
    gradients = [torch.autograd.grad(column.sum(), caught[0], retain_graph=True)[0] for column in logits.T]
    grid = found.route.to_grid
    return torch.stack([grid(one, images) for one in gradients]), grid(caught[0].detach(), images)


def assert_is_autograd(found: Classifier, route: Route, images: torch.Tensor) -> None:
    """Weights, evidence and gradients of a route are those of a backward through the whole model."""
    classes = torch.arange(CLASSES).expand(len(images), -1)
    gradients, activation = by_autograd(found, images)
    alpha = gradients.mean(dim=(3, 4)).transpose(0, 1)
    weights, each = route.weights(images, classes), route.gradients(images, classes)
    evidence, logits = evidence_of(weights), weights.logits
    maps = activation[0, 0].numel() * torch.einsum("nrc,nchw->nrhw", alpha, activation)
    for ours, theirs in (
        (weights.alpha, alpha),
        (evidence, maps),
        (each.values, gradients),
        (each.activation, activation),
    ):
        assert_identity(found.model, ours, theirs)
    with torch.no_grad():
        assert_identity(found.model, logits, found.model(images))
