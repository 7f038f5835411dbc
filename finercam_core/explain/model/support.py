"""Kinds of models whose layers cannot be looked into, each refused for its own reason."""

import torch
from torch import nn

from finercam_core.errors import ClassifierError

_WHOLE_NUMBERS = (torch.int8, torch.uint8, torch.int16, torch.int32, torch.qint8, torch.quint8, torch.qint32)


def require_plain(model: nn.Module) -> None:
    """Refuse a model that is compiled, scripted, quantised or checkpointed.

    Raises
    ------
    ClassifierError
        With the reason, and what to do.
    """
    for name, module in model.named_modules():
        where = f"its part {name}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule):
            raise ClassifierError(f"{where} is scripted, and TorchScript hides its layers", "give the model itself")
        if hasattr(module, "_orig_mod"):
            problem = f"{where} is compiled, and what its layers give cannot be caught"
            raise ClassifierError(problem, "give the model before torch.compile, and compile with Execution")
        if _is_quantised(module):
            problem = f"{where} is quantised to whole numbers, which have no gradient"
            raise ClassifierError(problem, "give the model before its quantisation")
        if getattr(module, "grad_checkpointing", False) is True:
            problem = f"{where} recomputes its layers in the backward pass (gradient checkpointing)"
            raise ClassifierError(problem, "switch it off: model.set_grad_checkpointing(False)")


def _is_quantised(module: nn.Module) -> bool:
    """Whether a module computes with whole numbers, of torch's own quantisation or of another library."""
    if ".quantized" in type(module).__module__:
        return True
    return any(weight.is_quantized or weight.dtype in _WHOLE_NUMBERS for weight in module.parameters(recurse=False))
