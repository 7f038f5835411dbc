"""How a timm model's own configuration says that images are prepared."""

from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.images.preparation import Mode, Preparation

# Mode of `Preparation` by timm's crop_mode.
_MODES: dict[str, Mode] = {"center": "crop", "squash": "squash", "border": "border"}


def preparation_of(model: nn.Module) -> Preparation:
    """Preparation from a timm model's own configuration.

    Raises
    ------
    ClassifierError
        If the model has none.
    """
    config = getattr(model, "pretrained_cfg", None)
    if not config:
        raise ClassifierError(f"{type(model).__name__} does not say how images are prepared", "give a Preparation")
    _, height, width = config["input_size"]
    mode: Mode = _MODES.get(str(config.get("crop_mode") or "center"), "crop")
    return Preparation(
        height,
        width,
        mode,
        float(config.get("crop_pct") or 1.0),
        tuple(config["mean"]),
        tuple(config["std"]),
        config.get("interpolation") or "bicubic",
    )
