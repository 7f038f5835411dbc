"""Whether this machine has the device that a model shall run on; neither torch nor the driver's memory is needed."""

import ctypes
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from finercam_core.errors import RunError

REMEDY = "leave --device out, or give cpu"
_DRIVER, _MANAGEMENT = ("nvcuda.dll", "nvml.dll") if sys.platform == "win32" else ("libcuda.so.1", "libnvidia-ml.so.1")


def device(name: str) -> None:
    """Raise `RunError` if a device is certainly not here; what only torch can tell is left to torch.

    Parameters
    ----------
    name : str
        "auto", "cpu", "mps", "cuda" or "cuda:1".
    """
    if name == "mps" and sys.platform != "darwin":
        raise RunError("there is no device mps here: only Apple's computers have it", REMEDY)
    kind, _, index = name.partition(":")
    if kind != "cuda" or _built_for_amd():
        return
    if _built_without_cuda():
        raise RunError(f"there is no device {name} here: torch was installed without CUDA", REMEDY)
    count = _nvidia_gpus()
    if count == 0:
        raise RunError(f"there is no device {name} here: this machine has no NVIDIA GPU that its driver knows", REMEDY)
    if count is not None and int(index or 0) >= count:
        last = f"cuda:0 to cuda:{count - 1}" if count > 1 else "cuda:0"
        raise RunError(f"there is no device {name} here", f"the GPUs of this machine are {last}")


def _nvidia_gpus() -> int | None:
    """GPUs that the driver knows; None where it does not say. CUDA itself is not started: forks would lose it."""
    if _library(_DRIVER) is None:
        return 0
    management = _library(_MANAGEMENT)
    if management is None:
        return None
    if management.nvmlInit_v2() != 0:
        return 0
    try:
        found = ctypes.c_uint()
        return int(found.value) if management.nvmlDeviceGetCount_v2(ctypes.byref(found)) == 0 else None
    finally:
        management.nvmlShutdown()


def _library(name: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _built_without_cuda() -> bool:
    return bool(re.search(r"^cuda\b.*= None$", _torch_says(), re.MULTILINE))


def _built_for_amd() -> bool:
    """Whether this torch calls AMD's GPUs cuda."""
    return bool(re.search(r"^hip\b.*= '", _torch_says(), re.MULTILINE))


@cache
def _torch_says() -> str:
    """What torch was built for, from its own file; "" where it is not installed."""
    try:
        file = Path(str(distribution("torch").locate_file("torch/version.py")))
    except PackageNotFoundError:
        return ""
    return file.read_text(encoding="utf-8") if file.is_file() else ""
