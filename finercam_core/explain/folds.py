"""Heads of a cross-fitted classifier: one backbone, and for each fold of the images a head that never saw it."""

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save, save_file
from torch import nn

from finercam_core.errors import ClassifierError

if TYPE_CHECKING:
    from finercam_core.explain.model.classifier import Classifier

FOLDS = "folds.safetensors"


@dataclass(frozen=True)
class FoldHeads:
    """Linear heads, one for each fold.

    Attributes
    ----------
    weight : tensor (F, K, D)
        F folds, K classes, D features.
    bias : tensor (F, K)
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def sha256(self) -> str:
        """Hash of all of them, 64 hexadecimal digits."""
        return hashlib.sha256(save(self._tensors())).hexdigest()

    def write(self, folder: Path) -> None:
        """Write them into a classifier's folder."""
        save_file(self._tensors(), folder / FOLDS, metadata={"format": "pt"})

    @classmethod
    def read(cls, folder: Path) -> "FoldHeads | None":
        """The heads of a classifier's folder, None if it was not cross-fitted.

        Raises
        ------
        ClassifierError
            If the file is damaged.
        """
        path = folder / FOLDS
        if not path.exists():
            return None
        try:
            found = load_file(path)
            return cls(found["weight"], found["bias"])
        except (SafetensorError, KeyError, OSError) as error:
            raise ClassifierError(f"{path} cannot be read: {error}", "train it again") from error

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().cpu().contiguous() for name, value in vars(self).items()}


def classifier_of_fold(classifier: "Classifier", heads: FoldHeads, fold: int) -> "Classifier":
    """The classifier with a fold's head; see `Classifier.for_fold`.

    Raises
    ------
    ClassifierError
        If there is no such fold, or the model has no linear head of this shape.
    """
    if not 0 <= fold < len(heads):
        problem = f"the classifier has {len(heads)} folds, and none of the number {fold}"
        raise ClassifierError(problem, "give the classifier that the store was made with")
    model = with_head(classifier.model, classifier.head, heads.weight[fold], heads.bias[fold])
    made = type(classifier)(
        model, classifier.species, classifier.target_layer, classifier.preparation, name=classifier.name,
        execution=classifier.execution,
    )  # fmt: skip
    # Another head changes nothing about the way to the evidence that was proven.
    shape = (2, 3, classifier.preparation.height, classifier.preparation.width)
    example = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(classifier.device, classifier.dtype)
    names = classifier.target_layer.split("+")
    made.routes = tuple(
        route.of_copy(model, model.get_submodule(name), example)
        for route, name in zip(classifier.routes, names, strict=True)
    )
    return made


def with_head(model: nn.Module, head: nn.Linear | None, weight: torch.Tensor, bias: torch.Tensor) -> nn.Module:
    """A model with other values in its head that shares every other parameter with the one given, which is not changed.

    Parameters
    ----------
    model : torch.nn.Module
    head : torch.nn.Linear, optional
        Its head; None is refused.
    weight : tensor (K, D)
    bias : tensor (K,)

    Raises
    ------
    ClassifierError
        If the model has no linear head of this shape.
    """
    if head is None or head.bias is None or head.weight.shape != weight.shape:
        raise ClassifierError("the heads of the folds do not fit the model", "train it again")
    own = {id(head.weight), id(head.bias)}
    tensors = [*model.parameters(), *model.buffers()]
    shared = copy.deepcopy(model, {id(tensor): tensor for tensor in tensors if id(tensor) not in own})
    changed = shared.get_submodule(next(name for name, module in model.named_modules() if module is head))
    assert isinstance(changed, nn.Linear)
    with torch.no_grad():
        changed.weight.copy_(weight)
        changed.bias.copy_(bias)
    return shared
