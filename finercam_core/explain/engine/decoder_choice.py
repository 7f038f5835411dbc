"""Which decoder makes the pixels of a run: Pillow on the processors, or nvJPEG on the GPU where files suit it.

The choice is settled once, stands in the provenance and is part of the run: a store never mixes decoders. What nvJPEG
does not take (other formats, turned or unusual JPEGs) goes to Pillow by the same rule on every machine.
"""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import numpy as np
import torch

from finercam_core.errors import ClassifierError
from finercam_core.images.decoder import load_encoded
from finercam_core.images.preparation import Preparation
from finercam_core.images.resampling import FILTERS

AskedDecoder = Literal["auto", "cpu", "gpu"]
NVJPEG = "nvjpeg"
LOOKED_AT = 16
"""Files that are looked at."""
LEAST_SHARE = 0.5
"""Share of them that nvJPEG must take for "auto" to choose it."""

log = logging.getLogger(__name__)


def decoder_of(decoding: Mapping[str, Any]) -> str:
    """Decoder of a run, "cpu" or "nvjpeg", from what its provenance says of decoding."""
    return str(decoding.get("decoder", "cpu"))


def lacking(interpolation: str) -> str:
    """What is missing here for decoding on the GPU, in words; "" if nothing is.

    Parameters
    ----------
    interpolation : str
        Of the preparation.
    """
    if interpolation not in FILTERS:
        return f"pictures are scaled by {interpolation!r}, which is done on the CPU alone"
    try:
        version("torchvision")
        from torchvision.io import decode_jpeg  # noqa: F401
    except PackageNotFoundError:
        return "torchvision is not installed"
    except Exception as error:  # built for another torch, or without its decoders, it fails in any way
        return f"torchvision does not load ({type(error).__name__})"
    return "" if torch.cuda.is_available() else "there is no GPU of CUDA"


def settled_decoder(
    asked: AskedDecoder, on_gpu: bool, places: Sequence[str], root: str | None, preparation: Preparation
) -> str:
    """Settle the decoder of a run: "cpu" or "nvjpeg".

    Parameters
    ----------
    asked : {"auto", "cpu", "gpu"}
        "auto" takes the GPU's where the workers have one, it is there, and the first files suit it.
    on_gpu : bool
        Whether the workers have a GPU of CUDA.
    places : sequence of str
        The first images, of which `LOOKED_AT` are looked at.
    root : str, optional
        Of the collection.
    preparation : Preparation

    Raises
    ------
    ClassifierError
        If the GPU's is asked for and cannot be had.
    """
    if asked == "cpu" or (asked == "auto" and not on_gpu):
        return "cpu"
    reason = lacking(preparation.interpolation) if on_gpu else "the run is not on a GPU of CUDA"
    if asked == "gpu":
        require(reason)
        return NVJPEG
    share = 0.0 if reason else suited(places[:LOOKED_AT], root, preparation)
    if not reason and share < LEAST_SHARE:
        reason = f"nvJPEG takes {share:.0%} of the first files"
    log.info("images are decoded on the %s%s", "CPU" if reason else "GPU", reason and f": {reason}")
    return "cpu" if reason else NVJPEG


def require(reason: str) -> None:
    """Raise `ClassifierError` if something is missing for decoding on the GPU."""
    if reason:
        raise ClassifierError(f"JPEGs cannot be decoded on the GPU: {reason}", "use --decoder cpu, in a store beside")


def suited(places: Sequence[str], root: str | None, preparation: Preparation) -> float:
    """Share of images that nvJPEG takes, 0 to 1."""
    outcomes = load_encoded(places, preparation, root)
    taken = [isinstance(outcome, np.ndarray) and outcome.ndim == 1 for outcome in outcomes]
    return sum(taken) / len(taken) if taken else 0.0
