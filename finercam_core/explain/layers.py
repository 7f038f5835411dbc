"""Where in a model the maps come from: target layers and heads, from timm's own metadata."""

from torch import nn

from finercam_core.errors import ClassifierError


def default_target_layer(model: nn.Module) -> str:
    """Name of the last layer with a spatial grid.

    For convolutional timm models that is the last entry of `feature_info`; for vision transformers
    ``blocks.<last>.norm1``, the layer of the paper's own code.

    Raises
    ------
    ClassifierError
        If the model does not say.
    """
    blocks = getattr(model, "blocks", None)
    if hasattr(model, "num_prefix_tokens") and isinstance(blocks, nn.Sequential | nn.ModuleList):
        return f"blocks.{len(blocks) - 1}.norm1"
    info = getattr(model, "feature_info", None)
    if info:
        last = info[-1]
        return str(last["module"])
    raise ClassifierError(f"{type(model).__name__} has no default target layer", "name one with target_layer")


def linear_head(model: nn.Module) -> nn.Linear | None:
    """The model's linear classification head, if it has one."""
    getter = getattr(model, "get_classifier", None)
    if getter is not None:
        head = getter()
        return head if isinstance(head, nn.Linear) else None
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    return linear[-1] if linear else None
